"""Pages and sections of the documentation that are made from metrics, alerts and dashboards."""
