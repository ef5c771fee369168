"""Operations: how many, how many fail and by whose fault, how long they take."""

from __future__ import annotations

from ....metrics.catalogue import operations
from ... import series, wide
from ...names import AlertName, Dashboards
from ...promql import hourly, select
from ..panels import DashboardPage, Panel, PanelKind, Query, Row
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
from ..values import NEUTRAL, Nothing, Steps
from ..variables import OPERATION_MATCH, OPERATION_ONLY, OPERATIONS, READ

M = OPERATION_MATCH
DURATION = operations.OPERATION_DURATION
FINEST = "1m"
"""The least distance of the points of latencies, which are those of five minutes. One operation of
all stores is read from thousands of scraped series."""

FIGURES: tuple[tuple[str, str, str, str, Steps], ...] = (
    (
        "Calls/hour",
        "Finished operations per hour. None at all means that applications do not report.",
        calls(),
        "short",
        NEUTRAL,
    ),
    (
        "Success",
        "Share of operations that did not fail, without shoppers' mistakes and cancelled calls.",
        success(),
        "percentunit",
        SUCCESS,
    ),
    (
        "p50",
        "Half of the operations are faster than this: what most shoppers notice.",
        quantile(0.5, at_once),
        "s",
        LATENCY,
    ),
    (
        "p95",
        "One in twenty operations takes longer. Watch this figure: alerts use it.",
        quantile(0.95, at_once),
        "s",
        LATENCY,
    ),
    (
        "p99",
        "One in a hundred operations takes longer. If only p99 is high, a few calls are slow.",
        quantile(0.99, at_once),
        "s",
        LATENCY,
    ),
    (
        "In progress",
        "Operations that run now. If the number only grows, they hang.",
        f"sum({select(operations.OPERATIONS_IN_PROGRESS, *M)})",
        "short",
        NEUTRAL,
    ),
)
"""Title, description, expression, unit and thresholds of each single figure."""

KEY_FIGURES = Row(
    "Now",
    [
        Panel(
            PanelKind.STAT,
            title,
            text,
            (Query(expression),),
            unit=unit,
            width=4,
            height=4,
            decimals=1 if unit == "percentunit" else None,
            steps=steps,
            nothing=Nothing.NO_CALLS,
            links=(Dashboards.ERRORS,) if title == "Success" else (),
        )
        for title, text, expression, unit, steps in FIGURES
    ],
)

_RATE = over_time(("operation",), wide.RATE, *OPERATION_ONLY)
BUSIEST = Panel(
    PanelKind.GRAPH,
    "Calls per hour, ten busiest operations",
    "Finished operations per hour. If all fall together, look at the application or the "
    "network; if one falls, look at that operation.",
    (Query(f"topk(10, {hourly(_RATE)})", "{{operation}}"),),
    low=0,
    width=12,
    height=10,
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

LATENCY_OVER_TIME = Panel(
    PanelKind.GRAPH,
    "Latency",
    "Quantiles over all chosen operations. If only p99 rises, a few calls are slow; if all three "
    "rise, the shop is slow. Dots are single calls of applications that use OpenTelemetry.",
    tuple(Query(quantile(q), f"p{q * 100:g}") for q in series.QUANTILES),
    unit="s",
    # Native histograms carry exemplars themselves, classic ones at their buckets.
    exemplars=(select(DURATION, *M), select(DURATION, *M, suffix="_bucket")),
    low=0,
    interval=FINEST,
    width=12,
    height=10,
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
    (Query(hourly(f"({_NATIVE} or on () {_BUCKETS})"), "{{le}}"),),
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
        Query(
            f"({success(*labels)}){only}", "Success", unit="percentunit", decimals=1, steps=SUCCESS
        ),
        *map(latency, series.QUANTILES),
        Query(f"({calls(*labels)}){only}", "Calls/h", decimals=0, otherwise=Nothing.NO_CALLS),
    )


ONE_BY_ONE = Row(
    "One by one",
    (
        Panel(
            PanelKind.TABLE,
            "By operation",
            "Every operation; those with most failures come first. If one fails alone, look "
            "at that call.",
            columns("operation"),
            width=24,
            height=10,
            columns=("operation",),
            sort="Failures/h",
            links=(Dashboards.OPERATIONS, Dashboards.ERRORS),
        ),
        Panel(
            PanelKind.TABLE,
            "By store: the 50 with most failures",
            "The stores with most failures per hour, without shoppers' mistakes. Latency is "
            "the slowest operation's. Click a store for its page.",
            columns("domain", "org", top=50),
            width=24,
            height=10,
            columns=("domain", "org"),
            sort="Failures/h",
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
