"""Finds an order by the number that the shop gave it, if the store's search does not know numbers.

Numbers that a plugin gives in sequence rise with the ids, so the distance between an order's number
and those of a page tells where the order is in the list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ....errors import StoreError
from ....net.plans import Plan
from ..reading.fields import Fields
from ..reading.numbered_pages import NumberedPage

_MOST_PAGES = 6
_PATTERN = re.compile(r"(.*?)([0-9]{1,15})([^0-9]*)", re.ASCII | re.DOTALL)


class _Number(NamedTuple):
    """A number in a sequence: the digits that count up, and the text before and after them."""

    shape: tuple[str, str]
    value: int


def find_by_place(
    ask: Callable[[int], Plan[NumberedPage]],
    number: str,
    size: int,
    number_of: Callable[[Fields], str],
) -> Plan[int | None]:
    """Return the id of the order with a number; None if it is not where it should be.

    `ask` requests a page of so many orders, the largest id first, by its number from 1. At most six
    pages are read, and only one if orders are numbered by their ids. If many orders were deleted,
    the numbers are far apart and the first estimate goes too far. Each further estimate is between
    the pages that are known to be too new and too old.
    """
    wanted, page, too_new, too_old = _read(number), 1, 0, math.inf
    if wanted is None:
        return None
    for _ in range(_MOST_PAGES):
        rows = yield from ask(page)
        found = dict(_ids_by_number(rows, number_of))
        if number in found:
            return found[number]
        # Drafts, and orders that were placed before the plugin, are numbered by their ids.
        given = [own for own, identifier in found.items() if own != str(identifier)]
        away = _pages_away(wanted, given, size)
        too_new, too_old = (page, too_old) if away > 0 else (too_new, page)
        last = int(min(rows.pages or page, too_old - 1))
        if not away or last <= too_new:
            return None
        page = max(too_new + 1, min(page + away, last))
    return None


def _ids_by_number(
    page: NumberedPage, number_of: Callable[[Fields], str]
) -> Iterator[tuple[str, int]]:
    for item in page.items:
        try:
            order = Fields(item, "order")
            yield number_of(order), order.identifier()
        except StoreError:
            continue


def _read(number: str) -> _Number | None:
    match = _PATTERN.fullmatch(number)
    return _Number((match[1], match[3]), int(match[2])) if match else None


def _pages_away(wanted: _Number, numbers: Iterable[str], size: int) -> int:
    """Return how many pages further down the list a number should be; 0 if it should be here."""
    read = map(_read, numbers)
    alike = [own.value for own in read if own is not None and own.shape == wanted.shape]
    if not alike or min(alike) < wanted.value < max(alike):
        return 0
    is_older = wanted.value < min(alike)
    distance = min(alike) - wanted.value if is_older else wanted.value - max(alike)
    pages = -(-distance // size)
    return pages if is_older else -pages
