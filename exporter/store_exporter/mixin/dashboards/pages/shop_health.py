"""Rows of the merchant's page: health checks, operations, upkeep."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import business, health
from ... import series, wide
from ...names import AlertName, Dashboards
from ...promql import select
from ..panels import Panel, PanelKind, Query, Row, ago, graph, number, share, stat, table
from ..scales import (
    LATENCY,
    NO_ERROR,
    STALE,
    SUCCESS,
    at_a_point,
    calls,
    failures,
    latest,
    mean,
    of_each,
    over_time,
    per_hour,
    slowest,
    success,
)
from ..values import IN_WORDS, OK_FAILED, Nothing, in_words
from ..variables import STORE_MATCH

M = STORE_MATCH
_AVAILABLE = of_each(series.AVAILABLE, series.AVAILABLE_SAMPLED, mean)
_MAINTAINED = of_each(series.MAINTENANCE, series.MAINTENANCE_SAMPLED, mean)
_share = partial(stat, unit="percentunit", width=12, height=4)
AVAILABILITY = (
    _share(
        "Responded",
        "Share of the time chosen above in which liveness probes succeeded, for the worst "
        "of the chosen shops. Maintenance is not counted; its share is shown beside it.",
        Query(f"min({_AVAILABLE})", empty="a shop in maintenance all the time has none"),
        decimals=2,
        steps=SUCCESS,
        links=(Dashboards.SLO,),
    ),
    _share(
        "In maintenance",
        "Share of the time chosen above that was maintenance, for the shop with most of it. "
        "During maintenance nobody is alerted, and no error budget is spent.",
        Query(f"max({_MAINTAINED})"),
        decimals=1,
    ),
)

_PHASES = over_time(("phase",), wide.PHASES)
_PROBE = over_time(("probe",), wide.PROBES)
_FAILING = f"min by (probe) ({latest(select(health.PROBE_SUCCESS, *M))}) == 0"
_DRAWN = of_each(series.STORE_UP, series.UP_SAMPLED, at_a_point)
_PROBES = Panel(
    PanelKind.TIMELINE,
    "Checks",
    "Each health check over time; those that fail now come first. A check that fails alone "
    "shows what is broken: the cart, the storefront, the certificate.",
    (
        Query(f"{_PROBE} and on (probe) ({_FAILING})", "{{probe}}", empty="none may fail"),
        Query(f"{_PROBE} unless on (probe) ({_FAILING})", "{{probe}}", empty="all may fail"),
        Query(in_words("probe", Nothing.NOT_YET, _DRAWN), "{{probe}}", empty="there are"),
    ),
    width=12,
    mappings=(*OK_FAILED, IN_WORDS),
    links=(
        AlertName.STORE_DOWN,
        AlertName.STORE_UNSTABLE,
        AlertName.STORE_VITAL_PROBE_FAILING,
        AlertName.STORE_DEGRADED,
    ),
)
_TIME = graph(
    "Where a liveness probe's time goes",
    "Seconds by phase, summed over the chosen shops: resolve, connect and tls are the network, "
    "processing is the shop. Reused connections have only the last two.",
    Query(_PHASES, "{{phase}}"),
    unit="s",
    stacked=True,
    links=(AlertName.STORE_LATENCY_REGRESSION,),
)
CHECKS = Row("Does it work?", (_PROBES, _TIME, *AVAILABILITY))

ONE_BY_ONE = table(
    "Operations one by one",
    "Each operation's calls and failures per hour, success without shoppers' mistakes, and "
    "p95 latency over the last minutes. The operations with most failures come first.",
    (
        Query(failures("operation", matchers=M), "Failures/h", decimals=1, width=105),
        share(success("operation", matchers=M), "Success", decimals=1, steps=SUCCESS, width=71),
        Query(
            slowest(0.95, ("operation",), M),
            "p95",
            unit="s",
            steps=LATENCY,
            width=79,
            empty="an operation that did not run has none",
        ),
        number(calls("operation", matchers=M), "Calls/h", width=70, otherwise=Nothing.NO_CALLS),
    ),
    width=12,
    height=10,
    columns=("operation",),
    sort="Failures/h",
    links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
)

ERRORS_BY_FAULT = per_hour(
    "Errors per hour by who must act",
    "Errors per hour by fault. customer means a shopper's mistake, not a failure of the shop.",
    "fault",
    over_time(("fault",), wide.ERRORS),
    empty=NO_ERROR,
    links=(Dashboards.ERRORS,),
)

OPERATIONS = Row("Operations", (ONE_BY_ONE, ERRORS_BY_FAULT))

_state = partial(graph, width=6, decimals=0, nothing=Nothing.NOT_COLLECTED)
STOCK = _state(
    "Low and out of stock",
    "Products and variations that are low or out of stock. A sudden change of many is an "
    "import, not sales.",
    Query(
        over_time(("stock",), wide.SCARCE),
        "{{stock}}",
        empty="a shop without this collector has no such figure",
    ),
    stacked=True,
    links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
)

BACKGROUND = _state(
    "Background work",
    "Webhooks that are disabled, and background jobs that are overdue. Each means that "
    "something automatic does not happen.",
    Query(
        over_time(("state",), wide.LATE),
        "{{state}}",
        empty="not every platform has these figures",
    ),
    links=(AlertName.STORE_WEBHOOKS_DISABLED, AlertName.STORE_BACKGROUND_JOBS_STUCK),
)

_LAST = select(business.COLLECTOR_LAST_SUCCESS, *M)
_MISSED = f"(time() - {_LAST}) / {select(business.COLLECTOR_INTERVAL, *M)}"
_NEVER = "a collector that never succeeded has no such time"
FRESH = table(
    "Freshness",
    "For each group of figures: whether the last run succeeded, when the group was last "
    "read, and its age in intervals, which is up to 1 when it is on time.",
    (
        Query(
            f"max by (collector) ({_MISSED})",
            "Intervals ago",
            decimals=1,
            steps=STALE,
            width=125,
            empty=_NEVER,
        ),
        Query(
            f"min by (collector) ({select(business.COLLECTOR_SUCCESS, *M)})",
            "Last run",
            mappings=OK_FAILED,
            width=90,
            otherwise=Nothing.NOT_COLLECTED,
        ),
        ago(f"1000 * min by (collector) ({_LAST})", "Read", empty=_NEVER),
    ),
    width=12,
    columns=("collector",),
    sort="Intervals ago",
    links=(AlertName.STORE_FIGURES_STALE,),
)

UPKEEP = Row("Upkeep", (STOCK, BACKGROUND, FRESH))
