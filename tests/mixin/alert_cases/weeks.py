"""Orders and latency, compared with what is normal at this hour of the week."""

from __future__ import annotations

from store_exporter.metrics.catalogue import business, operations
from store_exporter.mixin import series
from store_exporter.mixin.rules import longterm
from tests.mixin.alert_cases.business import ORDERS
from tests.mixin.alert_cases.case import WHO, Case, of
from tests.mixin.alert_cases.objectives import GET_CART

# Half an hour a sample, so that weeks are quick to evaluate. The shop sells 12 an hour.
WEEK = 7 * 48
SELLING = f"0+6x{4 * WEEK}"
SOLD = 6 * 4 * WEEK
STEADY = f"1x{5 * WEEK}"


def after(weeks: int, minutes: int) -> str:
    """A moment after some weeks."""
    return f"{weeks * 7 * 24 * 60 + minutes}m"


def drought(sales: str, collector: str = STEADY) -> dict[str, str]:
    """A shop's orders, and whether they are read."""
    return {of(business.ORDERS_PAID): sales, ORDERS: collector, of(series.UP_SAMPLED): STEADY}


def opening(*hours: int) -> dict[str, str]:
    """Orders of two hours, every half hour, of a shop that sells 24 an hour in twelve of a day.

    Args:
        hours: when it opens in each week.
    """
    samples = []
    for opens in hours:
        sells = [2 * opens <= half % 48 < 2 * opens + 24 for half in range(WEEK)]
        samples += [12 * sum(sells[max(half - 4, 0) : half]) for half in range(WEEK)]
    return {
        of(series.orders_in("2h")): " ".join(map(str, samples)),
        ORDERS: STEADY,
        of(series.UP_SAMPLED): STEADY,
    }


def latency(weeks: int, before: float, now: float, per_sample: int = 60) -> dict[str, str]:
    """Calls that all take `before` s for some weeks, then `now` s, in classic buckets."""
    past, recent = weeks * WEEK, 14

    def bucket(bound: float) -> str:
        then, later = (per_sample / 1800 * (each <= bound) for each in (before, now))
        return f"{then}x{past} {later}x{recent}"

    return {
        **{
            of(series.STORE_BUCKETS, f'le="{bound}"'): bucket(float(bound))
            for bound in (*map(str, operations.OPERATION_DURATION.buckets), "+Inf")
        },
        of(longterm.CALLS, GET_CART): f"{per_sample}x{past + recent}",
        of(series.STORE_QUANTILE, 'quantile="0.95"'): f"{now}x{past + recent}",
    }


SLOW = (
    f"The p95 latency of {WHO} over the last hour is {{}}, more than 2 times the normal value at "
    "this hour of the week."
)

WEEKS = [
    Case(
        "StoreOrderDrought",
        "a shop that sold at this hour for four weeks and now sells nothing is a page",
        drought(f"{SELLING} {SOLD}x40")
        | {of(business.REVENUE, 'currency="EUR"'): f"0+7500x{4 * WEEK} {7500 * 4 * WEEK}x40"},
        after(4, 360),
        f"{WHO} had no order in the last 2h; normally it has 24 at this time of the week.",
        labels={"window": "2h"},
        step="30m",
        pace="1h",
        groups=("business", "costs"),
        facts={"cost": "about 15,000 EUR an hour in 12 orders, at this time of the week"},
    ),
    Case(
        "StoreOrderDrought",
        "a shop that goes on selling is not",
        drought(f"0+6x{5 * WEEK}"),
        after(4, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "two weeks of history are too few to know what is normal",
        drought(f"0+6x{2 * WEEK} {6 * 2 * WEEK}x40"),
        after(2, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "a shop that sells one an hour sells none now and then",
        drought(f"0+0.5x{4 * WEEK} {0.5 * 4 * WEEK}x40"),
        after(4, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "orders that we fail to read are not orders that are missing",
        drought(f"{SELLING} {SOLD}x40", f"1x{4 * WEEK} 0x40"),
        after(4, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "a shop that opens an hour later by our clock since clocks changed is not open yet",
        opening(8, 8, 8, 8, 9),
        after(4, 9 * 60),
        step="30m",
        pace="30m",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "and one that closes an hour earlier is closed",
        opening(8, 8, 8, 8, 7),
        after(4, 21 * 60 + 30),
        step="30m",
        pace="30m",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "what was not recorded an hour ago, as while Prometheus was down, holds nothing back",
        {
            of(series.orders_normal("2h")): "24x12 _x12 24x36",
            of(series.orders_ahead("2h")): "24x60",
            of(series.orders_in("2h")): "0x60",
            ORDERS: STEADY,
            of(series.UP_SAMPLED): STEADY,
        },
        "2h45m",
        f"{WHO} had no order in the last 2h; normally it has 24 at this time of the week.",
        labels={"window": "2h"},
        step="5m",
        groups=(),
    ),
    Case(
        "StoreOrderDrought",
        "nobody knows what a shop sold while nothing was scraped, though it sold little since",
        {
            of(series.orders_normal("2h")): "24x60",
            of(series.orders_ahead("2h")): "24x60",
            of(series.orders_in("2h")): "24x10 _x35 0x14",
            ORDERS: "1x10 _x35 1x14",
            of(series.UP_SAMPLED): "1x10 _x35 1x14",
        },
        "4h50m",
        step="5m",
        groups=(),
    ),
    Case(
        "StoreLatencyRegression",
        "ten times as slow as at this hour of the last weeks is a ticket",
        latency(4, 0.2, 2.0),
        after(4, 360),
        SLOW.format("2.425s"),
        "warning",
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
    Case(
        "StoreLatencyRegression",
        "as slow as it always was is no regression",
        latency(4, 2.0, 2.0),
        after(4, 360),
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
    Case(
        "StoreLatencyRegression",
        "two weeks of history are too few to know what is normal",
        latency(2, 0.2, 2.0),
        after(2, 360),
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
    Case(
        "StoreLatencyRegression",
        "an hour with a dozen operations has no p95 worth the name",
        latency(4, 0.2, 2.0, per_sample=6),
        after(4, 360),
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
]
