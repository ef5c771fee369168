"""Finds changes that the walk misses: new orders and edits with an old date, and deletions.

Orders that the store counts and does not show are read once more, and dates of refunds requested.

Each run requests the newest ids, and by id up to a page of remembered orders: those that could not
be read, those that are not paid yet, and those that were not read for the longest time. If the
store has fewer orders than it should, all remembered orders are read again, with as many pages per
run as the walk may read. If it has more, and the next walk does not find them, deleted orders are
read again first: orders restored from a backup have their old times of change. If none of these is
back, all that changed as long ago as is remembered is read again: an order may have been deleted
before any run read it.

An order that is missing from a response is requested individually before it counts as deleted. If a
list of many orders becomes empty, no order counts as deleted for half an hour: a store that
temporarily does not show its orders is more likely than a person who deletes all of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ....errors import StoreError
from ....net.plans import Plan
from .pages import OrderPage
from .progress import NewOrders
from .walk import Walk, WalkQuery

if TYPE_CHECKING:
    from .numbered_book import ListedOrders, NumberedBook

NEWEST = 25
"""The number of newest ids requested, unless there are more new ones."""
_MOST_LEFT_OUT = 300
"""The most ids in one request, so that its address is not too long."""
_MANY = 10
"""With more orders than this, an empty list is not accepted; a few test orders may be deleted."""
_BELIEVED_AFTER = 1_800
"""Seconds after which a list that stays empty is accepted; orders are then requested by id."""
_MOST_PARTS = 10
"""The most requests for a page of remembered orders in a store with smaller pages."""
_UNREADABLE = 20
"""The most unreadable orders that one run requests again, or more as long as they can be read."""


def look_for_new(book: NumberedBook[Any]) -> Plan[None]:
    """Read the orders whose ids are larger than any seen before, and detect vanished orders.

    If there are more than one run may read, the next run continues.
    """
    place = book.place
    listed = yield from book.ask_newest()
    total, ids = listed.total, _ids(listed.page)
    if place.latest is None:
        # At the first look those that are there are the walk's.
        place.latest, place.count, place.walked_from = max(ids, default=0), total, None
        return
    if _is_lost_sight_of(book, listed):
        return
    if place.unexplained:
        # A search that is under way may be past those that came back just now.
        place.returned, place.unsearched, place.search = place.returned + place.unexplained, 0, None
        place.unexplained = 0
    appeared = place.note_returned(book.appeared)
    if place.count is not None:
        # A new or restored order must not make up for one that vanished.
        place.count += appeared
    if place.ahead.page:
        if not (yield from _read_new(book, set())):
            return
        place.end_ahead()
    new = {number for number in ids if number > place.latest}
    if new:
        _take_new(book, listed.page, new)
        left = (total or 0) - (place.count or 0) - len(new)
        place.ahead = NewOrders(0, min(new), max(new), left, len(new))
        if len(new) == len(listed.page.ids) and not (yield from _read_new(book, new)):
            return
        place.end_ahead()
    place.note_count(total if ids else total or 0, remembered=len(book.ledger))
    place.walked_from = None


def _is_lost_sight_of(book: NumberedBook[Any], listed: ListedOrders) -> bool:
    """Whether the list is empty although it had many orders; after half an hour it is accepted."""
    place = book.place
    before = max(place.count or 0, book.ledger.present)
    if listed.page.ids or listed.total or before <= _MANY:
        place.empty_since = 0
        return False
    now = int(book.run.now())
    place.empty_since = place.empty_since or now
    if now - place.empty_since >= _BELIEVED_AFTER:
        return False
    book.unseen = before
    return True


def _read_new(book: NumberedBook[Any], new: set[int]) -> Plan[bool]:
    """Read on in the list of the newest ids, until one that is known; the ids are added to `new`.

    False when there is more than this run may read.
    """
    place, ahead = book.place, book.place.ahead
    # One page earlier, because deletions meanwhile moved later orders forward.
    number = max(1, ahead.page - 1)
    received = set(new)
    for index in range(book.options.pages + (ahead.page > 1)):
        listed = yield from book.ask_sized(partial(book.newest, page=number))
        ids = _ids(listed.page)
        if number > 1 and ids and ids <= received:
            # The store ignores page numbers, so ids that were seen are excluded.
            seen = tuple(map(str, sorted(received, reverse=True)[:_MOST_LEFT_OUT]))
            listed = yield from book.ask_sized(partial(book.newest, exclude=seen))
            ids = _ids(listed.page)
        if index == 0 and ahead.page and number > 1 and max(ids, default=0) < ahead.low:
            number = 1
            continue
        received |= ids
        found = {one for one in ids if (place.latest or 0) < one < ahead.low}
        _take_new(book, listed.page, found)
        new |= found
        ahead.low = min(ahead.low, *found) if found else ahead.low
        ahead.left -= len(found)
        ahead.read += len(found)
        if not ids or min(ids) <= (place.latest or 0) or len(ids) < len(listed.page.ids):
            return True
        number += 1
    ahead.page, ahead.left = number, max(1, ahead.left)
    return False


def _ids(page: OrderPage) -> set[int]:
    return {int(one) for one in page.ids if one.isdigit()}


def _take_new(book: NumberedBook[Any], page: OrderPage, new: set[int]) -> None:
    """Add the orders that the walk did not read; the walk reports those without a readable id."""
    unread = {str(number) for number in new} - book.read
    orders = [order for order in page.orders if order.id in unread]
    broken = {number: page.unreadable[number] for number in unread & page.unreadable.keys()}
    book.take(OrderPage(orders, sorted(unread), unreadable=broken))


def read_returned(book: NumberedBook[Any]) -> Plan[None]:
    """Search for orders that are back, where the store has more than are known.

    Those that are gone are read again. Others were deleted before a run could read them: what
    changed as long ago as is remembered is read again, which counts nothing twice.
    """
    place = book.place
    if book.unseen:
        return
    if place.returned > 0 and place.search is None:
        yield from _read_gone(book)
    search, appeared = place.search, book.appeared
    if search is not None and place.returned > 0:
        search.begin(book.run.now(), 0)
        yield from book.read_pages(search)
        place.note_returned(book.appeared - appeared)
    if place.returned <= 0 or (search is not None and search.caught_up):
        # All are found, or what is back is older than what is counted.
        place.returned = place.unsearched = 0
        place.search = None


def _read_gone(book: NumberedBook[Any]) -> Plan[None]:
    """Read again the orders that are gone; search for others if none of those is back."""
    place = book.place
    place.unsearched = place.unsearched or book.ledger.absent
    for _ in range(book.options.pages):
        gone = book.ledger.longest_gone(min(book.size, place.unsearched), book.read)
        if gone:
            yield from _read_again(book, gone)
            place.unsearched -= sum(one in book.read for one in gone)
        if place.returned <= 0:
            break
        if not gone or place.unsearched <= 0:
            place.search = Walk(book.ledger.horizon)
            break


def read_again(book: NumberedBook[Any]) -> Plan[None]:
    """Read remembered orders again, more than a page of them if some vanished."""
    place, size = book.place, book.size
    tried = max(1, min(_UNREADABLE, size // 2))
    for _ in range(0 if book.unseen else book.options.pages):
        unreadable = [one for one in book.unreadable if one.isdigit() and one not in book.read]
        broken = unreadable[:tried]
        # Where some vanished each is to have its turn, which the unpaid would take from others.
        unpaid_first = not place.missing
        others = book.ledger.longest_unread(size, book.read, unpaid_first=unpaid_first)
        # Not on one page: the store may fail at every page with one of the unreadable.
        for ids in filter(None, (broken, others)):
            yield from _read_again(book, ids)
        place.unchecked -= sum(one in book.read for one in others)
        # Orders that still wait for a look-up may be those that vanished.
        if (
            not (broken or others)
            or not place.missing
            or (place.unchecked <= 0 and book.lookups > 0)
        ):
            _end_search(book)
        # What made orders unreadable is often the same for all, and mended for all at once.
        is_mended = any(one not in book.unreadable for one in broken)
        tried = size if is_mended else 0
        if not is_mended and (not place.missing or book.lookups <= 0):
            break


def _end_search(book: NumberedBook[Any]) -> None:
    """Note that no further remembered orders are among those that vanished."""
    place = book.place
    if place.missing and book.ledger.forgotten is not None:
        book.ledger.doubt(place.missing, int(book.run.now()))
    place.missing = place.unchecked = 0


def _read_again(book: NumberedBook[Any], ids: list[str]) -> Plan[None]:
    """Read some orders by their ids, in smaller pages if the store's are smaller."""
    place, left, size = book.place, ids, len(ids)
    for _ in range(_MOST_PARTS):
        requested, listed = yield from book.ask_by_ids(left[:size])
        left = left[len(requested) :]
        back = sum(book.ledger.is_gone(order.id) for order in listed.page.orders)
        place.unexplained = max(0, place.unexplained - place.note_returned(back))
        book.take(listed.page)
        found = set(listed.page.ids)
        absent = [one for one in requested if one not in found]
        if absent and found and listed.total != len(found):
            # Others of those that it shows first would take the places of these next time too.
            left, size = absent + left, min(size, len(found))
        elif not listed.total or listed.total <= len(found):
            yield from _settle(book, absent)
        if not left or not any(one in book.read for one in requested):
            break


