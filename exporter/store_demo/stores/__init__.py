"""Simulated stores: real HTTP servers with the state and the answers of a real shop."""
