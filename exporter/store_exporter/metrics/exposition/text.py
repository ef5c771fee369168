"""The text format 0.0.4, which every reader of Prometheus metrics understands.

Version 1.0.0 differs only in quoted names, and no name of this project needs quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..catalogue import Kind
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
    return lines.encode(_blocks(families))


def _blocks(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        yield from _family(family)


def _family(family: Family) -> Iterator[str]:
    header = _header(family)
    for block in lines.series_lines(family, family.metric.name, exemplars=False):
        yield header + block
        header = ""


def _header(family: Family) -> str:
    metric = family.metric
    text = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {metric.name} {text}\n# TYPE {metric.name} {_TYPES[metric.kind]}\n"
