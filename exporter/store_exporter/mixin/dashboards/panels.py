"""Dashboards as plain data, rendered by `render` and checked by the tests.

Each query declares why it may correctly have no result. Every other query must show data while the
demo runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from ..names import Dashboard
from ..promql import labelled
from .columns import COLUMNS, NOTE
from .values import NEUTRAL, NO_FIGURE, Mapping, Nothing, Steps


class PanelKind(StrEnum):
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
        empty: why it may have no result although all works; empty if it must have one.
        past: whether it shows an earlier time or normal values, for comparison with the others.
        unit, decimals, steps, mappings: apply to this query's values; in tables only.
        width: width of its column in pixels; in tables only.
        otherwise: text in a column of its own if this query finds no row, because Grafana shows no
            text in a table of several queries; in tables only.
        known: PromQL that finds something if it is known that there is no row; the text is then
            that there are none.
        right: whether its values have their own axis at the right; in graphs only.
    """

    expression: str
    legend: str = ""
    empty: str = ""
    past: bool = False
    unit: str = ""
    decimals: int | None = None
    steps: Steps = ()
    mappings: tuple[Mapping, ...] = ()
    width: int = 80
    otherwise: Nothing | None = None
    known: str = ""
    right: bool = False


# Columns of tables.
number = partial(Query, decimals=0)
share = partial(Query, unit="percentunit")
ago = partial(Query, unit="dateTimeFromNow", width=140)


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        description: what it shows, why it matters, what to do.
        shown: its query, or its queries.
        unit: Grafana's unit id of its values.
        decimals: digits after the point; None lets Grafana choose.
        steps: thresholds; those of the alert on the same figure if there is one.
        links: targets of a click: dashboards, and runbooks by the name of their alert.
        low, high: fixed ends of the axis.
        lines: whether the thresholds are drawn as lines.
        bars: whether each value is the bar of a day that begins at its time.
        points: about the most points of a series; None for the screen's number.
        since: start of its own time range, counted from now, such as `now/d`.
        earlier: how much earlier than now its range ends, such as `1d`.
        named: whether single figures are listed with their names, which are the label of the first
            legend or other legends. There may be more of them, such as currencies, than fit.
        text: whether only the name of a single figure is shown.
        nothing: the text shown if there is no figure.
        least_first: whether the lowest series of a graph matters most and comes first in its
            legend.
        exemplars: selectors of the applications' own series; dots show the traces of their single
            calls. Recorded series have none.
        calls: whether a click also leads to the recent calls of a row; in tables by store,
            operation and error type.
        columns: labels shown as columns of a table, in their order.
        after: the columns that come after the figures; None for the usual ones. A phone shows
            the first columns only.
        lead: number of columns before the first figure; in tables only.
        sort: title of the column that a table is sorted by, descending unless it starts with +.
    """

    kind: PanelKind
    title: str
    description: str
    shown: Query | Sequence[Query]
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
    bars: bool = False
    interval: str = ""
    points: int | None = None
    since: str = ""
    earlier: str = ""
    named: bool = False
    text: bool = False
    nothing: Nothing = Nothing.UNKNOWN
    least_first: bool = False
    exemplars: tuple[str, ...] = ()
    calls: bool = False
    columns: tuple[str, ...] = ()
    after: tuple[str, ...] | None = None
    lead: int = 1
    sort: str = ""

    @property
    def queries(self) -> Sequence[Query]:
        """Its queries; most panels have one."""
        return (self.shown,) if isinstance(self.shown, Query) else self.shown

    @property
    def facts(self) -> tuple[str, ...]:
        """The labels of a table that come after its figures."""
        return tuple(label for label in self.columns if self._is_fact(label))

    def _is_fact(self, label: str) -> bool:
        return COLUMNS[label].fact if self.after is None else label in self.after

    @property
    def subjects(self) -> tuple[str, ...]:
        """The labels of a table that identify a row, and come before all figures but the first."""
        return tuple(label for label in self.columns if not self._is_fact(label))

    @property
    def name(self) -> str:
        """The label of the names of listed figures."""
        return self.queries[0].legend.strip("{}")

    @property
    def asked(self) -> Sequence[Query]:
        """The queries that Grafana sends: of figures with names, one for all rows of their list.

        Single figures come first, because they would be below the end of a long list.
        """
        if not self.named:
            return self.queries
        listed = self.queries[0].legend
        rows = (
            each.expression
            if each.legend == listed
            else labelled(each.expression, self.name, each.legend)
            for each in sorted(self.queries, key=lambda each: each.legend == listed)
        )
        return (Query(f"sum by ({self.name}) ({' or '.join(f'({row})' for row in rows)})"),)

    def expression(self, query: Query) -> str:
        """The expression of one of its queries.

        A table joins the rows of several queries by their common labels, and the metric's name
        would be one of them. So each query keeps only the table's columns. If two series then
        share a row, counts are added up; of shares and durations the larger one is shown.
        """
        if self.kind is not PanelKind.TABLE:
            return query.expression
        function = "max" if (query.unit or self.unit) in ("percentunit", "s") else "sum"
        found = f"{function} by ({', '.join(self.columns)}) ({query.expression})"
        if query.otherwise is None:
            return found
        figure = f"vector({NO_FIGURE[0]:g})"
        notes = [(f"{figure} and on () {query.known}", Nothing.NONE)] if query.known else []
        notes.append((figure, query.otherwise))
        rows = (labelled(value, NOTE, text) for value, text in notes)
        return " or on () ".join((found, *rows))


stat = partial(Panel, PanelKind.STAT)
graph = partial(Panel, PanelKind.GRAPH, width=12, low=0)
table = partial(Panel, PanelKind.TABLE, width=24)
store_table = partial(table, width=12, columns=("domain", "org"))


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable filled from label values.

    Attributes:
        selector: PromQL selector of the series whose values are listed.
        multi: whether several values, or all, can be chosen.
        ranked: PromQL that lists the values instead; the first one is chosen by default.
        hidden: whether it is not shown, because its value follows from the others.
    """

    name: str
    title: str
    selector: str
    multi: bool = True
    ranked: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """One dashboard.

    Attributes:
        of: its file, its uid and who gets it.
        variables: its variables after `datasource`, in order of dependence.
        marks: whether marks of alerts are on by default.
    """

    of: Dashboard
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[Row]
    since: str = "now-6h"
    refresh: str = "1m"
    marks: bool = True

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
