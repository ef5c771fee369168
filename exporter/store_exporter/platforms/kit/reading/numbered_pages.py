"""Reads lists in numbered pages: a part of a list, or all of it within a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from ....errors import StoreError
from ....net.plans import Plan
from .fields import Fields
from .lists import Rows

_SAMPLED = 5
"""The number of pages after which the time for the others can be estimated."""


Smaller = Callable[[int, StoreError], int | None]
"""Returns how many items to request after so many failed; None where fewer would not help."""


def _never(_: int, __: StoreError) -> None:
    return None


class NumberedPage(Protocol):
    """One of the numbered pages of a list."""

    @property
    def items(self) -> Sequence[Any]:
        """The raw items on the page."""

    @property
    def total(self) -> int | None:
        """How many items there are on all pages, if the store says so."""

    @property
    def pages(self) -> int | None:
        """How many pages there are, if the store says so."""


def read_pages(
    ask: Callable[[int, int], Plan[NumberedPage]],
    *,
    size: int,
    most: int,
    limit: int | None = None,
    until: Callable[[Any], bool] | None = None,
    smaller: Smaller = _never,
    left: Callable[[], float] = lambda: math.inf,
) -> Plan[Rows]:
    """Read a list whose pages have numbers.

    Args:
        ask: for a page by its number, which begins with 1, and its size.
        size: the most items that a page may have.
        most: the most items that are read, whatever number the store reports.
        limit: items requested; all of them without it.
        until: ends the reading before an item for which it is true.
        smaller: says how to go on after a page that failed; without it that is not tried.
        left: returns how many seconds are left for it; without it, time is not limited.
    """
    pages = _Pages(ask, min(limit or size, size), smaller, left)
    found = Rows()
    while pages.read < most:
        page = yield from pages.next()
        found.total = page.total
        for item in pages.new_of(page):
            if until is not None and until(item):
                return found
            found.items.append(item)
        enough = limit is not None and len(found.items) >= limit
        if enough or not pages.after(page):
            found.items = found.items[:limit]
            return found
    found.complete = False
    return found


def read_all(
    ask: Callable[[int, int], Plan[NumberedPage]],
    take: Callable[[Fields], None],
    *,
    what: str,
    size: int,
    left: Callable[[], float],
    smaller: Smaller = _never,
) -> Plan[int]:
    """Read all of a list whose pages have numbers, however long, without keeping it.

    Items that are added while it is read may be left out. `take` takes each item once; one that it
    cannot read is left out. `what` is the name of the items; the others are as in `read_pages`. How
    many items could not be read is returned.

    Raises:
        StoreError: response_too_large, the rest of the list would take longer than the time left;
            invalid_response, it ended before the lowest total that its pages stated, or no item
            can be read.
    """
    pages = _Pages(ask, size, smaller, left)
    unreadable, read, began = 0, 0, left()
    failure: StoreError | None = None
    least = math.inf
    while True:
        page = yield from pages.next()
        least = least if page.total is None else min(least, page.total)
        for item in pages.new_of(page):
            try:
                take(Fields.row(item, what, read + unreadable))
                read += 1
            except StoreError as error:
                failure, unreadable = error, unreadable + 1
        rest = pages.after(page)
        if not rest:
            break
        if pages.expected(rest) > left():
            raise _too_many(what, page.total, read + unreadable, began - left(), began)
    if read + unreadable < least < math.inf:
        message = f"the store has {least} {what}, but sent {read + unreadable}"
        raise StoreError("invalid_response", message)
    if failure is not None and not read:
        raise failure
    return unreadable


class _Pages:
    """The pages of a list in turn; smaller ones if the store is too slow for the first size.

    Attributes:
        number: of the last page.
        spent: seconds that the pages took.
    """

    def __init__(
        self,
        ask: Callable[[int, int], Plan[NumberedPage]],
        size: int,
        smaller: Smaller,
        left: Callable[[], float],
    ) -> None:
        self.number, self.spent = 0, 0.0
        self._seen: set[int | str] = set()
        self._ask, self._size, self._smaller, self._left = ask, size, smaller, left

    @property
    def read(self) -> int:
        """The number of items for which the pages so far have room."""
        return self.number * self._size

    def next(self) -> Plan[NumberedPage]:
        """GET the next page, or a smaller one."""
        while True:
            before = self._left()
            try:
                page = yield from self._ask(self.number + 1, self._size)
            except StoreError as error:
                smaller = self._smaller(self._size, error)
                # The smaller page may take as long.
                if smaller is None or self._left() <= before - self._left():
                    raise
                # The items read so far fill this many of the smaller pages, or a little more.
                self._size, self.number = smaller, self.number * self._size // smaller
            else:
                self.number += 1
                self.spent += before - self._left()
                return page

    def new_of(self, page: NumberedPage) -> Iterator[Any]:
        """Yield the items of a page whose ids are new: pages shift if something is added."""
        for item in page.items:
            key = item.get("id") if isinstance(item, dict) else None
            if not isinstance(key, (int, str)):
                yield item
            elif key not in self._seen:
                self._seen.add(key)
                yield item

    def expected(self, rest: int) -> float:
        """Return how many seconds `rest` more pages take at least, judged by the previous pages.

        A store that was idle is slow at first: a few pages show only the order of magnitude.
        """
        return rest * self.spent / self.number / (3 if self.number < _SAMPLED else 1)

    def after(self, page: NumberedPage) -> int:
        """Return how many pages follow the last one read; 1 if nothing shows it."""
        if not page.items:
            return 0
        if page.pages is None:
            return int(len(page.items) == self._size)
        return max(0, page.pages - self.number)


def _too_many(what: str, total: int | None, read: int, took: float, allowed: float) -> StoreError:
    count = "more" if total is None else str(total)
    message = f"there are {count} {what}, of which {read} were read in {took:.0f} s"
    return StoreError("response_too_large", f"{message}: {allowed:.0f} s are too few for all")
