"""A shop's refunds, abandoned carts and products with changed prices, and their normal values."""

from __future__ import annotations

from ...metrics.catalogue import business
from ...metrics.catalogue.values import PriceChange
from .. import promql, series
from ..model import Group, Record
from ..policy import HOUR, SELDOM
from ..promql import STORE
from .costs import MONEY
from .seasonal import grown, same_hour_of_past_weeks

REFUNDS = series.recorded(MONEY, business.REFUNDS, "increase1d")
REFUNDS_NORMAL = series.recorded(MONEY, business.REFUNDS, "increase1d_normal")
CORRECTIONS = series.recorded(MONEY, business.CORRECTIONS, "increase1d")
REVENUE = series.recorded(MONEY, business.REVENUE, "increase1d")
ABANDONED = series.recorded(MONEY, business.CART_ABANDONED_VALUE, "max")
ABANDONED_NORMAL = series.recorded(MONEY, business.CART_ABANDONED_VALUE, "max_normal")
OTHER_PRICE = promql.one_of("price", (PriceChange.USUAL,), negate=True)
ORDERS = series.orders_in("1d")
CARTS = series.recorded(STORE, business.CARTS_ABANDONED, "max")
REPRICED = series.recorded(STORE, business.PRODUCTS_SOLD, "repriced")
REPRICED_SHARE = series.recorded(STORE, business.PRODUCTS_SOLD, "repriced_ratio")
# Once an hour: see `series.latest`.
REPRICED_NORMAL = series.recorded(STORE, business.PRODUCTS_SOLD, "repriced_ratio_normal")


def groups() -> list[Group]:
    """The rules of this module."""
    abandoned = promql.select(business.CART_ABANDONED_VALUE)
    carts = promql.select(business.CARTS_ABANDONED)
    sold = promql.total(STORE, promql.each(business.PRODUCTS_SOLD))
    other = promql.total(STORE, promql.each(business.PRODUCTS_SOLD, OTHER_PRICE))
    rules = [
        *grown(REFUNDS, business.REFUNDS, "1d"),
        Record(REFUNDS_NORMAL, same_hour_of_past_weeks(REFUNDS, MONEY)),
        *grown(CORRECTIONS, business.CORRECTIONS, "1d"),
        *grown(REVENUE, business.REVENUE, "1d"),
        Record(ABANDONED, promql.aggregate("max", MONEY, abandoned)),
        Record(ABANDONED_NORMAL, same_hour_of_past_weeks(ABANDONED, MONEY)),
        Record(CARTS, promql.aggregate("max", STORE, carts)),
        Record(REPRICED, other),
        Record(REPRICED_SHARE, f"{REPRICED} / ({sold} > 0)"),
    ]
    # Without the last day, which is compared with it.
    week = Record(REPRICED_NORMAL, f"avg_over_time({REPRICED_SHARE}[7d:1h] offset 1d)")
    return [
        Group("store-exporter.surges", rules, interval=SELDOM),
        Group("store-exporter.surges.week", [week], interval=HOUR),
    ]
