"""A shop's sales and latency, and their normal values at this hour of the week."""

from __future__ import annotations

from ...metrics.catalogue import Metric, business
from ...metrics.catalogue.values import OrderStatus
from .. import promql, series
from ..model import Group, Record
from ..policy import DAY, HOUR, MINUTE, SEASONAL, SELDOM
from ..promql import STORE, total
from . import longterm

GAP = "1d"
"""The longest downtime of Prometheus after which the growth meanwhile is not lost."""


def groups() -> list[Group]:
    """The rules of this module."""
    return [business_rules(), week_rules(), latency_rules()]


def business_rules() -> Group:
    """Orders and revenue of recent windows, and their normal values."""
    failed, lost = (
        series.counted(business.ORDERS, "1h", promql.one_of("status", statuses))
        for statuses in ((OrderStatus.FAILED,), tuple(OrderStatus))
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
    return Group("store-exporter.business", rules, interval=SELDOM)


def week_rules() -> Group:
    """Means of a week of hourly figures, which change once an hour."""
    # Reading the hourly records takes a five-hundredth of the time that reading a week of the
    # counters' own samples would take.
    orders, revenue = (
        f"avg_over_time({name}[7d:1h])" for name in (series.ORDERS_HOURLY, series.REVENUE_HOURLY)
    )
    rules = [
        Record(series.ORDERS_NORMAL, orders),
        Record(series.REVENUE_NORMAL, f"{revenue} / {HOUR}"),
    ]
    return Group("store-exporter.business.week", rules, interval=HOUR)


def grown(name: str, metric: Metric, window: str) -> list[Record]:
    """The growth of a store's counter within a long window, first for each exporter."""
    each = series.of_processes(metric, window)
    within, sampled = promql.increase(metric, window), list[Record]()
    if promql.seconds(window) >= DAY:
        within, sampled = of_increments(metric, window), samples(metric)
    return [
        *sampled,
        Record(each, within),
        Record(name, series.counted(metric, window, grown=each)),
    ]


def samples(metric: Metric) -> list[Record]:
    """Some samples of a counter, and its growth from one to the next, for exact sums of days.

    Both rules read the same value, so each sample is the end of one increment and the start of the
    next. A new counter grows from its first value. An increment includes the growth while
    Prometheus was down for up to a day. A counter that fell restarted at zero, and loses the growth
    since the latest sample.
    """
    # Of a scrape that is being stored, one of the two rules could see nothing and the other all.
    window = promql.over(metric.name, promql.duration(SELDOM), longterm.DELAY)
    latest, first = f"last_over_time({window})", f"min_over_time({window})"
    # The sample of this moment may be recorded already; the offset leaves it out.
    before = f"last_over_time({promql.over(series.sampled(metric), GAP, '1s')})"
    return [
        Record(series.sampled(metric), latest),
        Record(series.increment(metric), f"{latest} - ({before} or {first}) >= 0 or {latest}"),
    ]


def of_increments(metric: Metric, window: str) -> str:
    """The growth of a counter; nothing while its samples are younger than the counter."""
    sampled = series.sampled(metric)
    margin = 15 * MINUTE
    # Some minutes around that time, because Prometheus scrapes before it first evaluates rules.
    around = promql.duration(promql.seconds(window) - margin)
    then = promql.over(sampled, promql.duration(2 * margin), around)
    older = f"{promql.at(metric.name, window)} unless last_over_time({then})"
    grown = f"sum_over_time({promql.over(series.increment(metric), window)})"
    return f"{grown} unless ({older})"


def latency_rules() -> Group:
    """The p95 of an hour with enough operations, and its normal value."""
    # An hour of the samples of all counters would take several times as long to read.
    busy = total(STORE, f"sum_over_time({longterm.CALLS}[1h])")
    native, classic = (
        f"sum_over_time({promql.over(name, '1h')})"
        for name in (series.STORE_HISTOGRAM, series.STORE_BUCKETS)
    )
    slowest = promql.quantile_of(0.95, native, classic)
    return Group(
        "store-exporter.latency",
        [
            # An hour with few operations is left out here, so it never becomes history.
            Record(
                series.LATENCY_HOURLY, f"({slowest}) and {busy} >= {SEASONAL.latency_minimum:g}"
            ),
            Record(series.LATENCY_NORMAL, same_hour_of_past_weeks(series.LATENCY_HOURLY)),
        ],
        interval=SELDOM,
    )


def same_hour_of_past_weeks(name: str, labels: tuple[str, ...] = STORE, *, ahead: float = 0) -> str:
    """Median of a recorded series at this weekday and hour in the past weeks.

    There is no result while too few of these weeks have a figure. `ahead` reads them so many
    seconds later.
    """
    ago = {n: promql.duration(n * 7 * DAY - ahead) for n in range(1, SEASONAL.weeks + 1)}
    weeks = " or ".join(
        promql.labelled(f"last_over_time({promql.over(name, '10m', offset)})", "week", f"{week}")
        for week, offset in ago.items()
    )
    median = promql.aggregate("quantile", labels, f"0.5, {weeks}")
    known = promql.aggregate("count", labels, weeks)
    return f"{median} and {known} >= {SEASONAL.history}"
