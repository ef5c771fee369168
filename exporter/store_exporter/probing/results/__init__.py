"""The result of a run, and the metrics and the health that follow from it."""
