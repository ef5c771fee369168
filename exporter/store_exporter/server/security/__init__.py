"""Who may come in: passwords, tokens, the web configuration file; headers of every answer."""
