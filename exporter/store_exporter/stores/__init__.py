"""The inventory of stores to watch, from configuration and discovery."""
