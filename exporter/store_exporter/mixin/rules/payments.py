"""The share of a shop's payments that fails, now and in the week before.

The week's share is recorded once an hour: it changes little in an hour, and reading a week is slow.
"""

from __future__ import annotations

from ...metrics.catalogue import business
from ...metrics.catalogue.values import PaymentResult
from .. import promql, series
from ..model import Group, Record
from ..policy import HOUR, THRESHOLDS
from ..promql import STORE, equal, select, total

METHOD = (*STORE, "payment_method")
WEEK = series.recorded(STORE, "store_orders_failed", "ratio7d")
METHOD_WEEK = series.recorded(METHOD, business.PAYMENTS, "failed_ratio7d")


def groups() -> list[Group]:
    """The rules of this module."""
    # Each ends before the window of the alert that is compared with it.
    rules = [
        Record(WEEK, failing("sum_over_time({}[7d:1h] offset 1h)")),
        Record(METHOD_WEEK, method_failing("sum_over_time({}[7d:2h] offset 2h)")),
    ]
    return [Group("store-exporter.payments", rules, interval=HOUR)]


def failing(window: str = "{}") -> str:
    """The share of an hour's orders that failed; no result if there are too few orders.

    `window` turns `{}`, PromQL of a number of orders, into that of a longer time.
    """
    failed, ended = _orders(window)
    return f"{failed} / ({ended} >= {THRESHOLDS.payment_minimum:g})"


def method_failing(window: str = "{}") -> str:
    """The share of two hours' orders of each payment method that failed; `window` as above."""
    failed, ended = _method_orders(window)
    return f"{failed} / ({ended} >= {THRESHOLDS.method_minimum:g})"


def by_chance() -> str:
    """Shops whose failed orders of an hour chance alone may explain."""
    return _by_chance(series.latest(WEEK), *_orders())


def method_by_chance() -> str:
    """Payment methods whose failed orders of two hours chance alone may explain."""
    return _by_chance(series.latest(METHOD_WEEK), *_method_orders())


def _orders(window: str = "{}") -> tuple[str, str]:
    failed, paid = map(window.format, (series.FAILED_HOURLY, series.ORDERS_HOURLY))
    return failed, f"({failed} + {promql.or_zero(paid, failed)})"


def _method_orders(window: str = "{}") -> tuple[str, str]:
    failed, ended = (
        total(METHOD, window.format(select(series.PAYMENTS_RECENT, *matchers)))
        for matchers in ((equal("result", PaymentResult.FAILED),), ())
    )
    return failed, ended


def _by_chance(before: str, failed: str, ended: str) -> str:
    """Where the usual share is within some standard deviations, if orders fail independently.

    Of the shares from which so many failures are that many deviations away, the lowest is found
    (Wilson's score interval), so the share of the week before, which a shop in its first week
    lacks, is read only once: reading hourly records takes most of the time. Nine failures of ten
    are not left to chance, so that an outage is detected in a shop with few orders too.
    """
    usual, z = f"{THRESHOLDS.payment_usual:g}", THRESHOLDS.payment_deviations
    expected = f"(clamp_min({before}, {usual}) or 0 * {failed} + {usual})"
    spread = f"{z:g} * sqrt({failed} * (1 - {failed} / {ended}) + {z * z / 4:g})"
    lowest = f"({failed} + {z * z / 2:g} - {spread}) / ({ended} + {z * z:g})"
    return f"{lowest} <= {expected} unless ({failed} / {ended} > 0.9)"
