"""How far the orders of a store have been read: by their times of change, by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from .walk import Walk


@dataclass(slots=True)
class NewOrders:
    """The place in the list of the newest ids, where one run could not read all that are new.

    Attributes:
        page: the page to go on with; 0 when there is nothing to go on with.
        low: the smallest id that was read.
        high: the largest id that was read.
        left: new orders still to be read, at least.
        read: new orders that were read.
    """

    page: int = 0
    low: int = 0
    high: int = 0
    left: int = 0
    read: int = 0


@dataclass(slots=True)
class ReadingProgress:
    """Where the reading stands.

    Attributes:
        walk: by times of change.
        latest: the largest id of an order that is known; None before the first look.
        count: how many orders there were at the last look, if the store says so.
        unexplained: by how many there were more at that look than was known why; the next run may
            read these.
        returned: by how many there are more that no run read since: orders that were gone came
            back with the time of change that they had.
        unsearched: how many of the orders that are gone are to be read until it is known that none
            of them is back.
        search: where all that changed as long ago as is remembered is read again, since none of
            those that are gone is back: an order that no run read before it was deleted. None while
            that is not done.
        missing: how many vanished from that number and are not accounted for; below zero, how many
            were found to have vanished since.
        unchecked: how many remembered orders are to be read until it is known that none of those
            that vanished is among them.
        ahead: where the orders with ids beyond `latest` are read over several runs.
        walked_from: from which time of change on the walk has read since all ids up to the largest
            were known last; None when that was at the end of the last run.
        lists_others: whether the list was seen to have drafts or the trash in it.
        empty_since: since which Unix time the list has been empty, where many orders were; 0 while
            it is not.
    """

    walk: Walk
    latest: int | None = None
    count: int | None = None
    unexplained: int = 0
    returned: int = 0
    unsearched: int = 0
    search: Walk | None = None
    missing: int = 0
    unchecked: int = 0
    ahead: NewOrders = field(default_factory=NewOrders)
    walked_from: int | None = None
    lists_others: bool = False
    empty_since: int = 0

    @classmethod
    def at(cls, since: int, newest: int = 0) -> ReadingProgress:
        """Return the place at which everything changed from a Unix time on is to be read."""
        return cls(Walk(since, newest=newest))

    @property
    def still_gone(self) -> int:
        """How many orders are back and not yet found, as far as the search for them goes."""
        return self.returned if self.search else min(self.returned, self.unsearched)

    def note_returned(self, orders: int) -> int:
        """Note how many orders that were not there before were read; return how many others."""
        explained = min(orders, self.returned)
        self.returned -= explained
        return orders - explained

    def end_ahead(self) -> None:
        """Note that all new orders are read up to the largest id that there was."""
        self.latest = self.ahead.high
        if self.count is not None:
            self.count += self.ahead.read
        self.ahead = NewOrders()

    def is_unread(self, order_id: str) -> bool:
        """Whether an id is beyond all that were seen by their ids."""
        if self.latest is None or not order_id.isdigit() or int(order_id) <= self.latest:
            return False
        return not (self.ahead.page and self.ahead.low <= int(order_id) <= self.ahead.high)

    def to_document(self) -> dict[str, Any]:
        """Return the place as JSON types."""
        return self.walk.to_document() | {
            "ahead": list(astuple(self.ahead)),
            "walked_from": self.walked_from,
            "lists_others": self.lists_others,
            "empty_since": self.empty_since,
            "latest": self.latest,
            "count": self.count,
            "unexplained": self.unexplained,
            "returned": self.returned,
            "unsearched": self.unsearched,
            "search": self.search and self.search.to_document(),
            "missing": self.missing,
            "unchecked": self.unchecked,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ReadingProgress:
        """Return the place that was saved.

        Raises:
            KeyError, TypeError, ValueError: it makes no sense.
        """
        walk = Walk.from_document(document)
        numbers = (document["latest"], document["count"])
        latest, count = (None if number is None else int(number) for number in numbers)
        missing, unchecked = (int(document[name]) for name in ("missing", "unchecked"))
        ahead = NewOrders(*map(int, document.get("ahead", ())))
        place = cls(walk, latest, count, missing=missing, unchecked=unchecked, ahead=ahead)
        for name in ("unexplained", "returned", "unsearched"):
            setattr(place, name, int(document.get(name, 0)))
        search = document.get("search")
        place.search = Walk.from_document(search) if search else None
        place.lists_others = bool(document.get("lists_others"))
        place.empty_since = int(document.get("empty_since", 0))
        walked = document.get("walked_from")
        place.walked_from = None if walked is None else int(walked)
        return place
