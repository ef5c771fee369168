"""From a page as plain data to the JSON of Grafana."""
