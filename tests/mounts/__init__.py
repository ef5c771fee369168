"""Tests of the mounts."""
