"""Thresholds and common expressions of panels; the figures are those of the alerts."""

from __future__ import annotations

from collections.abc import Callable

from ...metrics.catalogue import business
from .. import promql, series
from ..policy import THRESHOLDS
from ..promql import STORE, named, select, total
from ..rules import recording
from .panels import GREEN, RED, YELLOW, Steps
from .variables import (
    ALL_OPERATIONS,
    CURRENCY_MATCH,
    DETAILED,
    OPERATION_MATCH,
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
"""Of the trouble score: a warning, a critical alert or worse."""
API_VERSION: Steps = ((None, RED), (THRESHOLDS.api_version_warning, GREEN))
BUDGET: Steps = ((None, RED), (THRESHOLDS.budget_low, GREEN))
PAYMENTS: Steps = ((None, GREEN), (THRESHOLDS.payment_failure_share, RED))
LAG: Steps = ((None, GREEN), (THRESHOLDS.scheduler_lag, RED))

NO_ERROR = "there may have been no error at all"
"""Why a panel of errors may rightly be empty."""

NOTHING_HAPPENED = "there may have been none"
"""Why a panel of things that should not happen may rightly be empty."""

TROUBLE = select(series.TROUBLE, *STORE_MATCH)
UP = select(series.STORE_UP, *STORE_MATCH)
SUCCESS_RATE = select(series.STORE_SUCCESS, *STORE_MATCH)
P95 = select(series.STORE_QUANTILE, promql.equal("quantile", "0.95"), *STORE_MATCH)
ORDERS = select(series.ORDERS_HOURLY, *STORE_MATCH)
REVENUE_CHOSEN = select(series.REVENUE_HOURLY, *STORE_MATCH, *CURRENCY_MATCH)


def success(*labels: str, matchers: tuple[str, ...] = OPERATION_MATCH) -> str:
    """Share of operations that did not fail, by labels, shoppers' mistakes left out."""
    failed, measured = (
        promql.total(labels, select(name, *matchers))
        for name in (series.OPERATION_FAILED, series.OPERATION_MEASURED)
    )
    return f"1 - {series.ratio(failed, measured)}"


def calls(*labels: str, matchers: tuple[str, ...] = OPERATION_MATCH) -> str:
    """Calls an hour by labels, from the rate of the last minutes."""
    return promql.hourly(promql.total(labels, select(series.OPERATION_RATE, *matchers)))


def failures(*labels: str, matchers: tuple[str, ...] = OPERATION_MATCH) -> str:
    """Failed calls an hour by labels, shoppers' mistakes left out."""
    return promql.hourly(promql.total(labels, select(series.OPERATION_FAILED, *matchers)))


def over_time(labels: tuple[str, ...], name: str, *matchers: str) -> str:
    """Sum of a recorded series by labels, for graphs: of a long time, from what is sampled of it.

    Args:
        labels: that are left.
        name: one of `series.SAMPLED`.
        matchers: further ones.
    """
    detailed = total(labels, named(name, DETAILED, *matchers))
    sampled = total(labels, named(series.sampled(name), SAMPLED, *matchers))
    return f"({detailed} or {sampled})"


def at_once(labels: tuple[str, ...], name: str, *matchers: str) -> str:
    """Sum of a recorded series by labels, for figures of now."""
    return total(labels, named(name, *matchers))


def chosen(
    labels: tuple[str, ...],
    of_store: str,
    of_operation: str,
    summed: Callable[..., str] = over_time,
) -> str:
    """Sum of the chosen operations by labels, read from as few series as there are for it.

    Args:
        labels: that are left.
        of_store: the series recorded by store, read when all operations are chosen: there are as
            many times fewer of them as there are operations.
        of_operation: the same by operation, read when some are chosen.
        summed: `over_time` or `at_once`.
    """
    every = summed(labels, of_store, ALL_OPERATIONS, *STORE_MATCH)
    some = summed(labels, of_operation, SOME_OPERATIONS, *OPERATION_MATCH)
    return f"({every} or {some})"


def quantile(q: float, summed: Callable[..., str] = over_time) -> str:
    """Quantile of the chosen operations together, from native or classic histograms."""
    return promql.quantile_of(
        q,
        chosen((), series.STORE_HISTOGRAM, series.OPERATION_HISTOGRAM, summed),
        chosen(promql.BUCKET, series.STORE_BUCKETS, series.OPERATION_BUCKETS, summed),
    )


def slowest(q: float, labels: tuple[str, ...], matchers: tuple[str, ...]) -> str:
    """The largest of the quantiles of each operation of each store, by labels, as of now."""
    native, classic = (
        select(name, *matchers) for name in (series.OPERATION_HISTOGRAM, series.OPERATION_BUCKETS)
    )
    return promql.aggregate("max", labels, promql.quantile_of(q, native, classic))


def intervals_ago(*labels: str) -> str:
    """How many of its intervals ago the stalest collector last succeeded."""
    age = f"time() - {select(business.COLLECTOR_LAST_SUCCESS, *STORE_MATCH)}"
    interval = select(business.COLLECTOR_INTERVAL, *STORE_MATCH)
    return promql.aggregate("max", labels or STORE, f"({age}) / {interval}")
