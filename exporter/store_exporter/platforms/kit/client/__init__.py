"""The clients that applications use, and the drivers that run plans over httpx."""
