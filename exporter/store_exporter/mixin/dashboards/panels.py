"""What a dashboard is here: plain data, rendered by `render`, and checked by the tests.

A panel says of each query whether it may rightly have no result; everything else must show data
when the demo runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..names import Dashboard

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"

Steps = tuple[tuple[float | None, str], ...]
"""Threshold steps: the lower bound (None for the first) and the colour."""
Mapping = tuple[float, str, str]
"""A value, the text shown in its place, and its colour."""

UP_DOWN: tuple[Mapping, ...] = ((0, "Down", RED), (1, "Up", GREEN))
OK_FAILED: tuple[Mapping, ...] = ((0, "Failed", RED), (1, "OK", GREEN))
NEUTRAL: Steps = ((None, BLUE),)
NO_DATA = "no data"
"""Shown where nothing is known, so that it is never taken for zero."""


class Kind(StrEnum):
    """The kinds of panels in use, by Grafana's plugin ids."""

    STAT = "stat"
    GRAPH = "timeseries"
    TABLE = "table"
    HEATMAP = "heatmap"
    TIMELINE = "state-timeline"
    BARS = "bargauge"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel.

    Attributes:
        expression: PromQL with dashboard variables.
        legend: name of each series, with `{{label}}`; in a table, the column's title.
        empty: why it may have no result although all works; empty when it must have one.
        unit, decimals, steps, mappings: of this query's values; of tables only.
    """

    expression: str
    legend: str = ""
    empty: str = ""
    unit: str = ""
    decimals: int | None = None
    steps: Steps = ()
    mappings: tuple[Mapping, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        kind: its type.
        title: what it shows.
        description: what it shows, why it matters, what to do.
        queries: at least one.
        unit: Grafana's unit id of its values.
        width, height: in the grid of 24 columns.
        decimals: digits after the point; Grafana's choice when None.
        steps: thresholds; those of the alert on the same figure where there is one.
        mappings: texts for values.
        links: where a click leads: dashboards, and runbooks by the name of their alert.
        low, high: fixed ends of the axis.
        stacked: whether series are stacked.
        lines: whether the thresholds are drawn as lines.
        columns: labels shown as columns of a table, in their order.
        sort: title of the column that a table is sorted by, descending unless it starts with +.
    """

    kind: Kind
    title: str
    description: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = 8
    height: int = 8
    decimals: int | None = None
    steps: Steps = NEUTRAL
    mappings: tuple[Mapping, ...] = ()
    links: tuple[Dashboard | str, ...] = ()
    low: float | None = None
    high: float | None = None
    stacked: bool = False
    lines: bool = False
    columns: tuple[str, ...] = ()
    sort: str = ""

    def expression(self, query: Query) -> str:
        """What one of its queries asks.

        A table puts the rows of several queries together by the labels that they share, and the
        metric's name would be one of them; so each query keeps the table's columns and no more.
        """
        if self.kind is not Kind.TABLE:
            return query.expression
        return f"sum by ({', '.join(self.columns)}) ({query.expression})"


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable filled from label values.

    Attributes:
        name: its name, which is the label's.
        title: shown before its values.
        selector: PromQL selector of the series whose values are listed.
        multi: whether several values, or all, can be chosen.
    """

    name: str
    title: str
    selector: str
    multi: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One dashboard.

    Attributes:
        of: its file, its uid and who gets it.
        title, description: for people.
        variables: after `datasource`, in order of dependence.
        rows: its content.
        since: start of the time range.
        refresh: how often it asks again.
    """

    of: Dashboard
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[Row]
    since: str = "now-6h"
    refresh: str = "1m"

    @property
    def file(self) -> str:
        """Name of its file, without the ending."""
        return self.of.name

    @property
    def panels(self) -> list[Panel]:
        """All panels."""
        return [panel for row in self.rows for panel in row.panels]

    @property
    def queries(self) -> list[Query]:
        """All queries."""
        return [query for panel in self.panels for query in panel.queries]
