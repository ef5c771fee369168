"""Single calls for people to read: the latest failures and the slowest calls of each store."""
