"""Imports the predecessor's table of calls as the past of today's metrics."""
