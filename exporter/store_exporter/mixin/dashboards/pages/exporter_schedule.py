"""A row of the exporter's page: whether probes and collectors run on time."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import exporter
from ... import promql, series
from ...names import AlertName
from ...policy import THRESHOLDS
from ...promql import increase, rate, select
from ..panels import Query, Row, graph
from ..scales import LAG, NOTHING_HAPPENED, per_hour
from ..values import Nothing
from ..variables import PROCESS_MATCH

M = PROCESS_MATCH
_graph = partial(graph, width=8, height=10)

_LAG = tuple(
    Query(
        promql.quantile(q, exporter.SCHEDULER_LAG, "$__rate_interval", (), M),
        f"p{q * 100:g}",
        empty="an application without an exporter schedules nothing",
    )
    for q in (0.5, 0.99)
)
_PAUSE = Query(
    f"max({select(exporter.LOOP_LAG, *M)})",
    "longest pause",
    empty="an application without an exporter has no event loop",
)
LATENESS = _graph(
    "Lag",
    "How late probes and collectors start, and the longest time for which the exporter "
    "stood still. Both rise when it lacks processor time.",
    (_PAUSE, *_LAG),
    unit="s",
    steps=LAG,
    lines=True,
    links=(AlertName.STORE_EXPORTER_LAGGING, AlertName.STORE_EXPORTER_STALLING),
)

_SKIPPED = rate(exporter.RUNS_SKIPPED, "$__rate_interval", *M)
LEFT_OUT = per_hour(
    "Runs left out per hour",
    "Skipped runs per hour, by reason, such as overlap (the previous run had not ended), "
    "budget (its requests are spent) or backoff (the store fails or required slowing down).",
    "reason",
    _SKIPPED,
    empty=NOTHING_HAPPENED,
    width=8,
)

_MISSED = f"max by (collector) ({select(series.MISSED, *M)})"
STALENESS = _graph(
    "Staleness",
    "How many intervals behind each collector is at its stalest store, shown every four "
    f"minutes. From {THRESHOLDS.stale_intervals:g} on, that store's figures are withdrawn.",
    Query(_MISSED, "{{collector}}", empty="no collector may be switched on"),
    steps=((None, "green"), (THRESHOLDS.stale_intervals, "red")),
    lines=True,
    links=(AlertName.STORE_FIGURES_STALE,),
)

_SPENT = f"max by (collector) ({select(series.LONGEST_RUN, *M)})"
LONGEST_RUNS = _graph(
    "Longest runs of collectors",
    "How long each collector's last run took at its slowest store, shown every four "
    "minutes. A collector near its timeout will soon fail.",
    Query(_SPENT, "{{collector}}", empty="no collector may be switched on"),
    unit="s",
)

UNREAD = _graph(
    "Backlog",
    "Changed records that each collector has yet to read, from all stores of the exporter "
    "with most of them, shown every four minutes. Counters are complete at 0; a first run "
    "over a large shop takes a while.",
    Query(
        f"max by (collector) ({select(series.BACKLOG, *M)})",
        "{{collector}}",
        empty="not every collector has one",
    ),
    nothing=Nothing.NO_BACKLOG,
    decimals=0,
)

LOST_SIGHT = _graph(
    "Sources and saved state",
    "Within an hour: failed reads of sources of stores by org, losses of saved state, and "
    "runs that could not use it. Now: refused domains of these sources, and stores whose "
    "state nobody has used for two days. All should stay at zero.",
    (
        Query(
            f"sum by (org) ({increase(exporter.DISCOVERY_FAILURES, '1h', *M)})",
            "discovery {{org}}",
            empty="there may be no source of stores",
        ),
        Query(
            f"sum({select(exporter.DISCOVERY_REFUSED, *M)})",
            "refused",
            empty="there may be no source of stores",
        ),
        Query(
            f"sum({increase(exporter.STATE_LOSSES, '1h', *M)})",
            "state damaged",
            empty=NOTHING_HAPPENED,
        ),
        Query(
            f"sum by (reason) ({increase(exporter.STATE_ERRORS, '1h', *M)})",
            "state {{reason}}",
            empty=NOTHING_HAPPENED,
        ),
        Query(f"max({select(exporter.STATE_LEFT_BEHIND, *M)})", "left behind"),
    ),
    decimals=0,
    links=(
        AlertName.STORE_DISCOVERY_FAILING,
        AlertName.STORE_DISCOVERY_REFUSED,
        AlertName.STORE_STATE_LOST,
        AlertName.STORE_STATE_FULL,
        AlertName.STORE_STATE_UNAVAILABLE,
    ),
)

SCHEDULE = Row("Schedule", (LATENESS, LEFT_OUT, STALENESS, LONGEST_RUNS, UNREAD, LOST_SIGHT))
