"""Reads orders again to find changes that the walk misses: edits with an old date, and deletions.

docs/architecture/orders.md explains which orders a run reads again, and when one is deleted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....errors import StoreError
from ....net.plans import Plan
from ..reading.numbered_pages import is_of_one
from .new_ids import check_order_of_ids
from .pages import OrderPage
from .walk import Walk

if TYPE_CHECKING:
    from .numbered_book import NumberedBook

_MOST_PARTS = 10
"""The most requests for a page of remembered orders in a store with smaller pages."""
_SAMPLE = 10
"""The number of missing orders of a page that are requested before the others count as deleted."""
_TURNS = 3
"""The pages of remembered orders that a run reads if refunds leave the times of change."""
_UNREADABLE = 20
"""The most unreadable orders that one run requests again, or more as long as they can be read."""


def read_returned(book: NumberedBook[Any]) -> Plan[None]:
    """Search for orders that are back, if the store has more orders than are known.

    Deleted orders are read again. If none of them is back, an order was deleted before a run could
    read it. So all changes since the oldest remembered one are read again; nothing counts twice.
    """
    place = book.place
    if book.unseen:
        return
    if place.returned > 0 and place.search is None:
        yield from _read_gone(book)
    search = place.search
    if search is not None and place.returned > 0:
        search.begin(book.run.now(), 0)
        yield from book.read_pages(search)
    if place.returned <= 0 or (search is not None and search.caught_up):
        if place.returned > 0:
            yield from check_order_of_ids(book)
        # All are found, or the orders that are back are older than the counting, or not shown.
        place.walk.unread_too(search.unread if search else ())
        place.returned = place.unsearched = 0
        place.search = None


def _read_gone(book: NumberedBook[Any]) -> Plan[None]:
    """Read the deleted orders again; begin a search for others if none of these is back."""
    place = book.place
    place.unsearched = place.unsearched or book.ledger.absent
    for _ in range(book.options.pages):
        gone = book.ledger.longest_gone(min(book.size, place.unsearched), book.read)
        if gone:
            yield from _read_by_ids(book, gone)
            place.unsearched -= sum(one in book.read for one in gone)
        if place.returned <= 0:
            break
        if not gone or place.unsearched <= 0:
            place.search = Walk(book.ledger.horizon)
            break
        book.save()


def read_again(book: NumberedBook[Any]) -> Plan[None]:
    """Read remembered orders again, more than a page of them if some vanished."""
    place, size = book.place, book.size
    if book.unseen:
        return
    tried = max(1, min(_UNREADABLE, size // 2))
    for turn in range(1, book.options.pages + 1):
        unreadable = [one for one in book.unreadable if one.isdigit() and one not in book.read]
        broken = unreadable[:tried]
        # If every order must be read, unpaid ones do not come first.
        unpaid_first = turn == 1 and not (place.missing or place.outdated)
        others = book.ledger.longest_unread(size, book.read, unpaid_first=unpaid_first)
        # Not on the same page: the store may fail at every page with an unreadable order.
        for ids in filter(None, (broken, others)):
            yield from _read_by_ids(book, ids)
        read = sum(one in book.read for one in others)
        place.unchecked -= read
        place.outdated = max(0, place.outdated - read) if others else 0
        # Orders that still have to be looked up may be the vanished ones.
        if (
            not (broken or others)
            or not place.missing
            or (place.unchecked <= 0 and book.lookups > 0)
        ):
            _end_search(book)
        # Orders are often unreadable for the same reason, and readable again at the same time.
        is_mended = any(one not in book.unreadable for one in broken)
        tried = size if is_mended else 0
        is_searching = place.missing and book.lookups > 0
        is_hidden = book.hides_refunds and turn < _TURNS and not book.is_half_over
        if not (is_mended or is_searching or (read and (place.outdated or is_hidden))):
            break
        book.save()


def _end_search(book: NumberedBook[Any]) -> None:
    """Note that no further remembered orders are among those that vanished."""
    place = book.place
    if place.missing and book.ledger.forgotten is not None:
        book.ledger.doubt(place.missing, int(book.run.now()))
    place.missing = place.unchecked = 0


def _read_by_ids(book: NumberedBook[Any], ids: list[str]) -> Plan[None]:
    """Read some orders by their ids, in smaller pages if the store's are smaller."""
    left, size = ids, len(ids)
    for _ in range(_MOST_PARTS):
        requested, listed = yield from book.ask_by_ids(left[:size])
        left = left[len(requested) :]
        book.record(listed.page)
        found = set(listed.page.ids)
        absent = [one for one in requested if one not in found]
        # Otherwise the store ignores the ids.
        is_searched = not any(map(str.isdigit, found.difference(requested)))
        if absent and found and listed.total != len(found) and is_searched:
            # The page is smaller than requested, and the same orders would come first again.
            left, size = absent + left, min(size, len(found))
        elif not is_searched or (listed.total or 0) <= len(found):
            yield from _settle(book, absent)
        if not left or not any(one in book.read for one in requested):
            break


