"""Recording rules, by subject."""
