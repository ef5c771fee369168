"""Operations planned once for all platforms; a platform says how its API finds and shows things."""
