"""Thresholds and common expressions of panels; the thresholds are those of the alerts."""

from __future__ import annotations

from collections.abc import Callable

from ...metrics.catalogue import business
from .. import promql, series, wide
from ..names import Dashboard
from ..policy import THRESHOLDS
from ..promql import OPERATION, STORE, named, select
from ..rules import recording
from ..wide import Wide
from .panels import Panel, Query, graph
from .values import GREEN, RED, YELLOW, Nothing, Steps
from .variables import (
    ALL_OPERATIONS,
    CURRENCY_MATCH,
    DETAILED,
    LEVELLED,
    OPERATION_MATCH,
    OPERATION_ONLY,
    SAMPLED,
    SOME_OPERATIONS,
    STORE_MATCH,
)

NONE_GOOD: Steps = ((None, GREEN), (1, RED))
FEW_GOOD: Steps = ((None, GREEN), (1, YELLOW))
SUCCESS: Steps = (
    (None, RED),
    (THRESHOLDS.success_critical, YELLOW),
    (THRESHOLDS.success_warning, GREEN),
)
LATENCY: Steps = (
    (None, GREEN),
    (THRESHOLDS.latency_warning, YELLOW),
    (THRESHOLDS.latency_critical, RED),
)
STALE: Steps = ((None, GREEN), (2, YELLOW), (THRESHOLDS.stale_intervals, RED))
CERTIFICATE: Steps = (
    (None, RED),
    (THRESHOLDS.certificate_critical, YELLOW),
    (THRESHOLDS.certificate_warning, GREEN),
)
AFFECTED: Steps = ((None, GREEN), (1, YELLOW), (recording.PAGED, RED))
"""Thresholds of the trouble score: a warning, a critical alert or worse."""
API_VERSION: Steps = ((None, RED), (THRESHOLDS.api_version_warning, GREEN))
BUDGET: Steps = ((None, RED), (THRESHOLDS.budget_low, GREEN))
PAYMENTS: Steps = ((None, GREEN), (THRESHOLDS.payment_failure_share, RED))
PAYMENT_METHODS: Steps = ((None, GREEN), (THRESHOLDS.method_failure_share, RED))
PRICES: Steps = ((None, GREEN), (THRESHOLDS.price_share, RED))
LAG: Steps = ((None, GREEN), (THRESHOLDS.scheduler_lag, RED))

NO_ERROR = "there may have been no error at all"
"""Why a panel of errors may correctly be empty."""

NOTHING_HAPPENED = "there may have been none"
"""Why a panel of events that should not happen may correctly be empty."""

NOT_COLLECTED = "a shop without this collector, or before its first order, has no such figure"

TROUBLE = select(series.TROUBLE, *STORE_MATCH)
UP = select(series.STORE_UP, *STORE_MATCH)
SUCCESS_RATE = select(series.STORE_SUCCESS, *STORE_MATCH)
P95 = select(series.STORE_QUANTILE, promql.equal("quantile", "0.95"), *STORE_MATCH)
ORDERS = select(series.ORDERS_HOURLY, *STORE_MATCH)
REVENUE_CHOSEN = select(series.REVENUE_HOURLY, *STORE_MATCH, *CURRENCY_MATCH)


def success(*labels: str, matchers: tuple[str, ...] = OPERATION_MATCH) -> str:
    """Share of operations that did not fail, by labels, without shoppers' mistakes."""
    failed, measured = (
        series.of_operations(figure, labels, *matchers)
        for figure in (series.failed, series.measured)
    )
    return f"1 - {series.ratio(failed, measured)}"


def calls(*labels: str, matchers: tuple[str, ...] = OPERATION_MATCH) -> str:
    """Calls per hour by labels, from the rate of the last minutes."""
    return promql.hourly(promql.total(labels, select(series.OPERATION_RATE, *matchers)))


def failures(*labels: str, matchers: tuple[str, ...] = OPERATION_MATCH) -> str:
    """Failed calls per hour by labels, without shoppers' mistakes."""
    return promql.hourly(series.of_operations(series.failed, labels, *matchers))


