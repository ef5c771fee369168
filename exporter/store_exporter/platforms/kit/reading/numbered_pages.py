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


class NumberedPages:
    """The pages of a list in turn; smaller ones if the store is too slow for the first size.

    Args:
        ask: for a page by its number, which begins with 1, and its size.
        size: the most items that a page may have.
        smaller: returns how many items to request after so many failed; None where fewer would not
            help.
        left: returns how many seconds are left for the list.
    """

    def __init__(
        self,
        ask: Callable[[int, int], Plan[NumberedPage]],
        size: int,
        smaller: Callable[[int, StoreError], int | None] = lambda *_: None,
        left: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._number, self._spent = 0, 0.0
        self._seen: set[int | str] = set()
        self._ask, self._size, self._smaller, self._left = ask, size, smaller, left

    def read(
        self, most: int, limit: int | None = None, until: Callable[[Any], bool] | None = None
    ) -> Plan[Rows]:
        """Read the list up to `most` items, whatever number the store reports.

        The reading ends with `limit` items, or before an item for which `until` is true.
        """
        self._size = min(limit or self._size, self._size)
        found = Rows()
        # The pages so far have room for this many items.
        while self._number * self._size < most:
            page = yield from self._next()
            found.total = page.total
            for item in self._new_of(page):
                if until is not None and until(item):
                    return found
                found.items.append(item)
            enough = limit is not None and len(found.items) >= limit
            if enough or not self._after(page):
                found.items = found.items[:limit]
                return found
        found.complete = False
        return found

    def read_all(self, take: Callable[[Fields], None], what: str) -> Plan[int]:
        """Read all of the list, however long, without keeping it.

        Items that are added while it is read may be left out. `take` takes each item once; one that
        it cannot read is left out. `what` is the name of the items. How many items could not be
        read is returned.

        Raises:
            StoreError: response_too_large, the rest of the list would take longer than the time
                left; invalid_response, it ended before the lowest total that its pages stated, or
                no item can be read.
        """
        unreadable, read, began = 0, 0, self._left()
        failure: StoreError | None = None
        least = math.inf
        while True:
            page = yield from self._next()
            least = least if page.total is None else min(least, page.total)
            for item in self._new_of(page):
                try:
                    take(Fields.row(item, what, read + unreadable))
                    read += 1
                except StoreError as error:
                    failure, unreadable = error, unreadable + 1
            rest = self._after(page)
            if not rest:
                break
            left = self._left()
            if self._expected(rest) > left:
                count = "more" if page.total is None else page.total
                message = (
                    f"there are {count} {what}, of which {read + unreadable} were read in "
                    f"{began - left:.0f} s: {began:.0f} s are too few for all"
                )
                raise StoreError("response_too_large", message)
        if read + unreadable < least < math.inf:
            message = f"the store has {least} {what}, but sent {read + unreadable}"
            raise StoreError("invalid_response", message)
        if failure is not None and not read:
            raise failure
        return unreadable

    def _next(self) -> Plan[NumberedPage]:
        """GET the next page, or a smaller one."""
        while True:
            before = self._left()
            try:
                page = yield from self._ask(self._number + 1, self._size)
            except StoreError as error:
                smaller = self._smaller(self._size, error)
                # The smaller page may take as long.
                if smaller is None or self._left() <= before - self._left():
                    raise
                # The items read so far fill this many of the smaller pages, or a little more.
                self._size, self._number = smaller, self._number * self._size // smaller
            else:
                self._number += 1
                self._spent += before - self._left()
                return page

    def _new_of(self, page: NumberedPage) -> Iterator[Any]:
        """Yield the items of a page whose ids are new: pages shift if something is added."""
        for item in page.items:
            key = item.get("id") if isinstance(item, dict) else None
            if not isinstance(key, (int, str)):
                yield item
            elif key not in self._seen:
                self._seen.add(key)
                yield item

    def _expected(self, rest: int) -> float:
        """Return how many seconds `rest` more pages take at least, judged by the previous pages.

        A store that was idle is slow at first: a few pages show only the order of magnitude.
        """
        return rest * self._spent / self._number / (3 if self._number < _SAMPLED else 1)

    def _after(self, page: NumberedPage) -> int:
        """Return how many pages follow the last one read; 1 if nothing shows it."""
        if not page.items:
            return 0
        if page.pages is None:
            return int(len(page.items) == self._size)
        return max(0, page.pages - self._number)
