"""The orders that the ledger reads, and the account that it keeps of each. No I/O.

An account records what was counted of one order: the statuses in which it was seen, its amount in
revenue minus corrections, and each of its refunds. It is a plain list, in the form in which it is
saved, because one document contains thousands of accounts.
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
"""Places in an account.

MODIFIED: the latest time of change seen. STATUSES: those it was seen in, and how attempts to pay it
ended, as bits. SINCE: of an order from before the counting, the time from which on what happened to
it counts; 0 when all of it does. CURRENCY: its place among the ledger's. AMOUNT: what stands for it
in revenue less corrections, None while it is not counted as paid. From REFUNDS on: the id of a
refund and what was counted of it, None when it is one from before; then the next refund, and so on.
"""


@dataclass(frozen=True, slots=True)
class CountedRefund:
    """One refund: its id, a positive amount, and its Unix time where the platform shows it."""

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
        currency: of all amounts.
        total: gross, tax and shipping included.
        created: when it was placed.
        modified: when it last changed.
        paid: when it was first paid, or None.
        entered: when it is known to have entered a status, by status.
        refunds: all its refunds.
        payments: where the platform shows each payment, the order's amount is their sum; None
            where it shows only that an order is paid, and the amount is then its total.
        method: the id of its payment method; "" where the platform does not show it.
        attempts: where the platform shows each attempt to pay, the latest one's time by payment
            method and by how it ended, `PAID` or `FAILED`.
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
        """Return when money came in."""
        if self.payments is not None:
            return [payment.when for payment in self.payments]
        return [] if self.paid is None else [self.paid]

    def amount(self, since: int, *, counted: bool) -> Decimal | None:
        """Return the amount to count of the order; None if there is none yet.

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
    # There are thousands of them in a document, so that this is quick rather than general.
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
    """Yield the refunds of an account: id, and what was counted of it."""
    return zip(account[REFUNDS::2], account[REFUNDS + 1 :: 2], strict=True)


def refunded_amount(account: list[Any]) -> Decimal:
    """Return what was counted of an order's refunds."""
    return sum((Decimal(amount) for _, amount in refunds_of(account) if amount), Decimal(0))


def amounts(account: list[Any], order: CountedOrder) -> tuple[Decimal, Decimal] | None:
    """Return what is to be in an account of its order, before and after refunds from before.

    The refunds of the account are up to date. None while nothing is to be counted of the order.
    """
    amount = order.amount(account[SINCE], counted=account[AMOUNT] is not None)
    if amount is None:
        return None
    known = dict(refunds_of(account))
    # What was counted of a refund that is there no more belongs to the order again.
    there = sum((r.amount for r in order.refunds if known.get(r.id) is not None), Decimal(0))
    amount += refunded_amount(account) - there
    if order.payments is not None:
        return amount, amount
    # The order's total is counted, but no refund that bears a date from before.
    past = sum((r.amount for r in order.refunds if known.get(r.id, "") is None), Decimal(0))
    return amount, amount - past
