"""Reads lists in numbered pages: a part of a list, or all of it within a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

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


P = TypeVar("P", bound=NumberedPage)
_PROGRAM_FAILED = 500
"""The status of a response that the store's program did not complete; 502 to 504 come from a server
in front of it."""


def is_of_one(error: StoreError) -> bool:
    """Whether an error may be that of a single item, because the store's program failed."""
    return error.status == _PROGRAM_FAILED


def read_one(ask: Callable[[int], Plan[P]]) -> Plan[P]:
    """Return a page of one item: the first; the second if the store's program fails at that.

    `ask` requests an item by its place in the list, from 1.
    """
    try:
        return (yield from ask(1))
    except StoreError as error:
        if not is_of_one(error):
            raise
    return (yield from ask(2))


def read_places(
    ask: Callable[[int], Plan[P]], number: int, size: int, failure: StoreError
) -> Plan[tuple[list[P], int]]:
    """Read the items of a page that failed, each as a page of its own.

    `ask` requests an item by its place in the list, from 1.

    Returns:
        The pages, without those of items at which the program fails; and how many these are.

    Raises:
        StoreError: `failure`, a single item is not its cause.
    """
    found: list[P] = []
    failed, before = 0, (number - 1) * size
    for place in range(before + 1, before + size + 1) if is_of_one(failure) else ():
        # Some stores count the page alone.
        if found and (not found[-1].items or 1 < (found[-1].total or 0) < place):
            break
        try:
            page = yield from ask(place)
        except StoreError as error:
            if not is_of_one(error):
                raise
            if failed and not found:
                break
            failed += 1
            continue
        found.append(page)
    if not found:
        raise failure
    return found, failed


@dataclass(frozen=True, slots=True)
class _WithGaps:
    """A page without the items at which the store's program fails."""

    items: Sequence[Any]
    total: int | None
    pages: int | None


class NumberedPages:
    """The pages of a list in turn; smaller ones if the store is too slow for the first size.

    If a small page fails too, its items are read one by one, and what fails is left out.

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
        self._largest = size
        self._around = False
        """Whether pages are small because of an item between them."""
        self._failed = 0

    def read(
        self,
        most: int,
        limit: int | None = None,
        until: Callable[[Any], bool] | None = None,
        is_late: Callable[[], bool] = lambda: False,
    ) -> Plan[Rows]:
        """Read the list up to `most` items, whatever number the store reports.

        The reading ends with `limit` items, before an item for which `until` is true, or with the
        page after which `is_late` is; then the list is not complete.
        """
        self._size = self._largest = min(limit or self._size, self._size)
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
            if is_late():
                break
        found.complete = False
        return found

    def read_all(self, add: Callable[[Fields], None], what: str) -> Plan[int]:
        """Read all of the list, however long, without keeping it.

        Items that are added while it is read may be left out. `add` is called with each
        item once; one that it cannot read is left out. `what` is the name of the items. How many
        items could not be read is returned.

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
                    add(Fields.row(item, what, read + unreadable))
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
        unreadable += self._failed
        if read + unreadable < least < math.inf:
            message = f"the store has {least} {what}, but sent {read + unreadable}"
            raise StoreError("invalid_response", message)
        if failure is not None and not read:
            raise failure
        return unreadable

    def _next(self) -> Plan[NumberedPage]:
        if self._around and not self._number * self._size % self._largest:
            self._number, self._size = self._number * self._size // self._largest, self._largest
            self._around = False
        while True:
            before = self._left()
            try:
                page = yield from self._ask(self._number + 1, self._size)
            except StoreError as error:
                smaller = self._smaller(self._size, error)
                # The smaller page may take as long.
                if self._left() <= before - self._left():
                    raise
                if smaller is None:
                    return (yield from self._next_with_gaps(error))
                # The items read so far fill this many of the smaller pages, or a little more.
                self._size, self._number = smaller, self._number * self._size // smaller
            else:
                self._number += 1
                # Pages around an item that fails do not show how long the others take.
                self._spent += 0 if self._around else before - self._left()
                return page

    def _next_with_gaps(self, failure: StoreError) -> Plan[NumberedPage]:
        """GET the items of the next page one by one, if larger pages with it failed too."""
        if self._size == self._largest:
            raise failure
        number, size = self._number + 1, self._size
        found, failed = yield from read_places(
            lambda place: self._ask(place, 1), number, size, failure
        )
        self._number, self._around = number, True
        self._failed += failed
        items = [item for page in found for item in page.items]
        total = max((page.total for page in found if page.total is not None), default=None)
        last = number + (len(items) + failed == size)
        return _WithGaps(items, total, last if total is None else -(-total // size))

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
