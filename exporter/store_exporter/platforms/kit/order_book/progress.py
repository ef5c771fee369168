"""How far the orders of a store have been read, by their times of change and by their ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .saved import restored
from .walk import Walk

_LATEST = 2**33
"""A Unix time in the year 2242."""


@dataclass(slots=True)
class NewOrders:
    """The place in the list of the newest ids, if one run could not read all new ones.

    Attributes:
        page: the page to continue with; 0 if there is nothing left.
        low: the smallest id that was read.
        high: the largest id that was read.
        left: the least number of new orders still to be read.
        read: number of new orders that were read.
    """

    page: int = 0
    low: int = 0
    high: int = 0
    left: int = 0
    read: int = 0

    def note_read(self, ids: Collection[int]) -> None:
        """Note new orders, whose ids are below those that were read before."""
        self.low = min(ids, default=self.low)
        self.left -= len(ids)
        self.read += len(ids)

    def stop_at(self, page: int) -> None:
        """Note the page with which the next run continues, and that orders are left."""
        self.page, self.left = page, max(1, self.left)


@dataclass(slots=True)
class ReadingProgress:
    """The place of the reading.

    Attributes:
        walk: the walk by times of change.
        latest: the largest known order id; None before the first check.
        count: number of orders at the last check, without those found to have vanished since, and
            with those found to be back; None if the store does not report it.
        unexplained: surplus of orders at that check without a known cause; the next run may read
            these.
        returned: surplus of orders that no run has read since: orders that had vanished came back
            with their old times of change.
        unsearched: number of vanished orders still to be read before it is certain that none of
            them is back.
        search: the place in a second reading of all changes as old as the memory. It is needed if
            no vanished order is back: then an order is back that no run read before it was deleted.
            None while there is no such reading.
        past: the place in the reading of orders from before counting began, whose refunds may not
            change their times of change; None while that was not needed.
        past_limit: how many orders were to be remembered when that reading began.
        again: the place in a second reading of times at which fewer orders were shown than counted.
        missing: number of orders that had vanished at the last check and were not found since.
        unchecked: number of remembered orders still to be read before it is certain that none of
            them vanished.
        decimals: how many the shop showed when amounts were read; None before the first reading.
        is_guess: whether amounts were guessed then, as nothing showed how they were rounded.
        outdated: number of remembered orders still to be read again since either has changed.
        unsure: ids of orders that count as deleted because others of their page are, and that are
            still to be requested individually.
        ahead: the place in the orders with ids beyond `latest`, which are read over several runs.
        walked_from: the time of change from which the walk has read since all ids up to the largest
            were last known; None if that was at the end of the last run.
        lists_others: whether the list was seen to contain drafts or the trash.
        empty_since: Unix time since which the list is empty although it had many orders; 0 while
            it is not.
        unsorted_at: Unix time at which the list was last seen not to be sorted as requested.
    """

    walk: Walk
    latest: int | None = None
    count: int | None = None
    unexplained: int = 0
    returned: int = 0
    unsearched: int = 0
    search: Walk | None = None
    past: Walk | None = None
    past_limit: int = 0
    again: Walk | None = None
    missing: int = 0
    unchecked: int = 0
    decimals: int | None = None
    is_guess: bool = False
    outdated: int = 0
    unsure: list[str] = field(default_factory=list)
    ahead: NewOrders = field(default_factory=NewOrders)
    walked_from: int | None = None
    lists_others: bool = False
    empty_since: int = 0
    unsorted_at: int = 0

    @property
    def still_gone(self) -> int:
        """The number of returned orders not found so far by the search for them."""
        return self.returned if self.search else min(self.returned, self.unsearched)

    @property
    def backlog(self) -> int:
        """The number of orders still to be read or searched for, as far as the store says."""
        walk = self.walk
        known = self.missing + self.outdated + len(self.unsure)
        # Orders that the walk was not shown may be the surplus.
        unread = max(walk.hidden, self.unexplained)
        past = self.past.backlog if self.past else 0
        return walk.backlog + unread + known + past + self.ahead.left + self.still_gone

    def reasons(self) -> list[str]:
        """Return why orders may be missing from the counters, one sentence each."""
        waiting = {
            "Orders that the store does not show, or shows without an id": self.walk.hidden,
            "New orders that are still to be read by their ids": self.ahead.left,
            "Orders that came back and were not found yet": self.still_gone,
            "Orders that vanished and were not found among those counted yet": self.missing,
            "Counted orders whose totals are to be read again in another way": self.outdated,
        }
        return [f"{what}: {count}." for what, count in waiting.items() if count]

    def note_returned(self) -> None:
        """Note that an order was read that was missing: at the last check, or before that."""
        if self.returned:
            self.returned -= 1
        elif self.unexplained:
            self.unexplained -= 1
        elif self.count is not None:
            self.count += 1

    def note_count(self, count: int | None, *, remembered: int) -> None:
        """Note how many orders there are, after those that are known to be new were added.

        If there are fewer than before, all `remembered` ones have to be read again. While the store
        does not say it (None), the last number stays, so that nothing that happens then is missed.
        """
        if count is None:
            return
        if self.count is not None:
            vanished = self.count - count
            self.unexplained = max(0, -vanished)
            if vanished > 0:
                self.missing += vanished
                self.unchecked = remembered
        self.count = count

    def note_reading(self, decimals: int, *, is_guess: bool, remembered: int) -> None:
        """Note how many decimals the shop shows, and whether amounts are guessed.

        After another number, or when there is no need to guess any more, all are read again.
        """
        if self.decimals not in (None, decimals) or (self.is_guess and not is_guess):
            self.outdated = remembered
        self.decimals, self.is_guess = decimals, is_guess

    def note_vanished(self) -> None:
        """Note that an order was found to have vanished: before the last check, or since then."""
        if self.missing:
            self.missing -= 1
        elif self.count is not None:
            self.count -= 1

    def end_ahead(self) -> None:
        """Note that all new orders are read up to the largest id that there was."""
        self.latest = self.ahead.high
        if self.count is not None:
            self.count += self.ahead.read
        self.ahead = NewOrders()

    def is_unread(self, order_id: str) -> bool:
        """Whether an id is larger than all ids that were seen."""
        if self.latest is None or not order_id.isdigit() or int(order_id) <= self.latest:
            return False
        return not (self.ahead.page and self.ahead.low <= int(order_id) <= self.ahead.high)

    def to_document(self) -> dict[str, Any]:
        """Return the place as JSON types, the walk's members beside its own."""
        own = asdict(self)
        walk: dict[str, Any] = own.pop("walk")
        return walk | own

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ReadingProgress:
        """Return the place that was saved.

        Raises:
            TypeError, ValueError: it makes no sense.
        """
        place = restored(cls, {**document, "walk": document})
        walks = filter(None, (place.walk, place.search, place.past, place.again))
        if not all(0 <= walk.position < _LATEST for walk in walks):
            raise ValueError("a position before 1970 or after the year 2242")
        return place
