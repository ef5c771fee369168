"""What share of a shop's payments fails, and what share of the week before did.

The share of a week changes little in an hour, and to read a week takes long.
"""

from __future__ import annotations

from ...metrics.catalogue import business
from .. import promql, series
from ..model import Group, Record
from ..policy import HOUR, THRESHOLDS
from ..promql import STORE, equal, select, total

METHOD = (*STORE, "payment_method")
WEEK = series.recorded(STORE, "store_orders_failed", "ratio7d")
METHOD_WEEK = series.recorded(METHOD, business.PAYMENTS, "failed_ratio7d")


def groups() -> list[Group]:
    """The rules of this module."""
    # Each up to when the window of the alert begins that compares with it, or before that.
    rules = [
        Record(WEEK, failing("sum_over_time({}[7d:1h] offset 1h)")),
        Record(METHOD_WEEK, method_failing("sum_over_time({}[7d:2h] offset 2h)")),
    ]
    return [Group("store-exporter.payments", rules, interval=HOUR)]


def failing(window: str = "{}") -> str:
    """The share of an hour's orders that failed.

    Args:
        window: PromQL that has a number of orders, for `{}`, of a longer time.
    """
    failed, paid = map(window.format, (series.FAILED_HOURLY, series.ORDERS_HOURLY))
    return _share(failed, paid, THRESHOLDS.payment_minimum)


def method_failing(window: str = "{}") -> str:
    """The share of two hours' orders of each payment method that failed. `window` as above."""
    failed, paid = (
        total(METHOD, window.format(select(series.PAYMENTS_RECENT, equal("result", result))))
        for result in ("failed", "paid")
    )
    return _share(failed, paid, THRESHOLDS.method_minimum)


def _share(failed: str, paid: str, least: float) -> str:
    """None where there are fewer orders than mean anything."""
    return f"{failed} / (({failed} + {promql.or_zero(paid, failed)}) >= {least:g})"
