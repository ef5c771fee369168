"""Graphs of how often something happens in an hour, stacked by one label."""

from __future__ import annotations

from ..names import Dashboard
from ..promql import hourly
from .panels import Panel, PanelKind, Query
from .values import Nothing


def by_hour(
    title: str,
    description: str,
    label: str,
    rate: str,
    *,
    empty: str = "",
    exemplars: tuple[str, ...] = (),
    width: int = 8,
    height: int = 8,
    links: tuple[Dashboard | str, ...] = (),
    nothing: Nothing = Nothing.UNKNOWN,
) -> Panel:
    """Return the graph.

    Args:
        title: this and the description are as in `Panel`.
        description: see there.
        label: the label whose values are stacked.
        rate: PromQL of a rate per second, with that label.
        empty: as in `Query`.
        exemplars: this and the others are as in `Panel`.
        width: see there.
        height: see there.
        links: see there.
        nothing: see there.
    """
    expression, legend = hourly(f"sum by ({label}) ({rate})"), f"{{{{{label}}}}}"
    return Panel(
        PanelKind.GRAPH,
        title,
        description,
        (Query(expression, legend, empty=empty),),
        width=width,
        height=height,
        low=0,
        stacked=True,
        exemplars=exemplars,
        links=links,
        nothing=nothing,
    )