def _settle(book: NumberedBook[Any], absent: list[str]) -> Plan[None]:
    """Find out what happened to orders missing from a list, as far as this run may request them."""
    for number in absent:
        if not book.ledger.is_gone(number) and not (yield from _is_settled(book, number)):
            break
        book.read.add(number)
        book.ledger.touch(number)


def _is_settled(book: NumberedBook[Any], number: str) -> Plan[bool]:
    """Find out what happened to an order missing from a list; False if that must wait."""
    if book.lookups <= 0:
        return False
    book.lookups -= 1
    try:
        order = yield from book.one_order(number)
    except StoreError as error:
        if error.error_type != "not_found":
            raise
        page = OrderPage(others=[number], ids=[number])
    else:
        page = book.read_page("orders", [order])
    if page.others and book.ledger.remembers(number) and not book.ledger.is_gone(number):
        book.place.note_vanished()
    book.take(page)
    return True


def look_again(book: NumberedBook[Any]) -> Plan[None]:
    """Read the changes of times again at which the store showed fewer orders than it counted."""
    walk = book.place.walk
    times = walk.look_again()
    if times is None:
        return
    book.walk_from(times[0])
    received: set[str] = set()
    left = 0
    for number in range(1, book.options.pages + 1):
        query = WalkQuery(*times, number)
        listed = yield from book.ask_sized(partial(book.by_change, query=query))
        book.take(listed.page)
        new = set(listed.page.ids) - received
        received |= new
        left = (listed.total or 0) - len(received)
        if not new or left <= 0:
            break
    walk.looked_again(left)


def date_refunds(book: NumberedBook[Any]) -> Plan[None]:
    """Request the dates of refunds if nothing else shows whether they are new."""
    for order_id in sorted(book.ledger.undated, key=int)[: max(0, book.lookups)]:
        try:
            book.ledger.date_refunds(order_id, (yield from book.refunds_of(order_id)))
        except StoreError as error:
            if error.error_type == "not_found":
                # The order was just deleted, with its refunds.
                book.ledger.undated.pop(order_id, None)
            elif error.error_type in ("invalid_response", "server_error"):
                book.problems.append(error)
            else:
                raise
