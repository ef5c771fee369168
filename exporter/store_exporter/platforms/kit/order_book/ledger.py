"""Orders, revenue, refunds and corrections as counters that never count anything twice. No I/O.

In each currency, over the counted orders as they were last read,

    revenue - refunds - corrections = their amounts less what was refunded of them

docs/architecture/orders.md explains what counts, and what of orders that are not remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ....metrics.catalogue.values import OrderStatus
from . import accounts
from .accounts import (
    AMOUNT,
    CURRENCY,
    MODIFIED,
    REFUNDS,
    SINCE,
    STATUSES,
    CountedOrder,
    CountedRefund,
)
from .counters import FAILED, PAID, Counters
from .memory import OrderMemory

_ADDED = ("floor", "doubts", "doubted", "refunds_began")
"""Numbers that older documents lack; each begins at zero."""


class Ledger(OrderMemory):
    """The counters, and the memory by which each event is counted once.

    Attributes:
        counters: what was counted.
        walk_end: a first walk over old orders reads those changed up to this time; 0 if counting
            began without one.
        newest: the largest id when counting began, if orders and refunds are numbered in one
            sequence: undated refunds up to it are older than the counting. Otherwise 0.
        refunds_began: Unix time from which undated refunds count, if that is later than `began`.
    """

    def __init__(self, began: int, walk_end: int = 0, limit: int = 10_000) -> None:
        super().__init__(began, limit)
        self.counters = Counters()
        self.walk_end = walk_end
        self.newest = 0
        self.refunds_began = 0
        self._bits: dict[str, int] = {}

    def threshold(self, order: CountedOrder) -> int:
        """Return the time from which events of this order, if it is not remembered, are new.

        A first walk over old orders reads every order once, in the sequence in which they are
        forgotten. So forgetting does not affect orders that are still to be read; only those
        changed since the walk began may have been counted and forgotten.
        """
        is_ahead = order.modified <= self.walk_end and self.outlives(order.modified, order.id)
        return self.began if is_ahead else self.horizon

    def apply(self, order: CountedOrder, *, count: bool = True, is_new: bool = False) -> None:
        """Add the new events of an order.

        Without `count`, its present state is remembered as the starting point. `is_new` says that
        it was certainly not seen before, no matter how old its dates are.
        """
        place = self.counters.place(order.currency)
        account = self._seen.pop(order.id, None)
        if account is not None and order.id in self._gone and order.created > account[MODIFIED]:
            # After the restoration of a backup, a shop uses the numbers of lost orders again.
            account = None
        self._gone.discard(order.id)
        since = 0
        if account is None:
            account, since = self._opened(order, count=count, is_new=is_new)
        elif account[CURRENCY] != place:
            self._close(account)
            account[CURRENCY:] = [place, account[AMOUNT] and "0"]
        self._seen[order.id] = account
        account[MODIFIED] = max(account[MODIFIED], order.modified)
        self._apply_statuses(order, account, since, count=count)
        self._apply_attempts(order, account, since or account[SINCE], count=count)
        self._count_refunds(order.id, account, order.refunds, since or account[SINCE], count=count)
        self._settle(order, account)

    def _opened(self, order: CountedOrder, *, count: bool, is_new: bool) -> tuple[list[Any], int]:
        """Return a new account, and the time from which the order's events count; 0 if all do."""
        since = self.began if is_new else self.threshold(order)
        if count and (
            order.created >= since
            or (since == self.horizon and self.outlives(order.created, order.id))
        ):
            since = 0
        elif count and since > self.began and self._may_have_been_counted(order):
            self.doubt(1, order.modified)
        elif not count:
            since = max(since, *(when + 1 for when in order.moments()), 1)
        # The payment of an order that is not paid yet is new, whatever its date will be.
        paid_since = since if order.moments() or order.paid is not None else 0
        return [order.modified, 0, paid_since, self.counters.place(order.currency), None], since

    def _may_have_been_counted(self, order: CountedOrder) -> bool:
        if not self.outlives(order.modified, order.id):
            return False
        moments = (order.created, *order.moments())
        return any(self.began <= moment < self.horizon for moment in moments)

    def _apply_statuses(
        self, order: CountedOrder, account: list[Any], since: int, *, count: bool
    ) -> None:
        for status in {order.status, *order.entered}:
            if self._has_noted(account, status):
                continue
            when = order.entered.get(status)
            if count and (not since or (when is not None and when >= since)):
                self.counters.orders[status] = self.counters.orders.get(status, 0) + 1
                if status == OrderStatus.FAILED:
                    self.counters.pay(order.method, FAILED)

    def _has_noted(self, account: list[Any], name: str) -> bool:
        """Whether an account already has a status or an attempt to pay; it has it from now on."""
        bit = 1 << self._bits.setdefault(name, len(self._bits))
        noted = bool(account[STATUSES] & bit)
        account[STATUSES] |= bit
        return noted

    def _apply_attempts(
        self, order: CountedOrder, account: list[Any], since: int, *, count: bool
    ) -> None:
        """Count the order once for each payment method and result."""
        for (name, result), when in order.attempts.items():
            method = self.counters.method(name)
            if not self._has_noted(account, f"{result} by {method}") and count and when >= since:
                self.counters.pay(method, result)

    def _count_refunds(
        self,
        order_id: str,
        account: list[Any],
        refunds: Iterable[CountedRefund],
        since: int,
        *,
        count: bool = True,
    ) -> None:
        """Count the refunds that are new since a time; or remember all without counting."""
        known = dict(accounts.refunds_of(account))
        since, is_dated = max(since, self.undated.get(order_id, 0)), True
        for refund in refunds:
            if refund.id not in known:
                if since and count and refund.created is None and not self._is_old(refund):
                    self.undated[order_id], is_dated = max(since, self.refunds_began), False
                    continue
                when = refund.created or 0
                is_new = count and (not since or when >= since)
                known[refund.id] = "0" if is_new or not refund.amount else None
                may_be_known = self.began <= when < min(since, self.horizon) and refund.amount
                if count and may_be_known and self.outlives(account[MODIFIED], order_id):
                    # Nothing shows whether the refund was counted before the order was forgotten.
                    self.doubt(1, account[MODIFIED])
            counted = known[refund.id]
            if counted is not None and refund.amount > Decimal(counted):
                growth = refund.amount - Decimal(counted)
                self.counters.add(self.counters.refunds, account[CURRENCY], growth)
                known[refund.id] = str(refund.amount)
        if is_dated:
            self.undated.pop(order_id, None)
        account[REFUNDS:] = [part for pair in known.items() for part in pair]

    def _is_old(self, refund: CountedRefund) -> bool:
        """Whether a refund's id shows that it is older than the counting."""
        return refund.id.isdigit() and int(refund.id) <= self.newest

    def date_refunds(self, order_id: str, refunds: Iterable[CountedRefund]) -> None:
        """Count the new ones of all refunds of a remembered order, whose dates were requested."""
        account, refunds = self._seen[order_id], list(refunds)
        known = dict(accounts.refunds_of(account))
        self._count_refunds(order_id, account, refunds, account[SINCE])
        if account[AMOUNT] is not None:
            new = {number for number, counted in accounts.refunds_of(account) if counted is None}
            past = sum((r.amount for r in refunds if r.id in new - known.keys()), Decimal(0))
            self._account_for(account, Decimal(account[AMOUNT]) - past)

    def differs(self, order: CountedOrder) -> bool:
        """Whether a counted order has another amount, apart from refunds, than when last read."""
        account = self._seen.get(order.id)
        if account is None or account[AMOUNT] is None or order.id in self._gone:
            return False
        amounts = accounts.amounts(account, order)
        return amounts is not None and amounts[1] != Decimal(account[AMOUNT])

    def _settle(self, order: CountedOrder, account: list[Any]) -> None:
        amounts = accounts.amounts(account, order)
        if amounts is None:
            self._return_refunds(order.refunds, account)
            return
        if account[AMOUNT] is None:
            self.counters.paid += 1
            self.counters.pay(order.method, PAID)
            account[AMOUNT] = "0"
            self._account_for(account, amounts[0])
        self._account_for(account, amounts[1])

    def _account_for(self, account: list[Any], amount: Decimal) -> None:
        difference = amount - Decimal(account[AMOUNT])
        if difference > 0:
            self.counters.add(self.counters.revenue, account[CURRENCY], difference)
        elif difference < 0:
            self.counters.add(self.counters.corrections, account[CURRENCY], -difference)
        account[AMOUNT] = str(amount)

    def _close(self, account: list[Any]) -> None:
        """Correct the counters by the rest of an order, or by an uncounted order's refunds."""
        if account[AMOUNT] is None:
            self._return_refunds((), account)
        else:
            self._account_for(account, accounts.refunded_amount(account))

    def _return_refunds(self, refunds: Iterable[CountedRefund], account: list[Any]) -> None:
        """Count as revenue the counted amounts of refunds that an uncounted order no longer has."""
        there = {refund.id: refund.amount for refund in refunds}
        for place in range(REFUNDS, len(account), 2):
            counted, now = Decimal(account[place + 1] or 0), there.get(account[place], Decimal(0))
            if counted > now:
                self.counters.add(self.counters.revenue, account[CURRENCY], counted - now)
                account[place + 1] = str(now)

    def gone(self, order_id: str) -> None:
        """Note that a remembered order is deleted or in the trash."""
        self.touch(order_id)
        self.undated.pop(order_id, None)
        if order_id not in self._gone:
            self._gone.add(order_id)
            account = self._seen[order_id]
            # Refunds of an order paid before counting began stay counted.
            if account[AMOUNT] is not None or not account[SINCE]:
                self._close(account)

    def to_document(self) -> dict[str, Any]:
        """Return the ledger as JSON types, in a compact form because the memory is large."""
        return {
            "began": self.began,
            "walk_end": self.walk_end,
            "horizon": self.horizon,
            "forgotten": self.forgotten,
            **{name: getattr(self, name) for name in _ADDED},
            **self.counters.counted(),
            "newest": self.newest,
            "undated": list(self.undated.items()),
            "gone": sorted(self._gone),
            "statuses": list(self._bits),
            "seen": self._seen,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], limit: int = 10_000) -> Ledger:
        """Return a saved ledger.

        Raises:
            ValueError: the document is none.
        """
        try:
            ledger = cls(int(document["began"]), int(document["walk_end"]), limit)
            ledger.horizon, ledger.newest = int(document["horizon"]), int(document["newest"])
            forgotten = document.get("forgotten")
            ledger.forgotten = None if forgotten is None else int(forgotten)
            for name in _ADDED:
                setattr(ledger, name, int(document.get(name, 0)))
            ledger.counters.take_over(document)
            ledger._bits = {str(name): bit for bit, name in enumerate(document["statuses"])}
            ledger._seen = dict(document["seen"])
            currencies = len(ledger.counters.revenue)
            if not all(accounts.is_account(one, currencies) for one in ledger._seen.values()):
                raise TypeError("an account that is none")
            ledger.undated = {str(n): int(since) for n, since in document["undated"]}
            ledger._gone = {str(number) for number in document["gone"]}
            if not ledger.undated.keys() | ledger._gone <= ledger._seen.keys():
                raise KeyError("an order without an account")
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"not a ledger: {error!r}") from error
        return ledger
