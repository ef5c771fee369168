"""Reads the data of stores: every value has the expected type, or there is an error about it."""
