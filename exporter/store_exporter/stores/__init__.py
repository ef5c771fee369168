"""A store as data, and the inventory of those that are watched."""
