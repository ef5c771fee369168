"""Messages of alerts: Alertmanager's routes and receivers, and their templates."""
