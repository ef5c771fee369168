"""Orders, revenue and refunds as counters: the ledger, and two ways of walking through a list."""
