"""The exposition formats that Prometheus reads: text, OpenMetrics and protobuf.

`render` produces the format that the scraper requests. The three `render_*` functions produce one
format each, in pieces, so that a large exposition is never in memory twice.
"""

from __future__ import annotations

from .collector import PrometheusCollector
from .protobuf import render_protobuf
from .response import Exposition, render
from .text import render_openmetrics, render_text

__all__ = [
    "Exposition",
    "PrometheusCollector",
    "render",
    "render_openmetrics",
    "render_protobuf",
    "render_text",
]
