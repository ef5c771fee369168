"""Tests of the exposition formats."""
