"""What a shop sold and how quick it was, and what is normal at this hour of the week."""

from __future__ import annotations

from ...metrics.catalogue import Metric, business, operations
from .. import promql, series
from ..model import Group, Record
from ..policy import DAY, HOUR, MINUTE, SEASONAL
from ..promql import STORE, total

DAYS = 240
"""Seconds between evaluations of what looks back over hours and days: it moves little in less."""


def groups() -> list[Group]:
    """The rules of this module."""
    return [business_rules(), week_rules(), latency_rules()]


def business_rules() -> Group:
    """Orders and revenue of recent windows, and what they normally are."""
    failed, lost = (
        series.counted(business.ORDERS, "1h", promql.one_of("status", statuses))
        for statuses in (("failed",), ("failed", "cancelled"))
    )
    rules = [
        Record(series.ORDERS_HOURLY, series.counted(business.ORDERS_PAID, "1h")),
        Record(series.REVENUE_HOURLY, series.counted(business.REVENUE, "1h")),
        Record(series.FAILED_HOURLY, total(STORE, failed)),
        Record(series.LOST_HOURLY, total(STORE, lost)),
        *grown(series.PAYMENTS_RECENT, business.PAYMENTS, "2h"),
    ]
    for window in SEASONAL.drought_windows:
        rules.extend(grown(series.orders_in(window), business.ORDERS_PAID, window))
        rules.append(
            Record(series.orders_normal(window), same_hour_of_past_weeks(series.orders_in(window)))
        )
        if promql.seconds(window) < DAY:
            ahead = same_hour_of_past_weeks(series.orders_in(window), ahead=HOUR)
            rules.append(Record(series.orders_ahead(window), ahead))
    return Group("store-exporter.business", rules, interval=DAYS)


def week_rules() -> Group:
    """Means of a week by the hour, which change once in each hour."""
    orders, revenue = map(mean_of_a_week, (series.ORDERS_HOURLY, series.REVENUE_HOURLY))
    rules = [
        Record(series.ORDERS_NORMAL, orders),
        Record(series.REVENUE_NORMAL, f"{revenue} / {HOUR}"),
    ]
    return Group("store-exporter.business.week", rules, interval=HOUR)


def grown(name: str, metric: Metric, window: str) -> list[Record]:
    """By how much a store's counter grew within a long window, as each exporter counted it first.

    Args:
        name: of the series that is recorded of the store.
        metric: the counter.
        window: hours or days.
    """
    each = series.of_processes(metric, window)
    within, sampled = promql.increase(metric, window), list[Record]()
    if promql.seconds(window) >= DAY:
        within, sampled = of_samples(metric, window), [sample(metric)]
    return [
        *sampled,
        Record(each, within),
        Record(name, series.counted(metric, window, grown=each)),
    ]


def sample(metric: Metric) -> Record:
    """Some samples of a counter, because all of a day take long to read.

    They are the first one of a new series and the last one of one that ended, so that `increase`
    sees all that was counted. Only a counter that begins anew loses what it counted since the
    latest of them.
    """
    window = promql.duration(DAYS)
    last, first = (
        f"{function}_over_time({promql.over(metric.name, window)})" for function in ("last", "min")
    )
    known = f"{last} and {promql.at(metric.name, window)}"
    return Record(series.sampled(metric), f"({known}) or {first}")


def of_samples(metric: Metric, window: str) -> str:
    """By how much a counter grew, from its samples; nothing while they are younger than it is."""
    sampled = series.sampled(metric)
    margin = 15 * MINUTE
    # Some minutes around that time, because a Prometheus that starts scrapes before it records.
    around = promql.duration(promql.seconds(window) - margin)
    then = promql.over(sampled, promql.duration(2 * margin), around)
    older = f"{promql.at(metric.name, window)} unless last_over_time({then})"
    return f"{promql.increase(sampled, window)} unless ({older})"


def latency_rules() -> Group:
    """The p95 of an hour with enough operations, and what it normally is."""
    busy = total(STORE, promql.increase(operations.OPERATIONS, "1h"))
    native, classic = (
        f"sum_over_time({promql.over(name, '1h')})"
        for name in (series.STORE_HISTOGRAM, series.STORE_BUCKETS)
    )
    slowest = promql.quantile_of(0.95, native, classic)
    return Group(
        "store-exporter.latency",
        [
            # An hour with few operations is left out here, and so never becomes history.
            Record(
                series.LATENCY_HOURLY, f"({slowest}) and {busy} >= {SEASONAL.latency_minimum:g}"
            ),
            Record(series.LATENCY_NORMAL, same_hour_of_past_weeks(series.LATENCY_HOURLY)),
        ],
        interval=DAYS,
    )


def mean_of_a_week(name: str) -> str:
    """Mean of a recorded hourly series over the last week.

    Reading what was recorded each hour takes a five-hundredth of what the counter's own samples of
    a week would.
    """
    return f"avg_over_time({name}[7d:1h])"


def same_hour_of_past_weeks(name: str, labels: tuple[str, ...] = STORE, *, ahead: float = 0) -> str:
    """Median of a recorded series at this weekday and hour in the past weeks.

    There is no result while too few of these weeks have a figure.

    Args:
        name: of the series.
        labels: that are left.
        ahead: how many seconds later on these weekdays.
    """
    weeks = " or ".join(
        f"label_replace(last_over_time({name}[10m] offset "
        f'{promql.duration(week * 7 * DAY - ahead)}), "week", "{week}", "", "")'
        for week in range(1, SEASONAL.weeks + 1)
    )
    median = promql.aggregate("quantile", labels, f"0.5, {weeks}")
    known = promql.aggregate("count", labels, weeks)
    return f"{median} and {known} >= {SEASONAL.history}"
