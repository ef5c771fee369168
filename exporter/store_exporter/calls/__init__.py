"""Single calls: the latest failures and the slowest of each store, bounded, for a person."""
