"""HTTP: metrics, probe, JSON API, health, reload and the landing page."""
