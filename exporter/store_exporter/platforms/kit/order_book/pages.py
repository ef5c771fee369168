"""One page of a list of orders, and what it proves. No I/O."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

from ....errors import StoreError
from .accounts import CountedOrder

_FRESH = 5
"""Seconds in which an order may have been edited while its page was made."""
MAKING = 120
"""The most seconds in which a page is made."""
_REPEATED = 3_600


@dataclass(slots=True)
class OrderPage:
    """One page of orders, read.

    Attributes:
        orders: the readable orders.
        ids: ids of everything on the page; a text with the time of change for an entry without a
            readable id.
        changed: the readable times of change, in the page's order.
        unreadable: why the other orders could not be read, by id.
        problems: the same for those without a readable id, by that text.
        others: ids of drafts and of orders in the trash, with their times of change if known.
    """

    orders: list[CountedOrder] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unreadable: dict[str, StoreError] = field(default_factory=dict)
    problems: dict[str, StoreError] = field(default_factory=dict)
    others: dict[str, int | None] = field(default_factory=dict)

    def settled(self, server: float | None) -> list[int]:
        """Return the times of change that show how far the list was read.

        An order that is edited between the store's search and the reading of its fields has a time
        later than its place in the list. `server` is the store's clock, if it is known.
        """
        if server is None:
            return self.changed
        return [changed for changed in self.changed if changed < server - _FRESH] or self.changed

    def is_unsorted(self, since: int, server: float) -> bool:
        """Whether the orders are not those of a list by time of change, the earliest first.

        An order that is edited while its page is made has its place by the time before, and one
        that a cache shows as it was before `since` by the time after. WordPress sorts by the shop's
        clock, which repeats an hour when summer time ends.
        """
        old = [changed for changed in self.changed if since - 1 <= changed < server - MAKING]
        behind = map(operator.sub, accumulate(old, max), old)
        return max(behind, default=0) > _REPEATED

    def lists_others(self, server: float) -> bool:
        """Whether a list contains drafts or the trash, by the store's clock `server`.

        An order that is deleted while its page is made is on it by mistake.
        """
        return any((when or 0) < server - MAKING for when in self.others.values())

    @property
    def newest(self) -> int:
        """The largest id of the page's orders; 0 without any."""
        return _largest(self.ids)

    @property
    def newest_refund(self) -> int:
        """The largest id of the refunds of the page's orders; 0 without any."""
        return _largest(refund.id for order in self.orders for refund in order.refunds)


def _largest(ids: Iterable[str]) -> int:
    return max((int(number) for number in ids if number.isdigit()), default=0)
