"""What the commands share, and the parts of those that one module is too small for."""
