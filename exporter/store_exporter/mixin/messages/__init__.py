"""Messages of alerts: Alertmanager's routes and receivers, and the templates of each of them."""
