"""Reads the orders of a page one by one if one of them makes the store's program fail.

A plugin that fails while the API writes an order's JSON fails even if only ids are requested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....contract import Response
from ....errors import StoreError
from ....net.plans import Plan
from ..reading.numbered_pages import is_of_one, read_places
from ..rest.responses import RestPage

if TYPE_CHECKING:
    from .numbered_list import NumberedList


def read_singly(
    book: NumberedList[Any], params: Mapping[str, Any], failure: StoreError
) -> Plan[tuple[RestPage, dict[str, StoreError]]]:
    """Read a small page that failed: its ids first, then each of its orders.

    The others are first requested without those that failed in an earlier run. If the ids cannot be
    read either, each order is requested by its place in the list, and one that fails is missing.

    Returns:
        The page, with only the id and the time of change of orders that fail; and why they do.

    Raises:
        StoreError: `failure`, if its cause is not a single order: its status is not 500, or several
            orders fail and none can be read.
    """
    if not is_of_one(failure):
        raise failure
    requested = str(params.get(book.api.ids_name) or "")
    if requested:
        # The ids are known from the request.
        items = [{"id": int(one)} for one in requested.split(",")]
        listed = RestPage("orders", items, len(items), 1, Response(200, {}, b"", ""))
    else:
        try:
            listed = yield from book.ids_of(params)
        except StoreError:
            return (yield from _read_places(book, params, failure)), {}
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
    book: NumberedList[Any], ids: Sequence[str], read: dict[str, Any]
) -> Plan[StoreError | None]:
    """Add orders to `read`; return the error, if the program fails at one of them."""
    try:
        rows = yield from book.orders(book.by_ids(ids))
    except StoreError as error:
        if not is_of_one(error):
            raise
        return error
    read.update((str(row.identifier()), item) for row, item in zip(rows, rows.items, strict=True))
    return None


def _read_places(
    book: NumberedList[Any], params: Mapping[str, Any], failure: StoreError
) -> Plan[RestPage]:
    """Read the orders of a page by their places in the list, except where the program fails.

    The list counts those that are missing, so the walk notes and requests their times again.
    """
    api = book.api
    size, number = int(params[api.size_name]), int(params.get(api.page_name, 1))
    found, failed = yield from read_places(
        lambda place: book.orders({**params, api.size_name: 1, api.page_name: place}),
        number,
        size,
        failure,
    )
    if all(failure.message != one.message for one in book.problems):
        book.problems.append(failure)
    items = [item for one in found for item in one.items]
    # Beyond the last page, the store may report a total of zero.
    total = max(len(items) + failed, *(one.total or 0 for one in found))
    return replace(found[-1], items=items, total=total)