def per_hour(
    title: str,
    description: str,
    label: str,
    rate: str,
    *,
    empty: str = "",
    nothing: Nothing = Nothing.NONE,
    width: int = 12,
    height: int = 10,
    links: tuple[Dashboard | str, ...] = (),
    exemplars: tuple[str, ...] = (),
) -> Panel:
    """The graph of how often something happens in an hour, by one label.

    `rate` is PromQL of a rate per second with that label. The other arguments are those of a query
    and of a panel.
    """
    by_label = promql.hourly(f"sum by ({label}) ({rate})")
    return graph(
        title,
        description,
        Query(by_label, f"{{{{{label}}}}}", empty=empty),
        width=width,
        height=height,
        stacked=True,
        links=links,
        nothing=nothing,
        exemplars=exemplars,
    )


def over_time(
    labels: tuple[str, ...], figure: Wide, *matchers: str, each: Callable[[str], str] = str
) -> str:
    """A figure of the chosen stores together by labels, for graphs; see `wide`.

    Args:
        labels: the labels of the result.
        figure: the figure.
        matchers: further matchers, of labels that stores do not have.
        each: a function applied to each series before they are combined.
    """
    orgs, platforms = promql.variables(*wide.ORGS), promql.variables(*wide.ALL)
    levels = (
        figure.of_stores(LEVELLED, *STORE_MATCH, *matchers),
        named(figure.of_orgs, LEVELLED, *orgs, *matchers),
        named(figure.of_all, LEVELLED, *platforms, *matchers),
    )
    return f"({' or '.join(figure.together(labels, each(level)) for level in levels)})"


def of_each(detailed: str, sampled: str, each: Callable[[str], str] = str) -> str:
    """A recorded figure of each chosen store; a long time is read from samples."""
    read = named(detailed, DETAILED, *STORE_MATCH), named(sampled, SAMPLED, *STORE_MATCH)
    return f"({' or '.join(map(each, read))})"


def at_a_point(found: str) -> str:
    """Series that a selector finds at any point that a graph of the chosen time draws."""
    return f"present_over_time({found}[$__range:$__interval] @ end())"


def latest(found: str) -> str:
    """The last values of a selector at the end of the chosen time.

    Its last point may be hours ago, and Prometheus may have been down then.
    """
    return f"last_over_time({promql.over(found, '1h')} @ end())"


def mean(found: str) -> str:
    """Series of a selector, averaged over the chosen time."""
    return f"avg_over_time({promql.over(found, '$__range')})"


def at_once(labels: tuple[str, ...], figure: Wide, *matchers: str) -> str:
    """The same as `over_time`, for current figures."""
    return figure.together(labels, figure.of_stores(*STORE_MATCH, *matchers))


def chosen(
    labels: tuple[str, ...],
    of_store: Wide,
    of_operation: Wide,
    summed: Callable[..., str] = over_time,
) -> str:
    """Sum of the chosen operations by labels, read from the smallest number of series.

    Args:
        labels: the labels of the result.
        of_store: the figure recorded by store, read if all operations are chosen, because it has
            far fewer series.
        of_operation: the same figure by operation, read if some operations are chosen.
        summed: `over_time` or `at_once`.
    """
    every = summed(labels, of_store, ALL_OPERATIONS)
    some = summed(labels, of_operation, SOME_OPERATIONS, *OPERATION_ONLY)
    return f"({every} or {some})"


def quantile(q: float, summed: Callable[..., str] = over_time) -> str:
    """Quantile over all chosen operations, from native or classic histograms."""
    return promql.quantile_of(
        q,
        chosen((), wide.HISTOGRAM, wide.OPERATION_HISTOGRAM, summed),
        chosen(promql.BUCKET, wide.BUCKETS, wide.OPERATION_BUCKETS, summed),
    )


def slowest(q: float, labels: tuple[str, ...], matchers: tuple[str, ...]) -> str:
    """The largest current quantile of the operations of each store, by labels."""
    native = promql.total(OPERATION, series.histograms(*matchers))
    classic = promql.total((*OPERATION, *promql.BUCKET), series.buckets(*matchers))
    return promql.aggregate("max", labels, promql.quantile_of(q, native, classic))


def intervals_ago(*labels: str) -> str:
    """Time since the stalest collector last succeeded, in its intervals."""
    age = f"time() - {select(business.COLLECTOR_LAST_SUCCESS, *STORE_MATCH)}"
    interval = select(business.COLLECTOR_INTERVAL, *STORE_MATCH)
    return promql.aggregate("max", labels or STORE, f"({age}) / {interval}")
