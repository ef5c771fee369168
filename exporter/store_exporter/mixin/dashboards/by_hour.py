"""Graphs of how often something happens in an hour, stacked by one label."""

from __future__ import annotations

from ..names import Dashboard
from ..promql import hourly
from .panels import Nothing, Panel, PanelKind, Query


def by_hour(
    title: str,
    description: str,
    label: str,
    rate: str,
    *,
    empty: str = "",
    exemplars: bool = False,
    width: int = 8,
    height: int = 8,
    links: tuple[Dashboard | str, ...] = (),
    nothing: Nothing = Nothing.UNKNOWN,
) -> Panel:
    """Return the graph.

    Args:
        title: this and the description are as in `Panel`.
        description: see there.
        label: by which it is stacked.
        rate: PromQL of what happens in a second, with that label.
        empty: this and the next one are as in `Query`.
        exemplars: see there.
        width: this and the others are as in `Panel`.
        height: see there.
        links: see there.
        nothing: see there.
    """
    expression, legend = hourly(f"sum by ({label}) ({rate})"), f"{{{{{label}}}}}"
    return Panel(
        PanelKind.GRAPH,
        title,
        description,
        (Query(expression, legend, empty=empty, exemplars=exemplars),),
        width=width,
        height=height,
        low=0,
        stacked=True,
        links=links,
        nothing=nothing,
    )
