"""Authentication: passwords, tokens, the web configuration file; headers of every response."""
