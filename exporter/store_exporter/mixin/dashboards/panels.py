"""What a dashboard is here: plain data, rendered by `render`, and checked by the tests.

A panel declares of each query whether it may rightly have no result; everything else must show data
when the demo runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..names import Dashboard
from .columns import COLUMNS, NOTE
from .values import NEUTRAL, Mapping, Nothing, Steps


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
        empty: why it may have no result although all works; empty when it must have one.
        past: whether it is of an earlier time or of what is normal, to compare the others with.
        unit, decimals, steps, mappings: of this query's values; of tables only.
        width: pixels of its column; of tables only.
        otherwise: what stands in a column of its own where this query finds no row, because
            Grafana shows no words in a table of several queries; of tables only.
        right: whether its values have an axis of their own at the right; of graphs only.
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
    right: bool = False


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
        bars: whether each value is the bar of a day, that begins at its time.
        interval: least distance of the points of a graph or a subquery; the screen's when empty.
        points: about how many of them there are at most; the screen's when None.
        since: time range of its own, as a start that is counted from now, such as `now/d`.
        earlier: how much earlier than now its range ends, such as `1d`.
        named: whether a single figure is shown with its name, such as a currency.
        text: whether a single figure's name is all that is shown.
        nothing: what is shown where there is nothing.
        least_first: whether the least of a graph's series matters most, and leads its legend.
        exemplars: selectors of the applications' own series, the traces of whose single calls are
            shown as dots: recorded series have none.
        calls: whether a click leads to the recent calls of a row as well; of tables by store,
            operation and error type.
        columns: labels shown as columns of a table, in their order.
        after: those of them that stand after the figures; None for the usual ones. A phone shows
            what comes first.
        lead: how many of them stand before the first figure; of tables only.
        sort: title of the column that a table is sorted by, descending unless it starts with +.
    """

    kind: PanelKind
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
    def facts(self) -> tuple[str, ...]:
        """The labels of a table that stand after its figures."""
        return tuple(label for label in self.columns if self._is_fact(label))

    def _is_fact(self, label: str) -> bool:
        return COLUMNS[label].fact if self.after is None else label in self.after

    @property
    def subjects(self) -> tuple[str, ...]:
        """The labels of a table that identify a row, and come before all figures but the first."""
        return tuple(label for label in self.columns if not self._is_fact(label))

    def expression(self, query: Query) -> str:
        """One of its queries.

        A table puts the rows of several queries together by the labels that they share, and the
        metric's name would be one of them; so each query keeps the table's columns and no more.
        Where that puts two series into one row, counts add up; of shares and durations, which do
        not, the larger one is shown.
        """
        if self.kind is not PanelKind.TABLE:
            return query.expression
        function = "max" if (query.unit or self.unit) in ("percentunit", "s") else "sum"
        found = f"{function} by ({', '.join(self.columns)}) ({query.expression})"
        if query.otherwise is None:
            return found
        row = f'label_replace(vector(NaN), "{NOTE}", "{query.otherwise}", "", "")'
        return f"{found} or on () {row}"


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
        ranked: PromQL that lists the values instead, the first of which is chosen at first.
        hidden: whether nobody sees or chooses it, because it follows from the others.
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
        title, description: for people.
        variables: after `datasource`, in order of dependence.
        rows: its content.
        since: start of the time range.
        refresh: the interval of its refreshes.
        marks: whether the starts of alerts are marked from the first look on.
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
