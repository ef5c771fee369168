"""OpenMetrics 1.0, the text format with exemplars, which Prometheus prefers to the older one.

`_created` lines are left out on purpose: a Prometheus without its created-timestamp feature
stores each as one more series, and with it prefers protobuf, where the time travels free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..catalogue import Kind, Metric
from ..families import Family
from . import lines

_SUFFIXES = {Kind.COUNTER: "_total", Kind.INFO: "_info"}


def render_openmetrics(families: Iterable[Family]) -> Iterator[bytes]:
    """Yield the families in OpenMetrics 1.0; a family without series is left out."""
    return lines.encode(_blocks(families))


def _blocks(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        yield from _family(family)
    yield "# EOF\n"


def _family(family: Family) -> Iterator[str]:
    header, name = head(family.metric), _base(family.metric) + _suffix(family.metric)
    for block in lines.series_lines(family, name, exemplars=True):
        yield header + block
        header = ""


def head(metric: Metric) -> str:
    """Write the lines that come before the samples of a metric."""
    base = _base(metric)
    header = f"# HELP {base} {lines.escape(metric.help)}\n# TYPE {base} {metric.kind.value}\n"
    unit = lines.unit_of(base, metric.unit)
    return header + f"# UNIT {base} {unit}\n" if unit else header


def _suffix(metric: Metric) -> str:
    return _SUFFIXES.get(metric.kind, "")


def _base(metric: Metric) -> str:
    return metric.name.removesuffix(_suffix(metric))
