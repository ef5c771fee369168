"""Dashboards and rules: the processor time that Prometheus takes for a week of a thousand stores.

A real Prometheus reads a week of fewer stores and one of more (see `past`), and is asked what each
panel asks with all stores chosen. Time grows with the stores, along the line through both. It runs
in the environment that has the exporter and the tests:

    python -m tests.benchmarks.dashboards EFFORT
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache, cached_property, partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from . import apart
from .effort import Effort
from .result import Result

if TYPE_CHECKING:
    from store_exporter.mixin.dashboards.panels import DashboardPage, Panel, Query
    from tests.servers import Server

CLASSIC, NATIVE = "classic buckets", "native histograms"
STORES = 1_000
DAY, HOUR = 86_400, 3_600
SCRAPE = 15
RANGES = {"six hours": 6 * HOUR, "a week": 7 * DAY}
OWN_TIME = "panels with a time of their own"
GOAL = 2.0
"""Seconds for a query of a week."""
RULES_GOAL = 0.5
"""Seconds of each 15 for the rules."""
PIXELS = 1600
"""Width of the screen, which is also the number of points of a graph as wide as that."""
INTERVALS = (15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200)
"""Distances of points in seconds. Grafana takes the one that is next to range by width."""
LEAST = 0.3
"""Seconds of processor time after which a query is not asked again. What Prometheus does meanwhile
counts thirty times in what is extrapolated, so that one of them must be without it."""


def measure(effort: Effort) -> list[Result]:
    """Return the figures, or nothing where Prometheus or the exporter's extras are missing."""
    needed = "grafana_foundation_sdk, pytest, yaml"
    found = apart.run(__name__, needed, json.dumps(asdict(effort)), file=apart.PROMETHEUS)
    whole = effort.past >= 7 * DAY
    return [
        Result(row["name"], "s", row["seconds"], target=row["goal"] if whole else None)
        for row in found or ()
    ]


def main(effort: Effort) -> None:
    from .past import history

    rows: list[dict[str, Any]] = []
    fewer, more = effort.watched
    now = int(time.time()) // HOUR * HOUR
    for name, native in ((CLASSIC, False), (NATIVE, True)):
        found: list[dict[_Asked, float]] = []
        for stores in (fewer, more):
            with history(stores, effort.past, now, native=native) as server:
                meter = _Meter(server, now - SCRAPE, effort.runs)
                found.append(dict(_of_pages(meter, effort.past, native=native)))
        rows += _slowest(fewer, found[0], more, found[1], name)
        rows += _of_rules(effort, name, native=native)
    json.dump(rows, sys.stdout)


class _Asked(NamedTuple):
    """One query: its page with what is chosen there, the range, its panel, and which one it is."""

    page: str
    range_: str
    panel: str
    number: int


def _slowest(
    fewer: int, of_fewer: dict[_Asked, float], more: int, of_more: dict[_Asked, float], name: str
) -> Iterator[dict[str, Any]]:
    """The slowest query of each page for each range, of all stores.

    It is on the line through what it takes of fewer and of more of them.
    """
    slowest: dict[tuple[str, str], tuple[float, str]] = {}
    for asked, seconds in of_more.items():
        each = max(0.0, seconds - of_fewer[asked]) / (more - fewer)
        took = seconds + each * (STORES - more)
        if os.environ.get("BENCH_VERBOSE"):
            sys.stderr.write(f"{took:.2f} {asked} {of_fewer[asked]:.4f} {seconds:.4f}\n")
        key = asked.page, asked.range_
        slowest[key] = max(slowest.get(key, (0.0, "")), (took, asked.panel))
    for (page, range_), (took, panel) in slowest.items():
        yield {"name": f"{page}, {range_}, {name}: {panel}", "seconds": took, "goal": GOAL}


@dataclass(frozen=True)
class _Meter:
    """Asks a Prometheus, and says what an answer took.

    Attributes:
        server: the Prometheus.
        now: the moment that it is asked about.
        runs: how often it is asked at most, and less often where that takes long.
    """

    server: Server
    now: int
    runs: int

    def ask(self, expression: str, range_: int = 0, step: int = 0) -> float:
        """Seconds of the processor that an answer takes, of a graph if there is a range."""
        times = {"time": str(self.now)}
        if range_:
            start = str(self.now - range_)
            times = {"start": start, "end": str(self.now), "step": str(step)}
        path = "/api/v1/query_range" if range_ else "/api/v1/query"
        self.server.json(path, query=expression, **times)
        found: list[float] = []
        while len(found) < self.runs and sum(found) < LEAST:
            began = self.server.processor_seconds()
            self.server.json(path, query=expression, **times)
            found.append(self.server.processor_seconds() - began)
        # A busy machine makes it more, and nothing makes it less.
        return min(found)


