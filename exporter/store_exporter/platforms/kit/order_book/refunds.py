"""The refunds of remembered orders: each counts once, and only if it is new. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from . import accounts
from .accounts import CURRENCY, MODIFIED, REFUNDS, CountedRefund
from .memory import OrderMemory


class RefundMemory(OrderMemory):
    """Counters and a memory of orders, which accounts for their refunds.

    Attributes:
        newest: the largest id when counting began, if orders and refunds are numbered in one
            sequence: undated refunds up to it are older than the counting. Otherwise 0.
        refunds_began: Unix time from which undated refunds count, if that is later than `began`.
    """

    def __init__(self, began: int, limit: int) -> None:
        super().__init__(began, limit)
        self.newest = 0
        self.refunds_began = 0

    def _count_refunds(
        self,
        order_id: str,
        entry: list[Any],
        refunds: Iterable[CountedRefund],
        since: int,
        *,
        count: bool = True,
    ) -> None:
        """Count the refunds that are new since a time; or remember all without counting."""
        known = dict(accounts.refunds_of(entry))
        since, is_dated = max(since, self.undated.get(order_id, 0)), True
        for refund in refunds:
            if refund.id not in known:
                if since and count and refund.created is None and not self._is_old(refund.id):
                    self.undated[order_id], is_dated = max(since, self.refunds_began), False
                    continue
                when = refund.created or 0
                is_new = count and (not since or when >= since)
                known[refund.id] = "0" if is_new or not refund.amount else None
                may_be_known = self.began <= when < min(since, self.horizon) and refund.amount
                if count and may_be_known and self.outlives(entry[MODIFIED], order_id):
                    # Nothing shows whether the refund was counted before the order was forgotten.
                    self.doubt(1, entry[MODIFIED])
            counted = known[refund.id]
            if counted is not None and refund.amount > Decimal(counted):
                self.add(self.refunds, entry[CURRENCY], refund.amount - Decimal(counted))
                known[refund.id] = str(refund.amount)
        if is_dated:
            self.undated.pop(order_id, None)
        entry[REFUNDS:] = [part for pair in known.items() for part in pair]

    def _is_old(self, refund_id: str) -> bool:
        """Whether a refund's id shows that it is older than the counting."""
        return refund_id.isdigit() and int(refund_id) <= self.newest

    def _return_refunds(self, refunds: Iterable[CountedRefund], entry: list[Any]) -> None:
        """Count as revenue the counted amounts of refunds that an uncounted order no longer has."""
        there = {refund.id: refund.amount for refund in refunds}
        for place in range(REFUNDS, len(entry), 2):
            counted, now = Decimal(entry[place + 1] or 0), there.get(entry[place], Decimal(0))
            if counted > now:
                self.add(self.revenue, entry[CURRENCY], counted - now)
                entry[place + 1] = str(now)
