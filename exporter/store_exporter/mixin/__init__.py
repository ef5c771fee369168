"""Dashboards, rules and alerts as code, all built from the metric catalogue."""
