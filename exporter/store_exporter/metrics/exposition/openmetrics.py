"""OpenMetrics 1.0: the text format with exemplars, which Prometheus prefers to the older one.

`_created` lines are omitted on purpose. A Prometheus without the created-timestamp feature stores
each of them as an additional series. With the feature it prefers protobuf, which includes the time
anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..catalogue import Metric
from ..families import Family
from . import lines


def render_openmetrics(families: Iterable[Family]) -> Iterator[bytes]:
    """Yield the families in OpenMetrics 1.0; a family without series is left out."""
    return lines.encode(_blocks(families))


def _blocks(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        yield from _family(family)
    yield "# EOF\n"


def _family(family: Family) -> Iterator[str]:
    header, metric = head(family.metric), family.metric
    for block in lines.series_lines(family, metric.family + metric.kind.suffix, exemplars=True):
        yield header + block
        header = ""


def head(metric: Metric) -> str:
    """Write the lines that come before the samples of a metric."""
    name, unit = metric.family, metric.declared_unit
    header = f"# HELP {name} {lines.escape(metric.help)}\n# TYPE {name} {metric.kind.value}\n"
    return header + f"# UNIT {name} {unit}\n" if unit else header
