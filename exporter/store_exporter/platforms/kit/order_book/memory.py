"""The orders that a ledger remembers: bounded, in the order of their last reading. No I/O."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from itertools import islice
from typing import Any

from .accounts import AMOUNT, MODIFIED, SINCE

_HARD_LIMIT = 4


class OrderMemory:
    """An account of each order that was seen and not forgotten.

    Args:
        began: Unix time of the store's clock at which counting began.
        limit: the most orders to remember.

    Attributes:
        undated: by order id, the Unix time from which refunds of the order are new, if only their
            dates show that.
        horizon: orders last changed before this Unix time may have been forgotten.
        forgotten: the largest id of the forgotten orders that last changed in the second before
            the horizon; None while no order changed since the beginning was forgotten.
        floor: up to this Unix time, orders were forgotten that a walk might read again. A walk must
            not go back further, because it would take them for new orders.
        doubts: number of orders that may have been counted, forgotten, and then changed or deleted.
        doubted: Unix time of the latest of them.
    """

    def __init__(self, began: int, limit: int) -> None:
        self.began = began
        self.limit = limit
        self.horizon = began
        self.forgotten: int | None = None
        self.floor = 0
        self.doubts = 0
        self.doubted = 0
        self.undated: dict[str, int] = {}
        # In the form in which it is saved, so that a run that reads three orders does not unpack
        # thousands. The accounts that were not read for longest come first.
        self._seen: dict[str, list[Any]] = {}
        self._gone: set[str] = set()

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def present(self) -> int:
        """The number of remembered orders that still exist, as far as known."""
        return len(self._seen) - len(self._gone)

    @property
    def absent(self) -> int:
        """The number of remembered orders that no longer exist, as far as known."""
        return len(self._gone)

    def remembers(self, order_id: str) -> bool:
        """Whether the order has been seen and not been forgotten."""
        return order_id in self._seen

    def is_current(self, order_id: str, changed: int) -> bool:
        """Whether an order was read since its change, or may have been read and forgotten."""
        account = self._seen.get(order_id)
        if account is None:
            return not self.outlives(changed, order_id)
        return int(account[MODIFIED]) >= changed

    def was_absent(self, order_id: str, created: int) -> bool:
        """Whether an order created then did not exist when all existing orders had been read."""
        if order_id in self._seen:
            return order_id in self._gone
        return created > self.began and self.outlives(created, order_id)

    def beyond(self, number: int) -> set[int]:
        """Return the ids above one of the remembered orders that still exist, as far as known."""
        ids = (int(one) for one in self._seen if one.isdigit() and one not in self._gone)
        return {one for one in ids if one > number}

    def is_gone(self, order_id: str) -> bool:
        """Whether the order is remembered as one that no longer exists."""
        return order_id in self._gone

    def longest_unread(
        self, most: int, but: Collection[str] = (), *, unpaid_first: bool = True
    ) -> list[str]:
        """Return ids of remembered orders except `but`, the longest unread first.

        With `unpaid_first`, up to half of them are orders that are still to be paid.
        """
        found = [(n, account) for n, account in self._seen.items() if n not in but]
        unpaid = [n for n, account in found if account[AMOUNT] is None and not account[SINCE]]
        chosen = dict.fromkeys(unpaid[: most // 2 if unpaid_first else 0])
        for order_id, _ in found:
            if len(chosen) >= most:
                break
            chosen[order_id] = None
        return list(chosen)

    def longest_gone(self, most: int, but: Collection[str] = ()) -> list[str]:
        """Return ids of orders that are gone except `but`, the longest unread first."""
        gone = (n for n in self._seen if n in self._gone and n not in but)
        return list(islice(gone, max(0, most)))

    def outlives(self, when: int, order_id: str) -> bool:
        """Whether an order with this id, created or changed then, cannot be a forgotten one."""
        if self.forgotten is None or when != self.horizon - 1:
            return when >= self.horizon
        return _number(order_id) > self.forgotten

    def doubt(self, orders: int, when: int) -> None:
        """Note that the counters may be wrong about a number of orders that are not remembered."""
        self.doubts += orders
        self.doubted = max(self.doubted, when)

    def touch(self, order_id: str) -> None:
        """Note that an order was requested; nothing is noted if it is not remembered."""
        if order_id in self._seen:
            self._seen[order_id] = self._seen.pop(order_id)

    def forget(self, before: int) -> None:
        """Forget the orders that have been unchanged for longest, if there are too many.

        Orders changed at or after `before` are kept, because the walk may read them again; only a
        memory of four times the limit overrules this. Of one second those with the smallest ids go
        first, as they are read.
        """
        excess = len(self._seen) - self.limit
        if excess <= 0:
            return
        # A tenth more than necessary, so that not every page needs a search.
        oldest = heapq.nsmallest(
            excess + self.limit // 10,
            ((account[MODIFIED], _number(one), one) for one, account in self._seen.items()),
        )
        must = max(0, len(self._seen) - self.limit * _HARD_LIMIT)
        for index, (modified, number, order_id) in enumerate(oldest):
            if modified >= before:
                if index >= must:
                    break
                self.floor = max(self.floor, modified)
            del self._seen[order_id]
            self._gone.discard(order_id)
            if self.undated.pop(order_id, None) is not None:
                self.doubt(1, modified)
            last = self.horizon - 1, self.forgotten or 0
            if modified >= self.began and (modified, number) >= last:
                self.horizon, self.forgotten = modified + 1, number


def _number(order_id: str) -> int:
    """Return an id as a number, because platforms count them up; 0 if it is not a number."""
    return int(order_id) if order_id.isdigit() else 0
