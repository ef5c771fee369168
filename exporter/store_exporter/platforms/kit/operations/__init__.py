"""Operations planned once for all platforms; a platform adds how its API finds and shows things."""
