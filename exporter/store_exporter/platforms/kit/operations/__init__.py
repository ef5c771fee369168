"""Plans of operations for all platforms; a platform adds how its API finds and shows data."""
