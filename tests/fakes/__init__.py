"""Scriptable stores for tests, over the simulated stores of the demo."""