def _of_pages(meter: _Meter, past: int, *, native: bool) -> Iterator[tuple[_Asked, float]]:
    """What each query of each page takes, for each range."""
    from store_exporter.mixin import dashboards
    from store_exporter.mixin.dashboards.pages import operations
    from store_exporter.mixin.dashboards.variables import OPERATION
    from tests.mixin.panels import ALL

    from .past import OPERATIONS

    ranges = {name: each for name, each in RANGES.items() if each <= past}
    # The durations of operations are all that differs.
    for page in [operations.PAGE] if native else dashboards.pages():
        choices = {"": ALL}
        if OPERATION in page.variables:
            choices[", one operation"] = OPERATIONS[0]
        view_of = cache(partial(_View, meter, page))
        for (what, operation), panel in product(choices.items(), page.panels):
            own = {OWN_TIME: _own_time(panel.since)} if panel.since else {}
            for name, range_ in (own or ranges or {"minutes": past}).items():
                if range_ > past:
                    continue
                view = view_of(range_, operation)
                for number, query in enumerate(panel.queries):
                    asked = _Asked(f"{page.title}{what}", name, panel.title, number)
                    yield asked, view.seconds(panel, query)


def _own_time(since: str) -> int:
    """Seconds of a panel's own time, such as `now-6d/d`, which is the longest at a day's end."""
    from store_exporter.mixin import promql

    ago, _, day = since.removeprefix("now").removeprefix("-").partition("/")
    return int(promql.seconds(ago or "0s")) + (DAY if day else 0)


@dataclass(frozen=True)
class _View:
    """A page as somebody looks at it who has chosen all stores.

    Attributes:
        meter: the Prometheus.
        page: the dashboard.
        range_: seconds of the chosen time.
        operation: the chosen one.
    """

    meter: _Meter
    page: DashboardPage
    range_: int
    operation: str

    def seconds(self, panel: Panel, query: Query) -> float:
        """What one query takes."""
        from store_exporter.mixin import promql
        from store_exporter.mixin.dashboards.panels import PanelKind
        from tests.mixin.panels import fill

        points = panel.points or PIXELS * panel.width // 24
        least = promql.seconds(panel.interval) if panel.interval else SCRAPE
        wanted = max(self.range_ / points, least)
        step = max(int(least), min(INTERVALS, key=lambda each: abs(each - wanted)))
        rates = f"{max(4 * SCRAPE, step + SCRAPE)}s"
        asked = fill(panel.expression(query), self._chosen, rates, f"{step}s")
        is_graph = panel.kind in {PanelKind.GRAPH, PanelKind.HEATMAP, PanelKind.TIMELINE}
        return self.meter.ask(asked, self.range_ if is_graph else 0, step)

    @cached_property
    def _chosen(self) -> dict[str, str]:
        """The values of all variables, as Grafana finds them."""
        from tests.mixin.panels import ALL, fill

        chosen = {"__range": f"{self.range_}s", "__range_s": str(self.range_)}
        for variable in self.page.variables:
            chosen[variable.name] = ALL if variable.multi else "EUR"
            if variable.ranked:
                found = self.meter.server.query(
                    fill(variable.ranked, chosen), time=str(self.meter.now)
                )
                chosen[variable.name] = found[0][0][variable.name]
        return {**chosen, "operation": self.operation}


def _of_rules(effort: Effort, histograms: str, *, native: bool) -> Iterator[dict[str, Any]]:
    """What rules take of each 15 seconds: all that record, all that alert, their dearest groups."""
    from store_exporter.mixin import alerts

    from . import rules

    stores, past = effort.ruled, effort.past
    lasting = rules.PAST if past >= max(RANGES.values()) else past
    alerting = {group.name for group in alerts.groups()}
    shares: dict[str, dict[str, float]] = {"recording": {}, "alerting": {}}
    for group, seconds in rules.cost(stores, lasting, effort.groups, native=native):
        share = seconds * STORES / stores * SCRAPE / (group.interval or SCRAPE)
        shares["alerting" if group.name in alerting else "recording"][group.name] = share
        if os.environ.get("BENCH_VERBOSE"):
            sys.stderr.write(f"{histograms} {group.name}: {share:.3f} of each 15 s\n")
    for kind, found in shares.items():
        dearest = max(found, key=found.__getitem__)
        row = f"{kind} rules of each 15 s, {histograms}"
        goal = RULES_GOAL if kind == "recording" else None
        yield {"name": row, "seconds": sum(found.values()), "goal": goal}
        yield {"name": f"{row}: {dearest}", "seconds": found[dearest], "goal": None}


if __name__ == "__main__":
    main(Effort(**json.loads(sys.argv[1])))
