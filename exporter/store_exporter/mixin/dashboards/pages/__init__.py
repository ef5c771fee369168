"""The dashboards, one module for each and for each group of its rows."""
