"""What a run ended with: its result, the metrics and the health that follow from it."""
