"""The metrics: their catalogue, the recorder that holds their state, and the exposition formats."""
