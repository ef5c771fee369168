"""Observability for online stores."""
