"""Which orders a ledger remembers: bounded, the longest unread first. No I/O."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from typing import Any

from .accounts import AMOUNT, MODIFIED, SINCE
from .counters import Counters

_HARD_LIMIT = 4


class OrderMemory(Counters):
    """Counters with an account of each order that was seen and not forgotten.

    Args:
        began: Unix time of the store's clock at which counting began.
        limit: orders to remember.

    Attributes:
        undated: ids of orders with refunds of which only the date can tell whether they are new.
        horizon: orders last changed before this Unix time may have been forgotten.
    """

    def __init__(self, began: int, limit: int) -> None:
        super().__init__()
        self.began = began
        self.limit = limit
        self.horizon = began
        self.undated: set[str] = set()
        # Kept as it is saved, so that a run that reads three orders does not unpack thousands.
        # The longest unread accounts come first.
        self._seen: dict[str, list[Any]] = {}
        self._gone: set[str] = set()

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def present(self) -> int:
        """How many of the remembered orders are still there, as far as is known."""
        return len(self._seen) - len(self._gone)

    def remembers(self, order_id: str) -> bool:
        """Whether the order has been seen and not been forgotten."""
        return order_id in self._seen

    def is_gone(self, order_id: str) -> bool:
        """Whether the order is remembered as one that is there no more."""
        return order_id in self._gone

    def longest_unread(self, most: int, but: Collection[str] = ()) -> list[str]:
        """Return ids of remembered orders, those that are still to be paid in the first half.

        Args:
            most: how many.
            but: ids to leave out.
        """
        accounts_of = [(n, entry) for n, entry in self._seen.items() if n not in but]
        unpaid = [n for n, entry in accounts_of if entry[AMOUNT] is None and not entry[SINCE]]
        chosen = dict.fromkeys(unpaid[: most // 2])
        for order_id, _ in accounts_of:
            if len(chosen) >= most:
                break
            chosen[order_id] = None
        return list(chosen)

    def touch(self, order_id: str) -> None:
        """Note that an order was looked for; of one that is not remembered nothing is noted."""
        if order_id in self._seen:
            self._seen[order_id] = self._seen.pop(order_id)

    def forget(self, before: int) -> None:
        """Forget the longest unchanged orders where there are too many.

        Args:
            before: orders changed at or after this time are kept, because the walk may read them
                again; only a memory of four times the limit overrules this.
        """
        excess = len(self._seen) - self.limit
        if excess <= 0:
            return
        # A tenth more than necessary, so that not every page has to search.
        oldest = heapq.nsmallest(
            excess + self.limit // 10,
            ((entry[MODIFIED], order_id) for order_id, entry in self._seen.items()),
        )
        must = max(0, len(self._seen) - self.limit * _HARD_LIMIT)
        for index, (modified, order_id) in enumerate(oldest):
            if modified >= before and index >= must:
                break
            del self._seen[order_id]
            self._gone.discard(order_id)
            self.undated.discard(order_id)
            self.horizon = max(self.horizon, modified + 1)