def _settle(book: NumberedBook[Any], absent: list[str]) -> Plan[None]:
    """Find out what happened to orders missing from a list, as far as this run may request them."""
    yield from _look_in_trash(book, [one for one in absent if not book.ledger.is_gone(one)])
    unknown = [n for n in absent if n not in book.read and not book.ledger.is_gone(n)]
    # Orders that vanished together are neighbours, so the sample is spread over all of them.
    sample = unknown[:: len(unknown) // _SAMPLE] if len(unknown) >= 2 * _SAMPLE else []
    yield from _settle_each(book, sample)
    if sample and all(map(book.ledger.is_gone, sample)):
        others = [one for one in unknown if one not in sample]
        book.record(OrderPage(others=dict.fromkeys(others), ids=others), deleted=True)
        book.place.unsure += others
    yield from _settle_each(book, absent)


def _settle_each(book: NumberedBook[Any], numbers: list[str]) -> Plan[None]:
    """Request those of these orders of which nothing is known, as far as this run may."""
    for number in numbers:
        is_known = number in book.read or book.ledger.is_gone(number)
        if not is_known and not (yield from _is_settled(book, number)):
            break
        book.read.add(number)
        book.ledger.touch(number)


def confirm_gone(book: NumberedBook[Any]) -> Plan[None]:
    """Request orders that count as deleted because others of their page are."""
    unsure = book.place.unsure
    while unsure:
        if book.ledger.is_gone(unsure[0]):
            if not (yield from _is_settled(book, unsure[0])):
                break
            if not book.ledger.is_gone(unsure[0]):
                # The list, which hides it, does not count it.
                book.place.note_vanished()
        del unsure[0]


def _look_in_trash(book: NumberedBook[Any], absent: list[str]) -> Plan[None]:
    """Find out which orders missing from a list are in the trash, if the platform lists it.

    Its pages may be smaller than requested. If the store ignores the ids, others are in the
    response, which are deleted as well.
    """
    for _ in range(_MOST_PARTS):
        # A single order costs one request either way.
        if not book.trash or len(absent) < 2:
            break
        try:
            rows = yield from book.orders({**book.by_ids(absent), **book.trash})
        except StoreError as error:
            if error.status in (400, 403) or is_of_one(error):
                # They are then requested one by one.
                break
            raise
        page = book.read_page(rows.name, rows.items)
        book.record(page, deleted=True)
        left = [one for one in absent if one not in page.ids]
        if len(left) == len(absent):
            break
        absent = left


def _is_settled(book: NumberedBook[Any], number: str) -> Plan[bool]:
    """Find out what happened to an order missing from a list; False if that must wait."""
    if book.lookups <= 0:
        return False
    book.lookups -= 1
    try:
        order = yield from book.one_order(number)
    except StoreError as error:
        if error.error_type == "not_found":
            page = OrderPage(others={number: None}, ids=[number])
        elif is_of_one(error):
            # If it may not be this order's own error, further orders are not requested.
            book.lookups = book.lookups if number in book.unreadable else 0
            page = OrderPage(ids=[number], unreadable={number: error})
        else:
            raise
    else:
        page = book.read_page("orders", [order])
    book.record(page, deleted=True)
    return True


def read_unshown(book: NumberedBook[Any]) -> Plan[None]:
    """Read the changes of times again at which the store showed fewer orders than it counted."""
    place = book.place
    times = place.walk.look_again()
    if times is None:
        return
    since, until = times
    book.walk_from(since)
    again = place.again
    if again is None or again.position != since:
        again = place.again = Walk(since, second=True)
    for _ in range(book.options.pages):
        listed = yield from book.ask_sized(
            lambda size: book.by_change(size, replace(again.query(size), until=until))
        )
        if not listed.page.ids and listed.total is None and place.count is not None:
            # The store counts its orders at other times: the next run requests these again.
            break
        book.record(listed.page)
        again.advance(listed.page.ids, (), listed.total)
        if not again.second:
            place.walk.looked_again(again.hidden)
            place.again = None
            break
        book.save()


def read_past(book: NumberedBook[Any]) -> Plan[None]:
    """Remember the orders from before counting began too, if refunds leave the times of change.

    As many are read as the ledger remembers, those that changed last.
    """
    place, most = book.place, book.options.remember
    if place.past_limit < most and book.hides_refunds and not book.unseen:
        changed: list[int] = []
        if (place.count or 0) > most:
            listed = yield from book.ask_sized(
                lambda size: {**book.by_change(size), book.api.page_name: most}, 1
            )
            # A store that ignores page numbers shows the latest change.
            changed = [one for one in listed.page.changed if one < place.walk.newest]
        place.past, place.past_limit = Walk(min(changed, default=0)), most
    if place.past and not place.past.caught_up:
        place.past.begin(book.run.now(), 0)
        yield from book.read_pages(place.past)


def date_refunds(book: NumberedBook[Any]) -> Plan[None]:
    """Request the dates of refunds if nothing else shows whether they are new."""
    undated = book.ledger.undated
    for order_id in list(undated)[: max(0, book.lookups)]:
        book.lookups -= 1
        try:
            book.ledger.date_refunds(order_id, (yield from book.refunds_of(order_id)))
        except StoreError as error:
            if error.error_type == "not_found":
                # The order was just deleted, with its refunds.
                undated.pop(order_id, None)
            elif error.error_type in ("invalid_response", "server_error"):
                book.problems.append(error)
                # The next run begins with the others.
                undated[order_id] = undated.pop(order_id)
            else:
                raise
