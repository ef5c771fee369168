"""Stores found elsewhere: in files or at an address, in the format of Prometheus' discovery."""
