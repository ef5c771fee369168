"""Tests of the push by OTLP."""
