"""What is remembered of stores, in SQLite or PostgreSQL, and which process watches which store."""
