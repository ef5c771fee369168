"""Names of the recorded series, and the few expressions that go with them.

Names follow Prometheus' convention `level:metric:operation`, where the level is the labels that
are kept. `org` is kept, because a view restricted to one org would not show series without it.
Series of a process, and sums of all orgs (see `wide`), have no org.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import ERROR_TYPES, Fault
from ..metrics.catalogue import Metric, business, health, operations
from . import promql
from .policy import DAY, RATE_WINDOW
from .promql import OPERATION, STORE, aggregate, at, named, on, one_of, over, select, total

QUANTILES = (0.5, 0.95, 0.99)
NOT_COUNTED = (Fault.CUSTOMER.value, Fault.CANCELLED.value)
"""Faults that are not failures: both sides of a success ratio exclude them."""
FAILURES = tuple(fault.value for fault in Fault if fault.value not in NOT_COUNTED)
FAILED_TYPES = tuple(kind.name for kind in ERROR_TYPES.values() if kind.fault.value in FAILURES)
"""The error types of these faults, for recorded series without the label `fault`."""


def recorded(labels: tuple[str, ...], metric: Metric | str, operation: str) -> str:
    """Name of a recorded series."""
    base = metric.name.removesuffix("_total") if isinstance(metric, Metric) else metric
    return f"{'_'.join(labels)}:{base}:{operation}"


RATE = f"rate{RATE_WINDOW}"
OPERATION_ERROR = (*OPERATION, "error_type", "fault")
STORE_ERROR = (*STORE, "error_type", "fault")

OPERATION_RATE = recorded(OPERATION, operations.OPERATIONS, RATE)
OPERATION_ERROR_RATE = recorded(OPERATION_ERROR, operations.OPERATION_ERRORS, RATE)
# The series from which several quantiles are computed. Classic buckets only if no native
# histograms are scraped. Those of operations are not recorded; see `histograms`.
STORE_HISTOGRAM = recorded(STORE, operations.OPERATION_DURATION, RATE)
STORE_BUCKETS = recorded((*STORE, "le"), f"{operations.OPERATION_DURATION.name}_bucket", RATE)
STORE_RATE = recorded(STORE, operations.OPERATIONS, RATE)
STORE_ERROR_RATE = recorded(STORE_ERROR, operations.OPERATION_ERRORS, RATE)
STORE_QUANTILE = recorded(STORE, operations.OPERATION_DURATION, f"quantile{RATE_WINDOW}")
STORE_MEASURED = recorded(STORE, "store_operations_measured", RATE)
STORE_FAILED = recorded(STORE, "store_operations_failed", RATE)
# The same of the operations that fill carts and check out.
CHECKOUT_MEASURED = recorded(STORE, "store_checkouts_measured", RATE)
CHECKOUT_FAILED = recorded(STORE, "store_checkouts_failed", RATE)
STORE_SUCCESS = recorded(STORE, "store_operations_success", f"ratio_{RATE}")
SLOWEST_PROBE = recorded(STORE, health.PROBE_DURATION, f"slowest_p95_{RATE_WINDOW}")
PROBE_ERROR_RATE = recorded((*STORE, "error_type"), health.PROBE_FAILURES, RATE)
COLLECTOR_ERROR_RATE = recorded((*STORE, "error_type"), business.COLLECTOR_FAILURES, RATE)
STORE_UP = recorded(STORE, health.UP, "max")
MAINTENANCE = recorded(STORE, health.MAINTENANCE, "max")
AVAILABLE = recorded(STORE, health.UP, "max_outside_maintenance")
# The same every few minutes, for days and weeks: the last one, and means of these minutes.
UP_SAMPLED = recorded(STORE, health.UP, "max_sampled")
AVAILABLE_SAMPLED = recorded(STORE, health.UP, "mean_outside_maintenance")
MAINTENANCE_SAMPLED = recorded(STORE, health.MAINTENANCE, "mean")
RESTLESS = recorded(STORE, health.UP, "changes1h")
WATCHERS = recorded(STORE, "store_exporters", "count")
WATCHERS_SEEN = recorded(STORE, "store_exporters", "seen")
TROUBLE = recorded(STORE, "store_trouble", "score")
CREDENTIALS_REJECTED = recorded(STORE, "store_credentials_rejected", "current")
LIVENESS_REFUSED = recorded(STORE, "store_liveness_refused", "current")
ORDERS_HOURLY = recorded(STORE, business.ORDERS_PAID, "increase1h")
REVENUE_HOURLY = recorded((*STORE, "currency"), business.REVENUE, "increase1h")
# These two once an hour: see `latest`.
ORDERS_NORMAL = recorded(STORE, business.ORDERS_PAID, "increase1h_mean7d")
REVENUE_NORMAL = recorded((*STORE, "currency"), business.REVENUE, "rate7d")
FAILED_HOURLY = recorded(STORE, "store_orders_failed", "increase1h")
LOST_HOURLY = recorded(STORE, "store_orders_lost", "increase1h")
PAYMENTS_RECENT = recorded(business.PAYMENTS.labels, business.PAYMENTS, "increase2h")
LATENCY_HOURLY = recorded(STORE, operations.OPERATION_DURATION, "p95_1h")
LATENCY_NORMAL = recorded(STORE, operations.OPERATION_DURATION, "p95_1h_normal")


# Of each process, without an org: the cost of the exporter concerns the platform only.
_PROCESS = ("job", "instance")
REQUESTS = recorded((*_PROCESS, "source"), health.API_REQUESTS, RATE)
THROTTLED = recorded((*_PROCESS, "platform"), health.API_THROTTLED, RATE)
POINTS = recorded((*_PROCESS, "platform"), health.API_COST, f"actual_{RATE}")
MISSED = recorded((*_PROCESS, "collector"), "store_collector_missed_intervals", "max")
BACKLOG = recorded((*_PROCESS, "collector"), business.COLLECTOR_BACKLOG, "sum")
LONGEST_RUN = recorded((*_PROCESS, "collector"), business.COLLECTOR_DURATION, "max")


def orders_in(window: str) -> str:
    """Name of the recorded number of orders paid within a window."""
    return recorded(STORE, business.ORDERS_PAID, f"increase{window}")


def orders_normal(window: str) -> str:
    """Name of the recorded number of orders that such a window normally has."""
    return recorded(STORE, business.ORDERS_PAID, f"increase{window}_normal")


def orders_ahead(window: str) -> str:
    """Name of the recorded number of orders that it normally has an hour later."""
    return recorded(STORE, business.ORDERS_PAID, f"increase{window}_normal_ahead")


def outside_maintenance(expression: str, window: str = "") -> str:
    """Leave out stores that are in maintenance.

    Args:
        expression: PromQL about stores.
        window: how far the expression looks back. If more than a tenth of it was maintenance, it
            says nothing about the store's ordinary days, and the store is left out as well.
    """
    stores = promql.on(*promql.SHOP)
    left = f"{expression} unless {stores} ({MAINTENANCE} == 1)"
    if not window:
        return left
    # A day has 5,760 samples of the one, and 360 means of the other.
    known = MAINTENANCE_SAMPLED if promql.seconds(window) >= DAY else MAINTENANCE
    return f"{left} unless {stores} (avg_over_time({known}[{window}]) > 0.1)"


def of_processes(metric: Metric, window: str) -> str:
    """Name of the recorded increase of a store's counter, separately for each exporter."""
    return recorded((*metric.labels, *_PROCESS), metric, f"increase{window}")


