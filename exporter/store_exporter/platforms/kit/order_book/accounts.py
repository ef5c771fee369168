"""The orders that the ledger reads, and the account that it keeps for each. No I/O.

An account records what the counters contain of one order: the statuses in which it was seen, its
amount in revenue minus corrections, and each of its refunds. It is a plain list, in the form in
which it is saved, because one document contains thousands of accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]{1,3})?").fullmatch
"""A `Decimal` as text."""
MODIFIED, STATUSES, SINCE, CURRENCY, AMOUNT, REFUNDS = range(6)
"""Indices in an account.

MODIFIED: the latest time of change seen. STATUSES: the statuses in which the order was seen, and
the results of attempts to pay it, as bits. SINCE: for an order older than the counting, the time
from which its events count; 0 if all count. CURRENCY: index of its currency in the ledger. AMOUNT:
its part of revenue minus corrections; None while it does not count as paid. From REFUNDS on: the id
of a refund and its counted amount, None for a refund older than the counting; then the next refund,
and so on.
"""


@dataclass(frozen=True, slots=True)
class CountedRefund:
    """One refund: its id, its amount, and its Unix time if the platform shows it.

    The amount is zero while the refund is pending; it counts when there is one, at whatever date.
    """

    id: str
    amount: Decimal
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received for an order, in the order's currency, and when, in Unix time."""

    amount: Decimal
    when: int


@dataclass(frozen=True, slots=True)
class CountedOrder:
    """One order as read now. Times are whole Unix seconds of the store's clock.

    Attributes:
        id: the platform's id, unique in the store.
        status: a label value from the platform's closed list.
        currency: currency of all amounts.
        total: gross amount with tax and shipping.
        created: when it was placed.
        modified: when it last changed.
        paid: when it was first paid, or None.
        entered: when it entered a status, as far as known, by status.
        refunds: all its refunds.
        payments: its payments, whose sum is the order's amount, if the platform shows each; None
            if it shows only whether an order is paid, and the amount is then `total`.
        method: the id of its payment method; "" if the platform does not show it.
        attempts: if the platform shows each attempt to pay, the time of the latest one by payment
            method and result, `PAID` or `FAILED`.
    """

    id: str
    status: str
    currency: str
    total: Decimal
    created: int
    modified: int
    paid: int | None = None
    entered: Mapping[str, int] = field(default_factory=dict)
    refunds: tuple[CountedRefund, ...] = ()
    payments: tuple[Payment, ...] | None = None
    method: str = ""
    attempts: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def moments(self) -> list[int]:
        """Return the times at which money was received."""
        if self.payments is not None:
            return [payment.when for payment in self.payments]
        return [] if self.paid is None else [self.paid]

    def amount(self, since: int, *, counted: bool) -> Decimal | None:
        """Return the order's amount to count; None if there is none yet.

        Payments count from a time on. An order that is counted already remains so.
        """
        recent = [when for when in self.moments() if when >= since]
        if not recent and not counted:
            return None
        if self.payments is None:
            return self.total
        return sum((p.amount for p in self.payments if p.when >= since), Decimal(0))


def is_account(account: Any, currencies: int) -> bool:
    """Whether something that was saved is an account of a ledger with so many currencies."""
    # A document has thousands of them, so this is written for speed.
    if type(account) is not list or len(account) < REFUNDS or len(account) % 2 != REFUNDS % 2:
        return False
    modified, statuses, since, currency, amount, *refunds = account
    if not (type(modified) is type(statuses) is type(since) is type(currency) is int):
        return False
    if not -1 <= currency < currencies or (amount is not None and not _is_amount(amount)):
        return False
    if not refunds:
        return True
    counted = [one for one in refunds[1::2] if one is not None]
    return all(type(one) is str for one in refunds[::2]) and all(map(_is_amount, counted))


def _is_amount(saved: Any) -> bool:
    return type(saved) is str and _AMOUNT(saved) is not None


def refunds_of(account: list[Any]) -> Iterator[tuple[str, str | None]]:
    """Yield the refunds of an account: id and counted amount."""
    return zip(account[REFUNDS::2], account[REFUNDS + 1 :: 2], strict=True)


def refunded_amount(account: list[Any]) -> Decimal:
    """Return the counted amount of an order's refunds."""
    return sum((Decimal(amount) for _, amount in refunds_of(account) if amount), Decimal(0))


def amounts(account: list[Any], order: CountedOrder) -> tuple[Decimal, Decimal] | None:
    """Return the amount that an account should have, before and after refunds older than counting.

    The refunds of the account are up to date. None while nothing is to be counted of the order.
    """
    amount = order.amount(account[SINCE], counted=account[AMOUNT] is not None)
    if amount is None:
        return None
    known = dict(refunds_of(account))
    # The counted amount of a refund that no longer exists belongs to the order again.
    there = sum((r.amount for r in order.refunds if known.get(r.id) is not None), Decimal(0))
    amount += refunded_amount(account) - there
    if order.payments is not None:
        return amount, amount
    # The order's total is counted, but not its refunds from before the counting.
    past = sum((r.amount for r in order.refunds if known.get(r.id, "") is None), Decimal(0))
    return amount, amount - past
