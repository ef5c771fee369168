"""What is measured: the catalogue, the recorder that keeps the state, and its expositions."""
