"""Every metric of this project, as data: the only place of names, labels and help.

Dashboards, rules, alerts and documentation are generated from it, and a test compares it with
what a run emits.
"""

from __future__ import annotations

from . import business, exporter, health, lists, operations
from .model import Kind, Metric, metrics_of

SECTIONS: dict[str, tuple[Metric, ...]] = {
    "operations": metrics_of(operations),
    "health": metrics_of(health),
    "business": (*metrics_of(business), *metrics_of(lists)),
    "exporter": metrics_of(exporter),
}
"""Metrics by section of the metrics reference."""

CATALOGUE: dict[str, Metric] = {
    metric.name: metric for section in SECTIONS.values() for metric in section
}
"""Every metric by its name."""

__all__ = [
    "CATALOGUE",
    "SECTIONS",
    "Kind",
    "Metric",
    "business",
    "exporter",
    "health",
    "lists",
    "metrics_of",
    "operations",
]
