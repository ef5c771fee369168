"""Adjusts payments and refunds of an order to the totals that the platform shows. No I/O.

A platform's transactions need not add up to the order's own totals: amounts paid in other ways are
in no transaction, and amounts in the shop's currency are by another day's rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from .accounts import CountedRefund, Payment

REST = "rest"
"""The id of refunded amounts that are in no transaction."""


def settled_payments(
    payments: Sequence[Payment], received: Decimal, *, is_paid: bool, processed: int
) -> list[Payment]:
    """Return payments whose sum is the amount received.

    An amount that is in no payment is added with the date of the last one. A paid order for nothing
    gets a payment of nothing.

    Args:
        payments: the payments that succeeded.
        received: the amount received.
        is_paid: whether the order is paid, and so needs at least one payment.
        processed: Unix time of the order, used if it has no payments.
    """
    rest = received - sum((payment.amount for payment in payments), Decimal(0))
    if not rest and (payments or not is_paid):
        return list(payments)
    last = max((payment.when for payment in payments), default=processed)
    return [*payments, Payment(rest, last)]


def settled_refunds(
    refunds: Sequence[CountedRefund], refunded: Decimal, *, others: Decimal, when: int
) -> list[CountedRefund]:
    """Return refunds whose sum is the amount refunded.

    Args:
        refunds: the refunds that succeeded, each with its time.
        refunded: the amount refunded; it may include `others`.
        others: the amount of refunds that are pending or tests.
        when: Unix time for an amount that is in no refund.
    """
    found = list(refunds)
    rest = refunded - sum((refund.amount for refund in found), Decimal(0))
    if rest > others:
        # A platform may include pending refunds in the total.
        found.append(CountedRefund(REST, rest - others, when))
    return _lowered(found, -rest)


def _lowered(refunds: Iterable[CountedRefund], excess: Decimal) -> list[CountedRefund]:
    """Return refunds with a sum lower by an excess, which is taken from the latest ones."""
    left = []
    for refund in sorted(refunds, key=lambda one: one.created or 0, reverse=True):
        reduction = min(max(excess, Decimal(0)), refund.amount)
        excess -= reduction
        left.append(replace(refund, amount=refund.amount - reduction))
    return left
