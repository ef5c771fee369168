"""Asks a running Prometheus every question of every panel, as Grafana would.

`proof(url, pages)` returns what is wrong: errors of PromQL, panels without data that do not say why
they may be empty, shares outside 0 to 1. It works against any Prometheus: the tests' synthetic
history, the demo's, or a real one.
"""

from __future__ import annotations

import json
import math
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store_exporter.mixin import promql
from store_exporter.mixin.dashboards.panels import DashboardPage, Panel, PanelKind, Query, Variable
from store_exporter.mixin.dashboards.values import NO_FIGURE

RANGE = 3 * 3600
ALL = ".+"
# Changes and budgets are shares of something, but not between nothing and all of it.
UNBOUNDED = re.compile(r"Change|Budget left|Least budget left")

Series = tuple[dict[str, str], list[float]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a viewer of the dashboard would see as wrong."""

    page: str
    panel: str
    chosen: str
    what: str


class Source:
    """A Prometheus, asked at one moment.

    Args:
        url: its address.
        now: the moment; the present when None.
        scrape: seconds of the scrape interval that the data source is told.
        step: seconds between the points of graphs.
        range_: seconds of the chosen time, which ends at that moment.
    """

    headers: Mapping[str, str] = {}

    def __init__(
        self,
        url: str,
        now: float | None = None,
        *,
        scrape: float = 60,
        step: float = 60,
        range_: float = RANGE,
    ) -> None:
        self.url, self.step, self.range = url.rstrip("/"), step, range_
        self.rates = f"{rate_interval(scrape, step):g}s"
        self.now = time.time() if now is None else now

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        """The data of an answer.

        Raises:
            ValueError: Prometheus refused the question; the message is its own.
        """
        query = urllib.parse.urlencode(params)
        request = urllib.request.Request(f"{self.url}{path}?{query}", headers=dict(self.headers))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.load(error)["error"]) from None

    def values(self, variable: Variable, chosen: Mapping[str, str]) -> list[str]:
        """What a variable offers, as Grafana finds it."""
        if variable.ranked:
            asked = {"query": self.fill(variable.ranked, chosen), "time": str(self.now)}
            result = self.get("/api/v1/query", asked)["result"]
            return [each["metric"][variable.name] for each in result]
        found = self.get(
            f"/api/v1/label/{variable.name}/values",
            {"match[]": self.fill(variable.selector, chosen), "start": str(self.now - self.range)},
        )
        return list(found)

    def ask(self, panel: Panel, query: Query, chosen: Mapping[str, str]) -> list[Series]:
        """The result of a panel's query: the labels and values of each series."""
        expression = self.fill(panel.expression(query), chosen, interval(panel, self.range))
        if panel.kind in (PanelKind.GRAPH, PanelKind.HEATMAP, PanelKind.TIMELINE):
            span = {
                "start": str(self.now - self.range),
                "end": str(self.now),
                "step": str(self.step),
            }
            data = self.get("/api/v1/query_range", {"query": expression, **span})
            return [(s["metric"], numbers(s)) for s in data["result"]]
        data = self.get("/api/v1/query", {"query": expression, "time": str(self.now)})
        return [(s["metric"], numbers(s)) for s in data["result"]]

    def fill(self, text: str, chosen: Mapping[str, str], step: str = "60s") -> str:
        """Put values in the place of variables, as in `fill`."""
        times = {"__range": f"{self.range:g}s", "__range_s": f"{self.range:.0f}"}
        return fill(text, {**times, **chosen}, self.rates, step)

    def exists(self, name: str, chosen: Mapping[str, str]) -> bool:
        """Whether a series of that name has the chosen labels, and not nothing but zero."""
        labels = [f'{k}=~"{v}"' for k, v in chosen.items() if v != ALL]
        query = f"{name}{{{','.join(labels)}}} != 0"
        return bool(self.get("/api/v1/query", {"query": query, "time": str(self.now)})["result"])


def numbers(series: Mapping[str, Any]) -> list[float]:
    """The values of a series; of a native histogram, its counts."""
    if "histograms" in series or "histogram" in series:
        points = series.get("histograms") or [series["histogram"]]
        return [float(point[1]["count"]) for point in points]
    return [float(p[1]) for p in (series.get("values") or [series["value"]])]


def figures(found: Sequence[Series]) -> list[Series]:
    """Without the row of words that a table may have in the place of figures."""
    return [each for each in found if set(each[1]) != {NO_FIGURE[0]}]


def rate_interval(scrape: float, step: float) -> float:
    """Seconds of `$__rate_interval`, as Grafana 12.2's Prometheus data source computes them."""
    return max(max(step, scrape) + scrape, 4 * scrape)


def interval(panel: Panel, range_: float = RANGE) -> str:
    """`$__interval` of a panel: the least distance of its points for all that it may have."""
    least = promql.seconds(panel.interval) if panel.interval else 60
    return f"{max(least, range_ / (panel.points or math.inf)):.0f}s"


def fill(text: str, chosen: Mapping[str, str], rates: str = "4m", step: str = "60s") -> str:
    """Put values in the place of dashboard variables and of Grafana's own.

    Args:
        text: PromQL.
        chosen: values by variable.
        rates: in the place of `$__rate_interval`.
        step: in the place of `$__interval`.
    """
    own = {
        "__rate_interval": rates,
        "__range": f"{RANGE}s",
        "__range_s": f"{RANGE}",
        # Midnight, as of a panel that begins there.
        "__from": "0",
        "__interval": step,
    }
    return re.sub(r"\$(\w+)", lambda m: {**own, **chosen}.get(m[1], m[0]), text)


def choices(
    source: Source, page: DashboardPage, most: int | None = None
) -> Iterator[dict[str, str]]:
    """All, then each value of each variable with the others at all.

    Args:
        source: offers the values.
        page: has the variables.
        most: of each variable, that many values; None for all of them.
    """
    everything: dict[str, str] = {}
    for variable in page.variables:
        values = source.values(variable, everything)
        everything[variable.name] = ALL if variable.multi else (values[0] if values else "")
    yield everything
    for variable in (each for each in page.variables if not each.hidden):
        for value in source.values(variable, everything)[:most]:
            escaped = re.escape(value).replace("\\", "\\\\") if variable.multi else value
            chosen = {**everything, variable.name: escaped}
            for follows in (each for each in page.variables if each.hidden):
                chosen[follows.name] = source.values(follows, chosen)[0]
            yield chosen


def proof(source: Source, pages: Sequence[DashboardPage], most: int | None = None) -> list[Problem]:
    """Everything that is wrong with the panels of these pages, with the `choices` there."""
    found: list[Problem] = []
    for page in pages:
        for number, chosen in enumerate(choices(source, page, most)):
            for panel in page.panels:
                said = ", ".join(f"{k}={v}" for k, v in chosen.items() if v != ALL)
                found += [
                    Problem(page.file, panel.title, said, what)
                    for query in panel.queries
                    for what in problems(source, panel, query, chosen, everything=number == 0)
                ]
    return found


def problems(
    source: Source, panel: Panel, query: Query, chosen: Mapping[str, str], *, everything: bool
) -> Iterator[str]:
    """What is wrong with one query of a panel."""
    try:
        result = figures(source.ask(panel, query, chosen))
    except ValueError as error:
        yield f"{error}: {fill(query.expression, chosen)}"
        return
    if not result and not query.empty and (everything or expected(source, query, chosen)):
        yield f"no data: {fill(query.expression, chosen)}"
    unit = query.unit or panel.unit
    if unit == "percentunit" and not any(map(UNBOUNDED.match, (query.legend, panel.title))):
        wrong = [v for _, values in result for v in values if not -1e-9 <= v <= 1 + 1e-9]
        if wrong:
            yield f"not a share: {wrong[0]} of {fill(query.expression, chosen)}"
    if any(math.isinf(v) for _, values in result for v in values):
        yield f"infinite: {fill(query.expression, chosen)}"


def expected(source: Source, query: Query, chosen: Mapping[str, str]) -> bool:
    """Whether every metric that a query reads has series with the chosen values."""
    names = set(re.findall(r"[a-zA-Z_:][\w:]*(?=\{)", query.expression))
    return all(source.exists(name, chosen) for name in names)
