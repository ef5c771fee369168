"""Recording rules: what wide panels, objectives and alerts read instead of raw series.

Names follow Prometheus' convention `level:metric:operation`, where the level is the labels that
are left. All of them keep `org`, without which a view restricted to one org would not show them.
"""

from __future__ import annotations

from typing import Any

from ..errors import Fault
from ..metrics.catalogue import Metric, business, health, operations
from . import promql
from .model import Group, Record, as_document
from .policy import RATE_WINDOW, SEASONAL, STALE_SAMPLES
from .promql import OPERATION, STORE, one_of, total

W = RATE_WINDOW
QUANTILES = (0.5, 0.95, 0.99)
NOT_COUNTED = (Fault.CUSTOMER.value, Fault.CANCELLED.value)
"""Faults that are nobody's failure: they leave both sides of a success ratio."""
FAILURES = tuple(fault.value for fault in Fault if fault.value not in NOT_COUNTED)


def recorded(labels: tuple[str, ...], metric: Metric | str, operation: str) -> str:
    """Name of a recorded series."""
    base = metric.name.removesuffix("_total") if isinstance(metric, Metric) else metric
    return f"{'_'.join(labels)}:{base}:{operation}"


RATE = f"rate{W}"
OPERATION_FAULT = (*OPERATION, "fault")
STORE_ERROR = (*STORE, "error_type", "fault")

OPERATION_RATE = recorded(OPERATION, operations.OPERATIONS, RATE)
OPERATION_ERROR_RATE = recorded(OPERATION_FAULT, operations.OPERATION_ERRORS, RATE)
OPERATION_QUANTILE = recorded(OPERATION, operations.OPERATION_DURATION, f"quantile{W}")
OPERATION_MEASURED = recorded(OPERATION, "store_operations_measured", RATE)
OPERATION_FAILED = recorded(OPERATION, "store_operations_failed", RATE)
STORE_RATE = recorded(STORE, operations.OPERATIONS, RATE)
STORE_ERROR_RATE = recorded(STORE_ERROR, operations.OPERATION_ERRORS, RATE)
STORE_QUANTILE = recorded(STORE, operations.OPERATION_DURATION, f"quantile{W}")
STORE_MEASURED = recorded(STORE, "store_operations_measured", RATE)
STORE_FAILED = recorded(STORE, "store_operations_failed", RATE)
STORE_SUCCESS = recorded(STORE, "store_operations_success", f"ratio_{RATE}")
PROBE_QUANTILE = recorded((*STORE, "probe"), health.PROBE_DURATION, f"quantile{W}")
STORE_UP = recorded(STORE, health.UP, "max")
TROUBLE = recorded(STORE, "store_trouble", "score")
CREDENTIALS_REJECTED = recorded(STORE, "store_credentials_rejected", "current")
ORDERS_HOURLY = recorded(STORE, business.ORDERS_PAID, "increase1h")
REVENUE_HOURLY = recorded((*STORE, "currency"), business.REVENUE, "increase1h")
REVENUE_NORMAL = recorded((*STORE, "currency"), business.REVENUE, "rate7d")
LATENCY_HOURLY = recorded(STORE, operations.OPERATION_DURATION, "p95_1h")
LATENCY_NORMAL = recorded(STORE, operations.OPERATION_DURATION, "p95_1h_normal")


def orders_in(window: str) -> str:
    """Name of the recorded number of orders paid within a window."""
    return recorded(STORE, business.ORDERS_PAID, f"increase{window}")


def orders_normal(window: str) -> str:
    """Name of the recorded number of orders that such a window normally has."""
    return recorded(STORE, business.ORDERS_PAID, f"increase{window}_normal")


def ratio(good: str, all_of: str) -> str:
    """A share of good events; no result where nothing happened."""
    return f"clamp({good} / ({all_of} > 0), 0, 1)"


def operation_rules() -> Group:
    """Rates, failures and quantiles per operation and per store."""
    errors = promql.rate(operations.OPERATION_ERRORS, W)
    excluded = total(OPERATION, promql.select(OPERATION_ERROR_RATE, one_of("fault", NOT_COUNTED)))
    failed = total(OPERATION, promql.select(OPERATION_ERROR_RATE, one_of("fault", FAILURES)))
    rules = [
        Record(OPERATION_RATE, total(OPERATION, promql.rate(operations.OPERATIONS, W))),
        Record(OPERATION_ERROR_RATE, total(OPERATION_FAULT, errors)),
        Record(
            OPERATION_MEASURED,
            f"clamp_min({OPERATION_RATE} - {promql.or_zero(excluded, OPERATION_RATE)}, 0)",
        ),
        Record(OPERATION_FAILED, promql.or_zero(failed, OPERATION_RATE)),
        Record(STORE_RATE, total(STORE, OPERATION_RATE)),
        Record(STORE_ERROR_RATE, total(STORE_ERROR, errors)),
        Record(STORE_MEASURED, total(STORE, OPERATION_MEASURED)),
        Record(STORE_FAILED, total(STORE, OPERATION_FAILED)),
        Record(STORE_SUCCESS, f"1 - {ratio(STORE_FAILED, STORE_MEASURED)}"),
    ]
    return Group("store-exporter.operations", rules)


