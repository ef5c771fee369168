"""Reads the orders of a page one by one, where one of them makes the store fail.

A program of the store may fail at one order, such as one with a damaged refund. Then it fails at
every page with that order, and without this no other order on them would be counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....errors import StoreError
from ....net.plans import Plan
from ..rest.api import RestPage

if TYPE_CHECKING:
    from .numbered_book import NumberedBook

_PROGRAM_FAILED = 500
"""The status of a response of which the store's program did not write the whole; 502 to 504 are
those of a server before it."""


def read_singly(
    book: NumberedBook[Any], params: Mapping[str, Any], failure: StoreError
) -> Plan[tuple[RestPage, dict[str, StoreError]]]:
    """Read a small page that failed: its ids first, then each of its orders.

    Those that failed in an earlier run are left out of a page of the others.

    Returns:
        The page, with only the id and the time of change of orders that fail; and why they do.

    Raises:
        StoreError: `failure`, the cause is not a single order: its status is not 500, the ids do
            not come either, or several orders fail and no other comes.
    """
    if failure.status != _PROGRAM_FAILED:
        raise failure
    try:
        listed = yield from book.ids_of(params)
    except StoreError:
        raise failure from None
    ids = [str(row.identifier()) for row in listed]
    read: dict[str, Any] = {}
    failed: dict[str, StoreError] = {}
    known = [one for one in ids if one in book.unreadable]
    others = [one for one in ids if one not in known]
    if known and others and (yield from _read(book, others, read)) is None:
        ids = known
    for one in ids:
        if (error := (yield from _read(book, [one], read))) is not None:
            failed[one] = error
    if not read and len(failed.keys() - set(known)) > 1:
        raise failure
    items = []
    for row, item in zip(listed, listed.items, strict=True):
        number = str(row.identifier())
        # An order that is in neither was deleted meanwhile.
        items += [read.get(number, item)] if number in read or number in failed else []
    return replace(listed, items=items), failed


def _read(
    book: NumberedBook[Any], ids: Sequence[str], read: dict[str, Any]
) -> Plan[StoreError | None]:
    """Add orders to `read`; return the error, if the program fails at one of them."""
    try:
        rows = yield from book.orders(book.by_ids(ids))
    except StoreError as error:
        if error.status != _PROGRAM_FAILED:
            raise
        return error
    read.update((str(row.identifier()), item) for row, item in zip(rows, rows.items, strict=True))
    return None
