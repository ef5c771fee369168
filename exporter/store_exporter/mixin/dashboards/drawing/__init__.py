"""Turns a page, which is plain data, into Grafana's JSON."""
