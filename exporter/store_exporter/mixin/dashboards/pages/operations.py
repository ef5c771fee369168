"""Operations: how many, how many fail and by whose fault, how long they take."""

from __future__ import annotations

from ....metrics.catalogue import operations
from ... import promql, series
from ...names import AlertName, Dashboards
from ...promql import hourly, select
from ..by_hour import by_hour
from ..panels import NEUTRAL, DashboardPage, Nothing, Panel, PanelKind, Query, Row, Steps
from ..scales import LATENCY, NO_ERROR, SUCCESS, calls, success
from ..variables import OPERATION_MATCH, OPERATIONS
from .operations_rows import each

M = OPERATION_MATCH
ERRORS = promql.rate(operations.OPERATION_ERRORS, "$__rate_interval", *M)
"""Of the applications' own series and not of recorded ones, which have no exemplars."""
DURATION = operations.OPERATION_DURATION


def quantile(q: float) -> str:
    """Quantile of all chosen operations together, from native or classic histograms."""
    return promql.quantile(q, DURATION, "$__rate_interval", (), M)


def page() -> DashboardPage:
    """The dashboard."""
    return DashboardPage(
        Dashboards.OPERATIONS,
        "Stores / Operations",
        "The operations that applications run against stores: rate, success, errors by fault, "
        "latency. What shoppers do wrong (out of stock, wrong coupon) is not counted as failure.",
        OPERATIONS,
        (now(), course(), each()),
    )


def now() -> Row:
    """The chosen operations in single figures."""
    stats: tuple[tuple[str, str, str, str, Steps], ...] = (
        (
            "Calls/hour",
            "Finished operations an hour. Nothing at all means that applications do not report.",
            calls(),
            "short",
            NEUTRAL,
        ),
        (
            "Success",
            "Share that did not fail; shoppers' mistakes and cancelled calls are left out.",
            success(),
            "percentunit",
            SUCCESS,
        ),
        (
            "p50",
            "Half of the operations are quicker than this: what most shoppers feel.",
            quantile(0.5),
            "s",
            LATENCY,
        ),
        (
            "p95",
            "One in twenty operations takes longer. The figure to watch; alerts go by it.",
            quantile(0.95),
            "s",
            LATENCY,
        ),
        (
            "p99",
            "One in a hundred operations takes longer. High alone, it is a few odd calls.",
            quantile(0.99),
            "s",
            LATENCY,
        ),
        (
            "In progress",
            "Operations that run now. A number that only grows means that they hang.",
            f"sum({select(operations.OPERATIONS_IN_PROGRESS, *M)})",
            "short",
            NEUTRAL,
        ),
    )
    return Row(
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
                links=(Dashboards.ERRORS,) if title == "Success" else (),
            )
            for title, text, expression, unit, steps in stats
        ],
    )


def course() -> Row:
    """The chosen operations over time."""
    return Row("Over time", (busiest(), errors_by_fault(), latency(), latencies()))


def busiest() -> Panel:
    """What is called most."""
    return Panel(
        PanelKind.GRAPH,
        "Calls per hour, ten busiest operations",
        "Finished operations an hour. Compare shapes: all falling together is the "
        "application or the network, one falling is that operation.",
        (Query(f"topk(10, {calls('operation')})", "{{operation}}"),),
        low=0,
        width=12,
        height=10,
        links=(Dashboards.OPERATIONS,),
    )


def errors_by_fault() -> Panel:
    """Who must act."""
    return by_hour(
        "Errors per hour by who must act",
        "Errors an hour by fault: customer is what shoppers did wrong, store and config "
        "are the shop's and the credentials', app is a bug of the caller. Dots are single "
        "calls that failed; applications with OpenTelemetry have them.",
        "fault",
        ERRORS,
        empty=NO_ERROR,
        exemplars=True,
        width=12,
        height=10,
        links=(Dashboards.ERRORS,),
        nothing=Nothing.NONE,
    )


def latency() -> Panel:
    """How long operations take."""
    return Panel(
        PanelKind.GRAPH,
        "Latency",
        "Quantiles over all chosen operations. p99 rising alone is a few slow calls, all "
        "three rising is a slow shop. Dots are single calls; applications with OpenTelemetry have "
        "them.",
        # The dots of one query are those of all three.
        tuple(
            Query(quantile(q), f"p{q * 100:g}", exemplars=q == series.QUANTILES[-1])
            for q in series.QUANTILES
        ),
        unit="s",
        low=0,
        width=12,
        height=10,
        steps=LATENCY,
        lines=True,
        links=(AlertName.STORE_LATENCY_REGRESSION, Dashboards.TRENDS),
    )


def latencies() -> Panel:
    """All of the latencies, not only some quantiles."""
    buckets = promql.rate(DURATION, "$__rate_interval", *M, suffix="_bucket")
    native = promql.rate(DURATION, "$__rate_interval", *M)
    return Panel(
        PanelKind.HEATMAP,
        "Calls per hour by latency",
        "How many operations took how long. Two bands mean two kinds of call, such as "
        "cached and not. Native histograms are used where they are scraped.",
        (Query(hourly(f"(sum ({native}) or on () sum by (le) ({buckets}))"), "{{le}}"),),
        unit="s",
        width=12,
        height=10,
    )
