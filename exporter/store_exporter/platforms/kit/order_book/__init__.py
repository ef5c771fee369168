"""Orders, revenue and refunds as counters: the ledger, and two ways of reading a list of orders."""
