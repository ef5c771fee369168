"""The saved state of stores, in SQLite or PostgreSQL, and the leases of stores."""
