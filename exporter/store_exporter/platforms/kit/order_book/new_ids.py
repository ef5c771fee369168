"""Looks at the newest ids: reads new orders that the walk misses, and compares how many there are.

Orders that vanished or came back are read by `audit.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ....errors import StoreError
from ....net.plans import Plan
from .pages import OrderPage
from .progress import NewOrders

if TYPE_CHECKING:
    from .numbered_book import NumberedBook
    from .numbered_list import ListedOrders

_MOST_LEFT_OUT = 300
"""The most ids in one request, so that its address is not too long."""
_MANY = 10
"""With more orders than this, an empty list is not accepted; a few test orders may be deleted."""
_BELIEVED_AFTER = 1_800
"""Seconds after which a list that stays empty is accepted; orders are then requested by id."""


def read_on(book: NumberedBook[Any]) -> Plan[None]:
    """Continue with the new orders, or look for them if a run was killed before it came to that."""
    place = book.place
    if place.ahead.page:
        yield from _read_new(book, set(), _early(book))
        book.save()
    elif place.walk.caught_up and place.walked_from is not None and not place.walk.hidden:
        # The times of hidden orders are noted there after that look.
        yield from look_for_new(book)
        book.save()


def look_for_new(book: NumberedBook[Any]) -> Plan[None]:
    """Read the orders whose ids are larger than any seen before, and detect vanished orders.

    If there are more than one run may read, the next run continues by `read_on`.
    """
    place = book.place
    listed = yield from book.ask_newest()
    if _is_lost_sight_of(book, listed):
        return
    if place.unexplained:
        # A search in progress may be past the orders that came back just now.
        place.returned, place.unsearched, place.search = place.returned + place.unexplained, 0, None
        place.unexplained = 0
    early, total, ids = _early(book), listed.total, _ids(listed.page)
    if place.ahead.page:
        if ids:
            return
        # It is accepted that the list is empty.
        _record_new(book, listed.page, early)
        place.end_ahead()
    _check_sorting(book, listed.page.ids)
    received = set(ids)
    high = max(ids | early, default=0)
    if high > (place.latest or 0):
        place.ahead = NewOrders(0, high + 1, high, (total or 0) - (place.count or 0))
        if _record_new(book, listed.page, early) and not _lacks_ids(listed.page):
            place.end_ahead()
        elif not (yield from _read_new(book, received, early)):
            return
    if total is not None and total < len(received) and total <= len(ids):
        # Some stores report the size of the page as the total, or zero: nothing can be compared.
        total = place.count = None
    place.note_count(total if ids else total or 0, remembered=len(book.ledger))
    if place.missing:
        # Orders that this run has read may have vanished since.
        book.read.clear()
    place.walked_from = None


def _is_lost_sight_of(book: NumberedBook[Any], listed: ListedOrders) -> bool:
    """Whether the list is empty although it had many orders, or counts some itself.

    After half an hour it is accepted.
    """
    place = book.place
    book.unseen = 0
    before = listed.total or max(place.count or 0, book.ledger.present)
    if listed.page.ids or (not listed.total and before <= _MANY):
        place.empty_since = 0
        return False
    now = int(book.run.now())
    place.empty_since = place.empty_since or now
    if now - place.empty_since >= _BELIEVED_AFTER:
        return False
    if not (listed.total and place.walk.hidden):
        # Otherwise the walk has reported the same orders.
        book.unseen = before
    return True


def _read_new(book: NumberedBook[Any], received: set[int], early: set[int]) -> Plan[bool]:
    """Read the newest ids down to a known one, into `received`; False if there are too many."""
    place, ahead = book.place, book.place.ahead
    # One page earlier, because deletions meanwhile moved later orders forward.
    resumed, number, total = ahead.page, max(1, ahead.page - 1), 0
    if not resumed:
        ahead.stop_at(1)
        book.save()
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
        counted = listed.total or 0
        total = max(total, counted)
        is_hidden = number == 1 or counted > (number - 1) * book.size
        # Lists may count nothing beyond their end. Earlier pages counted more than were read; if
        # this page is empty in the next run as well, some of these were deleted.
        is_cut = not counted and total > ahead.read + place.walk.hidden and number != resumed
        if not ids and (is_hidden or is_cut):
            # There are orders and the store shows none; the next run continues.
            ahead.stop_at(number)
            break
        received |= ids
        is_last = _record_new(book, listed.page, early)
        if _lacks_ids(listed.page) and number != resumed:
            # The next run requests this page again: its id may be all that shows a new order.
            ahead.stop_at(number)
            break
        if is_last:
            place.end_ahead()
            return True
        number += 1
        ahead.stop_at(number)
        book.save()
        if book.is_half_over:
            break
    return False


def check_order_of_ids(book: NumberedBook[Any]) -> Plan[None]:
    """Check the end of the list of the newest ids, where new orders may be if it is not sorted."""
    # The pages on which the store fails are reported by those who need them.
    with suppress(StoreError):
        listed = yield from book.ask(book.newest(book.size))
        shown = listed.page.ids
        last = math.ceil((listed.total or 0) / max(1, len(shown)))
        if last > 1:
            listed = yield from book.ask(book.newest(book.size, last))
            # A store that ignores page numbers shows the same ones.
            shown += [one for one in listed.page.ids if one not in shown]
        _check_sorting(book, shown)


def _check_sorting(book: NumberedBook[Any], ids: Iterable[str]) -> None:
    """Note if the newest ids are not sorted: then the list may show new ones where none reads."""
    shown = [int(one) for one in ids if one.isdigit()]
    if shown != sorted(shown, reverse=True):
        book.place.unsorted_at = int(book.run.now())


def _ids(page: OrderPage) -> set[int]:
    return {int(one) for one in page.ids if one.isdigit()}


def _lacks_ids(page: OrderPage) -> bool:
    return not all(map(str.isdigit, page.ids))


def _record_new(book: NumberedBook[Any], page: OrderPage, early: set[int]) -> bool:
    """Count the new orders of a page of the newest ids; return whether no later page has any.

    Orders that the walk has read are in the ledger already, and it reports those without a readable
    id. `early` orders that the list no longer shows are counted too.
    """
    ids, latest, ahead = _ids(page), book.place.latest or 0, book.place.ahead
    is_last = not ids or min(ids) <= latest
    reached = latest + 1 if is_last else min(ids)
    new = {number for number in ids | early if reached <= number < ahead.low}
    unread = {str(number) for number in new & ids} - book.read
    orders = [order for order in page.orders if order.id in unread]
    broken = {number: page.unreadable[number] for number in unread & page.unreadable.keys()}
    # No run before can have read them, which the ledger is told, so they are noted as read later.
    book.record(OrderPage(orders, sorted(unread), unreadable=broken))
    ahead.note_read(new)
    return is_last


def _early(book: NumberedBook[Any]) -> set[int]:
    """Return the ids of the orders that walks found before the newest ids were read."""
    place = book.place
    unreadable = {int(one) for one in book.unreadable if one.isdigit()}
    met = book.ledger.beyond(place.latest or 0) | unreadable
    return {one for one in met if place.is_unread(str(one))}
