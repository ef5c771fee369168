"""Instrumentation of store operations: the wrapper, classification and the cardinality guard."""