def latest(name: str, *matchers: str) -> str:
    """The last value of a series that is recorded once an hour.

    It may be up to a day old if Prometheus was down.
    """
    return f"last_over_time({over(select(name, *matchers), '1d')})"


def sampled(metric: Metric) -> str:
    """Name of a store's counter as recorded every few minutes, separately for each exporter."""
    return recorded((*metric.labels, *_PROCESS), metric, "sampled")


def increment(metric: Metric) -> str:
    """Name of the growth of a store's counter from one of these samples to the next."""
    return recorded((*metric.labels, *_PROCESS), metric, "increment")


def counted(
    metric: Metric,
    window: str,
    *matchers: str,
    function: str = "increase",
    offset: str = "",
    grown: str = "",
) -> str:
    """The increase of a store's counter within a window, whichever exporters counted it.

    If exporters counted one after the other, as when a replica or another shard took over a store,
    their increases are added. If they watched the store at the same time, they counted the same
    events, and the highest count is used; so it is for as long as the two cases cannot be
    distinguished.

    Args:
        metric: the counter.
        window: the window of the increase.
        matchers: matchers of the metric's labels.
        function: `increase` or `rate`.
        offset: how long ago the window ended.
        grown: the increase of each exporter's counter, if it is recorded. It is read twice, and
            hours of every counter take long to read.
    """
    grown = grown or f"{function}({over(select(metric, *matchers), window, offset)})"
    chosen = tuple(each for each in matchers if re.split(r"\W", each)[0] in STORE)
    together, seen = (select(name, *chosen) for name in (WATCHERS, WATCHERS_SEEN))
    several = f"max_over_time({over(together, window, offset)}) or {at(seen, offset)}"
    most = f"{aggregate('max', metric.labels, grown)} and {on(*STORE)} ({several})"
    return f"({most} or {total(metric.labels, grown)})"


def measured(labels: tuple[str, ...], rate: str, errors: str, *matchers: str) -> str:
    """The rate of the calls that count in a success ratio, by labels.

    Args:
        labels: the labels to keep.
        rate: PromQL of the rate of all calls by these labels.
        errors: the name of a recorded rate of errors.
        matchers: select some of these errors.
    """
    excluded = total(labels, select(errors, *matchers, one_of("fault", NOT_COUNTED)))
    return f"clamp_min({rate} - {promql.or_zero(excluded, rate)}, 0)"


def failed(labels: tuple[str, ...], rate: str, errors: str, *matchers: str) -> str:
    """The rate of failures among these calls. The arguments are those of `measured`."""
    found = total(labels, select(errors, *matchers, one_of("fault", FAILURES)))
    return promql.or_zero(found, rate)


def histograms(*matchers: str) -> str:
    """Rates of the native histograms of each operation. Few queries read them: see `buckets`."""
    return _rates(operations.OPERATION_DURATION.name, *matchers)


def buckets(*matchers: str) -> str:
    """Rates of the classic buckets of each operation.

    They are not recorded: they would be more samples than everything else that is recorded every
    minute or two, and only pages of single operations of chosen stores read them.
    """
    return _rates(f"{operations.OPERATION_DURATION.name}_bucket", *matchers)


def _rates(name: str, *matchers: str) -> str:
    return f"rate({over(named(name, *matchers) if matchers else name, RATE_WINDOW)})"


def of_operations(figure: Callable[..., str], labels: tuple[str, ...], *matchers: str) -> str:
    """One of these two figures, summed over some operations, by labels."""
    # VictoriaMetrics finds nothing where the parts have no labels.
    by = labels or STORE
    rate = total(by, select(OPERATION_RATE, *matchers))
    found = figure(by, rate, OPERATION_ERROR_RATE, *matchers)
    return found if labels else total(labels, found)


def ratio(good: str, all_of: str) -> str:
    """The share of good events; no result if there were no events."""
    return f"clamp({good} / ({all_of} > 0), 0, 1)"
