"""What a shop pays back and what shoppers leave in their carts, and what is normal of both."""

from __future__ import annotations

from ..metrics.catalogue import business
from . import promql, series
from .costs import MONEY
from .model import Group, Record
from .promql import STORE
from .seasonal import same_hour_of_past_weeks

REFUNDS = series.recorded(MONEY, business.REFUNDS, "increase1d")
REFUNDS_NORMAL = series.recorded(MONEY, business.REFUNDS, "increase1d_normal")
REVENUE = series.recorded(MONEY, business.REVENUE, "increase1d")
ABANDONED = series.recorded(MONEY, business.CART_ABANDONED_VALUE, "max")
ABANDONED_NORMAL = series.recorded(MONEY, business.CART_ABANDONED_VALUE, "max_normal")
ORDERS = series.orders_in("1d")
CARTS = series.recorded(STORE, business.CARTS_ABANDONED, "max")


def groups() -> list[Group]:
    """The rules of this module."""
    abandoned = promql.select(business.CART_ABANDONED_VALUE)
    carts = promql.select(business.CARTS_ABANDONED)
    rules = [
        Record(REFUNDS, series.counted(business.REFUNDS, "1d")),
        Record(REFUNDS_NORMAL, same_hour_of_past_weeks(REFUNDS, MONEY)),
        Record(REVENUE, series.counted(business.REVENUE, "1d")),
        Record(ABANDONED, promql.aggregate("max", MONEY, abandoned)),
        Record(ABANDONED_NORMAL, same_hour_of_past_weeks(ABANDONED, MONEY)),
        Record(CARTS, promql.aggregate("max", STORE, carts)),
    ]
    return [Group("store-exporter.surges", rules, interval=300)]
