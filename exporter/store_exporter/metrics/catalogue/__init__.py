"""Every metric of this project, as data: the one place where names, labels and help stand.

Dashboards, rules, alerts and documentation are generated from it, and a test compares it with
what a run emits.
"""

from __future__ import annotations

from . import business, exporter, health, lists, operations
from .model import Kind, Metric

SECTIONS: dict[str, tuple[Metric, ...]] = {
    "operations": operations.METRICS,
    "health": health.METRICS,
    "business": (*business.METRICS, *lists.METRICS),
    "exporter": exporter.METRICS,
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
    "operations",
]
