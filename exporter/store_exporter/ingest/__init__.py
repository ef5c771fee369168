"""Operations that applications report by HTTP, counted once each."""
