"""Families in the formats that Prometheus reads: text, OpenMetrics and protobuf.

`render` chooses the format as a scraper requests it; the three `render_*` functions produce one
format, in pieces, so that a large exposition never stands in memory twice.
"""

from __future__ import annotations

from .collector import PrometheusCollector
from .openmetrics import render_openmetrics
from .protobuf import render_protobuf
from .response import Exposition, render
from .text import render_text

__all__ = [
    "Exposition",
    "PrometheusCollector",
    "render",
    "render_openmetrics",
    "render_protobuf",
    "render_text",
]
