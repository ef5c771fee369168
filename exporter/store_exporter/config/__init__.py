"""Configuration: the model, loading with every problem listed, secrets, reload."""