def quantile_rules() -> Group:
    """Latency quantiles, from native or classic histograms, whichever are scraped."""
    duration = operations.OPERATION_DURATION
    probe = (*STORE, "probe")
    rules = [
        Record(name, promql.quantile(q, metric, W, labels), {"quantile": f"{q:g}"})
        for name, metric, labels in (
            (OPERATION_QUANTILE, duration, OPERATION),
            (STORE_QUANTILE, duration, STORE),
            (PROBE_QUANTILE, health.PROBE_DURATION, probe),
        )
        for q in QUANTILES
        if metric is duration or q == 0.95
    ]
    return Group("store-exporter.quantiles", rules)


def health_rules() -> Group:
    """Whether each store is up, refuses our credentials, and how much trouble it is in."""
    recent = promql.over(promql.select(health.UP), STALE_SAMPLES)
    return Group(
        "store-exporter.health",
        [
            # A store's last state outlives the exporter for some minutes: a restart of the
            # exporter must not report every store that is down as recovered.
            Record(STORE_UP, promql.aggregate("max", STORE, f"last_over_time({recent})")),
            Record(CREDENTIALS_REJECTED, credentials_rejected()),
            Record(TROUBLE, trouble()),
        ],
    )


def trouble() -> str:
    """How badly a store needs somebody, to list the worst first.

    Ten for each critical alert that fires and one for each warning; equal stores are told apart
    by their share of failures, which is at most one.
    """
    critical, warning = (
        promql.or_zero(
            promql.aggregate("count", STORE, promql.firing(promql.equal("severity", severity))),
            STORE_UP,
        )
        for severity in ("critical", "warning")
    )
    return f"10 * {critical} + {warning} + {promql.or_zero(f'(1 - {STORE_SUCCESS})', STORE_UP)}"


def credentials_rejected() -> str:
    """One for each store that refused our credentials in its latest probe or collector run."""
    rejected = one_of("error_type", ("unauthorized", "forbidden"))
    parts = [
        f"({promql.total((*STORE, kind), promql.fresh_increase(failures, window, rejected))}"
        f" and {promql.on(*STORE, kind)} {promql.select(success)} == 0)"
        for kind, failures, success, window in (
            ("probe", health.PROBE_FAILURES, health.PROBE_SUCCESS, "10m"),
            ("collector", business.COLLECTOR_FAILURES, business.COLLECTOR_SUCCESS, "6h"),
        )
    ]
    return promql.aggregate("group", STORE, " or ".join(parts))


def business_rules() -> Group:
    """Orders and revenue of recent windows, and what they normally are."""
    money = (*STORE, "currency")
    rules = [
        Record(ORDERS_HOURLY, total(STORE, promql.increase(business.ORDERS_PAID, "1h"))),
        Record(REVENUE_HOURLY, total(money, promql.increase(business.REVENUE, "1h"))),
        Record(REVENUE_NORMAL, total(money, promql.rate(business.REVENUE, "7d"))),
    ]
    for window in SEASONAL.drought_windows:
        paid = total(STORE, promql.increase(business.ORDERS_PAID, window))
        rules.append(Record(orders_in(window), paid))
        rules.append(Record(orders_normal(window), same_hour_of_past_weeks(orders_in(window))))
    return Group("store-exporter.business", rules, interval=120)


def latency_rules() -> Group:
    """The p95 of an hour with enough operations, and what it normally is."""
    duration = operations.OPERATION_DURATION
    busy = total(STORE, promql.increase(operations.OPERATIONS, "1h"))
    slowest = promql.quantile(0.95, duration, "1h", STORE)
    return Group(
        "store-exporter.latency",
        [
            # An hour with few operations is left out here, and so never becomes history.
            Record(LATENCY_HOURLY, f"({slowest}) and {busy} >= {SEASONAL.latency_minimum:g}"),
            Record(LATENCY_NORMAL, same_hour_of_past_weeks(LATENCY_HOURLY)),
        ],
        interval=120,
    )


def same_hour_of_past_weeks(name: str) -> str:
    """Median of a recorded series at this weekday and hour in the past weeks.

    There is no result while too few of these weeks have a figure.
    """
    weeks = " or ".join(
        f'label_replace(last_over_time({name}[10m] offset {week}w), "week", "{week}", "", "")'
        for week in range(1, SEASONAL.weeks + 1)
    )
    median = promql.aggregate("quantile", STORE, f"0.5, {weeks}")
    known = promql.aggregate("count", STORE, weeks)
    return f"{median} and {known} >= {SEASONAL.history}"


def groups() -> list[Group]:
    """Every recording rule that does not depend on objectives."""
    return [
        health_rules(),
        operation_rules(),
        quantile_rules(),
        business_rules(),
        latency_rules(),
    ]


def document(*, pace: float = 1.0) -> dict[str, Any]:
    """Return the rule file's content.

    Args:
        pace: factor on the groups' own intervals; a demonstration uses less than 1.
    """
    return as_document(groups(), grafana="", runbooks="", pace=pace)
