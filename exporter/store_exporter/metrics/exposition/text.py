"""The text format 0.0.4, which everything that reads Prometheus metrics understands.

Version 1.0.0 of it differs in quoted names only, and all names of this project are plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..catalogue import Kind
from ..families import Family, HistogramValue
from . import lines

_TYPES = {
    Kind.COUNTER: "counter",
    Kind.GAUGE: "gauge",
    Kind.HISTOGRAM: "histogram",
    Kind.INFO: "gauge",
}


def render_text(families: Iterable[Family]) -> Iterator[bytes]:
    """Yield the families in text format 0.0.4; a family without series is left out."""
    return lines.encode(_blocks(families))


def _blocks(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        yield from _family(family)


def _family(family: Family) -> Iterator[str]:
    metric = family.metric
    name = metric.name
    write_labels = lines.label_writer(metric.labels)
    histogram = lines.HistogramLines(name, metric.labels, metric.buckets)
    start, end = (name + "{", "} ") if metric.labels else (name, " ")
    number = lines.number
    header = _header(family)
    for values, value in family.series:
        if header:
            yield header
            header = ""
        labels = write_labels(values)
        if isinstance(value, HistogramValue):
            yield histogram.write(labels, value)
        else:
            yield f"{start}{labels}{end}{number(value)}\n"


def _header(family: Family) -> str:
    metric = family.metric
    text = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {metric.name} {text}\n# TYPE {metric.name} {_TYPES[metric.kind]}\n"
