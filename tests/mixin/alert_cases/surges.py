"""Refunds and abandoned carts, compared with what a store normally has."""

from __future__ import annotations

from store_exporter.metrics.catalogue import business
from tests.mixin.alert_cases.case import WHO, Case, of
from tests.mixin.alert_cases.weeks import WEEK, after

EUR = 'currency="EUR"'
# Counters are read a minute ago and over four minutes, so their samples are closer.
COUNTED = 10 * WEEK
EARNED = {
    of(business.REVENUE, EUR): f"0+300x{5 * COUNTED}",
    of(business.ORDERS_PAID): f"0+0.6x{5 * COUNTED}",
}
SURGES = [
    Case(
        "StoreRefundSurge",
        "a day with thirty times the refunds of past weeks is a ticket",
        {**EARNED, of(business.REFUNDS, EUR): f"0+3x{4 * COUNTED} {3 * 4 * COUNTED}+90x1000"},
        after(4, 1620),
        f"{WHO} refunded 43,200 EUR within a day, more than 3 times the normal amount and more "
        "than 20% of its revenue.",
        "warning",
        {"currency": "EUR"},
        step="3m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreRefundSurge",
        "what is always paid back is no surge",
        {**EARNED, of(business.REFUNDS, EUR): f"0+90x{5 * COUNTED}"},
        after(4, 1620),
        step="3m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreRefundSurge",
        "one refund of a shop with two orders a day is no surge",
        {
            of(business.REVENUE, EUR): f"0+1x{5 * COUNTED}",
            of(business.ORDERS_PAID): f"0+0.004x{5 * COUNTED}",
            of(business.REFUNDS, EUR): f"0+0.1x{4 * COUNTED} {0.4 * COUNTED:g}+30x1000",
        },
        after(4, 1620),
        step="3m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreRefundSurge",
        "two weeks of history are too few to know what is normal",
        {**EARNED, of(business.REFUNDS, EUR): f"0+3x{2 * COUNTED} {3 * 2 * COUNTED}+90x1000"},
        after(2, 1620),
        step="3m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreAbandonedCartsSurge",
        "two weeks of history are too few to know what is normal",
        {
            of(business.CART_ABANDONED_VALUE, EUR): f"2000x{2 * WEEK} 8000x100",
            of(business.CARTS_ABANDONED): f"30x{5 * WEEK}",
        },
        after(2, 360),
        step="30m",
        pace="3h",
        groups=("surges", "surges.week"),
    ),
    Case(
        "StoreAbandonedCartsSurge",
        "carts worth four times the normal are a ticket",
        {
            of(business.CART_ABANDONED_VALUE, EUR): f"2000x{4 * WEEK} 8000x100",
            of(business.CARTS_ABANDONED): f"30x{5 * WEEK}",
        },
        after(4, 360),
        f"Carts worth 8,000 EUR are abandoned at {WHO}, more than 3 times the normal value.",
        "warning",
        {"currency": "EUR"},
        step="30m",
        pace="3h",
        groups=("surges", "surges.week"),
    ),
    Case(
        "StoreAbandonedCartsSurge",
        "four carts are too few to mean anything, however dear they are",
        {
            of(business.CART_ABANDONED_VALUE, EUR): f"2000x{4 * WEEK} 8000x100",
            of(business.CARTS_ABANDONED): f"4x{5 * WEEK}",
        },
        after(4, 360),
        step="30m",
        pace="3h",
        groups=("surges", "surges.week"),
    ),
]
