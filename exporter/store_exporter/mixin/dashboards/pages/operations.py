"""Operations: how many, how many fail and by whose fault, how long they take."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import operations
from ... import series, wide
from ...names import AlertName, Dashboards
from ...promql import hourly, select
from ..panels import DashboardPage, Panel, PanelKind, Query, Row, graph, number, share, stat, table
from ..scales import (
    LATENCY,
    NO_ERROR,
    SUCCESS,
    at_once,
    calls,
    chosen,
    failures,
    over_time,
    per_hour,
    quantile,
    slowest,
    success,
)
from ..values import Nothing
from ..variables import OPERATION_MATCH, OPERATION_ONLY, OPERATIONS, READ

M = OPERATION_MATCH
DURATION = operations.OPERATION_DURATION
FINEST = "1m"
"""The least distance of the points of latencies, which are those of five minutes. One operation of
all stores is read from thousands of scraped series."""

_figure = partial(stat, width=4, height=4, nothing=Nothing.NO_CALLS)
_latency = partial(_figure, unit="s", steps=LATENCY)
_graph = partial(graph, height=10)
_table = partial(table, height=10, sort="Failures/h")

KEY_FIGURES = Row(
    "Now",
    (
        _figure(
            "Calls/hour",
            "Finished operations per hour. None at all means that applications do not report.",
            Query(calls()),
        ),
        _figure(
            "Success",
            "Share of operations that did not fail, without shoppers' mistakes and cancelled "
            "calls.",
            Query(success()),
            unit="percentunit",
            decimals=1,
            steps=SUCCESS,
            links=(Dashboards.ERRORS,),
        ),
        _latency(
            "p50",
            "Half of the operations are faster than this: what most shoppers notice.",
            Query(quantile(0.5, at_once)),
        ),
        _latency(
            "p95",
            "One in twenty operations takes longer. Watch this figure: alerts use it.",
            Query(quantile(0.95, at_once)),
        ),
        _latency(
            "p99",
            "One in a hundred operations takes longer. If only p99 is high, a few calls are slow.",
            Query(quantile(0.99, at_once)),
        ),
        _figure(
            "In progress",
            "Operations that run now. If the number only grows, they hang.",
            Query(f"sum({select(operations.OPERATIONS_IN_PROGRESS, *M)})"),
        ),
    ),
)

_RATE = over_time(("operation",), wide.RATE, *OPERATION_ONLY)
BUSIEST = _graph(
    "Calls per hour, ten busiest operations",
    "Finished operations per hour. If all fall together, look at the application or the "
    "network; if one falls, look at that operation.",
    Query(f"topk(10, {hourly(_RATE)})", "{{operation}}"),
    links=(Dashboards.OPERATIONS,),
)

ERRORS_BY_FAULT = per_hour(
    "Errors per hour by who must act",
    "Errors per hour by fault: customer is a shopper's mistake, store is the shop, config "
    "the credentials, app a bug of the caller. Dots are single failed calls of applications "
    "that use OpenTelemetry.",
    "fault",
    chosen(("fault",), wide.ERRORS, wide.OPERATION_ERRORS),
    empty=NO_ERROR,
    exemplars=(select(operations.OPERATION_ERRORS, *M),),
    links=(Dashboards.ERRORS,),
)

LATENCY_OVER_TIME = _graph(
    "Latency",
    "Quantiles over all chosen operations. If only p99 rises, a few calls are slow; if all three "
    "rise, the shop is slow. Dots are single calls of applications that use OpenTelemetry.",
    tuple(Query(quantile(q), f"p{q * 100:g}") for q in series.QUANTILES),
    unit="s",
    # Native histograms carry exemplars themselves, classic ones at their buckets.
    exemplars=(select(DURATION, *M), select(DURATION, *M, suffix="_bucket")),
    interval=FINEST,
    steps=LATENCY,
    lines=True,
    links=(AlertName.STORE_LATENCY_REGRESSION, Dashboards.TRENDS),
)

_NATIVE = chosen((), wide.HISTOGRAM, wide.OPERATION_HISTOGRAM)
_BUCKETS = chosen(("le",), wide.BUCKETS, wide.OPERATION_BUCKETS)
LATENCIES = Panel(
    PanelKind.HEATMAP,
    "Calls per hour by latency",
    "How many operations took how long. Two bands mean two kinds of calls, such as cached "
    "and uncached ones. Native histograms are used if they are scraped.",
    Query(hourly(f"({_NATIVE} or on () {_BUCKETS})"), "{{le}}"),
    unit="s",
    width=12,
    height=10,
    interval=FINEST,
)

COURSE = Row("Over time", (BUSIEST, ERRORS_BY_FAULT, LATENCY_OVER_TIME, LATENCIES))


def columns(*labels: str, top: int = 0) -> tuple[Query, ...]:
    """Rate, success and latency by labels; with `top`, only of those with most failures."""
    by = ", ".join(labels)
    failed = failures(*labels)
    only = f" and on ({by}) topk({top}, {failed})" if top else ""

    def latency(q: float) -> Query:
        return Query(
            f"{slowest(q, labels, M)}{only}",
            f"p{q * 100:g}",
            unit="s",
            steps=LATENCY,
            empty="what did not run has none",
        )

    return (
        Query(f"topk({top}, {failed})" if top else failed, "Failures/h", decimals=1, width=105),
        share(f"({success(*labels)}){only}", "Success", decimals=1, steps=SUCCESS),
        *map(latency, series.QUANTILES),
        number(f"({calls(*labels)}){only}", "Calls/h", otherwise=Nothing.NO_CALLS),
    )


ONE_BY_ONE = Row(
    "One by one",
    (
        _table(
            "By operation",
            "Every operation; those with most failures come first. If one fails alone, look "
            "at that call.",
            columns("operation"),
            columns=("operation",),
            links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
        ),
        _table(
            "By store: the 50 with most failures",
            "The stores with most failures per hour, without shoppers' mistakes. Latency is "
            "the slowest operation's. Click a store for its page.",
            columns("domain", "org", top=50),
            columns=("domain", "org"),
            links=(Dashboards.SHOP, Dashboards.ERRORS),
        ),
    ),
)

PAGE = DashboardPage(
    Dashboards.OPERATIONS,
    "Stores / Operations",
    "The operations that applications run against stores: rate, success, errors by fault, "
    "latency. Shoppers' mistakes (out of stock, a wrong coupon) do not count as failures.",
    (*OPERATIONS, *READ),
    (KEY_FIGURES, COURSE, ONE_BY_ONE),
)
