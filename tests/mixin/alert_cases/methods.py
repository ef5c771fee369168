"""Payment methods that fail, alone or among others."""

from __future__ import annotations

from store_exporter.metrics.catalogue import business
from tests.mixin.alert_cases.case import WHO, Case, of
from tests.mixin.alert_cases.weeks import WEEK, after


def payments(method: str, failed: str, paid: str) -> dict[str, str]:
    """Orders of a payment method, a sample every half hour."""
    label = f'payment_method="{method}"'
    return {
        of(business.PAYMENTS, f'{label}, result="failed"'): failed,
        of(business.PAYMENTS, f'{label}, result="paid"'): paid,
    }


def often_failing(now: int) -> dict[str, str]:
    """A shop in which 8 of 18 payments of half an hour fail for a week, and so many now."""
    return {
        of(business.ORDERS, 'status="failed"'): f"0+8x{WEEK} {8 * WEEK}+{now}x60",
        of(business.ORDERS_PAID): f"0+10x{WEEK + 60}",
    }


GOES_ON = payments("paypal", "0x400", "0+3x400")
METHODS = [
    Case(
        "StorePaymentMethodFailing",
        "a method of today has no week that it could be compared with",
        {**payments("stripe", f"0x{WEEK} 0+5x60", f"0x{WEEK + 60}"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "a shop whose payments often fail, as they did the week before, is as it always was",
        often_failing(now=8),
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "and it is told of where nearly all of them fail",
        often_failing(now=40),
        after(1, 360),
        f"80% of the payments at {WHO} failed in the last hour.",
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "a gateway whose payments all fail while others go on is a page",
        {**payments("stripe", "0+0.05x336 17+3x60", "0+3x336 1008x60"), **GOES_ON},
        after(1, 360),
        f"100% of the payments by stripe at {WHO} failed in the last two hours.",
        labels={"payment_method": "stripe"},
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "a gateway that always declines two of three works as it always did",
        {**payments("stripe", "0+2x400", "0+1x400"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "five of eight payments may fail by chance",
        {**payments("stripe", "0+0.05x336 17+1.25x60", "0+3x336 1008+0.85x60"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "two failed payments of a rare method are too few to mean anything",
        {**payments("stripe", "0x336 0+0.5x60", "0+0.5x336 168x60"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
]
