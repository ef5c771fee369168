"""The text formats: 0.0.4, which every reader understands, and OpenMetrics 1.0.

OpenMetrics has exemplars, and Prometheus prefers it to the older format. Version 1.0.0 of that
differs from 0.0.4 only in quoted names, and no name of this project needs quotes.

OpenMetrics' `_created` lines are omitted on purpose. A Prometheus without the created-timestamp
feature stores each of them as an additional series. With the feature it prefers protobuf, which
includes the time anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..catalogue import Kind, Metric
from ..families import Family
from . import lines

_TYPES = {
    Kind.COUNTER: "counter",
    Kind.GAUGE: "gauge",
    Kind.HISTOGRAM: "histogram",
    Kind.INFO: "gauge",
}


def render_text(families: Iterable[Family]) -> Iterator[bytes]:
    """Yield the families in text format 0.0.4; a family without series is left out."""
    return lines.encode(_text(families))


def _text(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        metric = family.metric
        help_ = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
        header = f"# HELP {metric.name} {help_}\n# TYPE {metric.name} {_TYPES[metric.kind]}\n"
        yield from _below(header, lines.series_lines(family, metric.name, exemplars=False))


def render_openmetrics(families: Iterable[Family]) -> Iterator[bytes]:
    """Yield the families in OpenMetrics 1.0; a family without series is left out."""
    return lines.encode(_openmetrics(families))


def _openmetrics(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        metric = family.metric
        name = metric.family + metric.kind.suffix
        found = lines.series_lines(family, name, exemplars=True)
        yield from _below(openmetrics_header(metric), found)
    yield "# EOF\n"


def openmetrics_header(metric: Metric) -> str:
    """Write the lines that come before the samples of a metric in OpenMetrics."""
    name, unit = metric.family, metric.declared_unit
    header = f"# HELP {name} {lines.escape(metric.help)}\n# TYPE {name} {metric.kind.value}\n"
    return header + f"# UNIT {name} {unit}\n" if unit else header


def _below(header: str, blocks: Iterator[str]) -> Iterator[str]:
    for block in blocks:
        yield header + block
        header = ""
