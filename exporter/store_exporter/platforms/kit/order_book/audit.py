"""What the walk cannot see: new orders changed in the past, edits with an old date, deletions.

Each run asks for the newest ids, and for up to a page of remembered orders by id: those that could
not be read, those that are still to be paid, and those that were not read for the longest. When the
store has fewer orders than it should, all that are remembered are read again, as many pages in a
run as the walk may read. An order that is not in an answer is asked for by itself before it is
taken to be gone. Of a list that is empty where there were many orders nothing is taken to be gone:
a store lost sight of them, as nobody deletes all orders at once.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ....errors import StoreError
from ....net.plans import Plan
from .pages import OrderPage

if TYPE_CHECKING:
    from .numbered_book import NumberedBook

NEWEST = 25
"""Newest ids that are asked for where there are not more new ones."""
_MOST_LEFT_OUT = 300
"""Ids that one request names, so that its address is not too long."""
_MANY = 10
"""Orders beyond which an empty list is not believed; a few for tests may have been deleted."""
_UNREADABLE = 20
"""Unreadable orders that one run asks for again."""


def look_for_new(book: NumberedBook[Any]) -> Plan[None]:
    """Read the orders whose ids are larger than any seen before, and see whether some vanished."""
    place = book.place
    answer = yield from book.ask(book.newest(NEWEST))
    total, new = answer.total, _new_ids(answer.page, place.latest)
    if place.latest is None:
        # At the first look those that are there are the walk's.
        place.latest, place.count = max(new, default=0), total
        return
    if not answer.page.ids and not total:
        before = book.ledger.present if place.count is None else place.count
        if before > _MANY:
            book.unseen = before
            return
    _take_new(book, answer.page, new)
    for number in range(1, book.options.pages + 1):
        if len(_new_ids(answer.page, place.latest)) < len(answer.page.ids) or not answer.page.ids:
            break
        answer = yield from book.ask(book.newest(book.largest_page, number))
        found = _new_ids(answer.page, place.latest)
        if number > 1 and found and found <= new:
            # Where numbers of pages are ignored, those that were seen are left out.
            seen = tuple(map(str, sorted(new, reverse=True)[:_MOST_LEFT_OUT]))
            answer = yield from book.ask(book.newest(book.largest_page, exclude=seen))
            found = _new_ids(answer.page, place.latest)
            if found <= new:
                break
        _take_new(book, answer.page, found - new)
        new |= found
    if total is not None and place.count is not None:
        vanished = place.count + len(new) - total
        if vanished > 0:
            place.missing += vanished
            place.unchecked = len(book.ledger)
    place.latest, place.count = max(new, default=place.latest), total


def _new_ids(page: OrderPage, latest: int | None) -> set[int]:
    return {int(one) for one in page.ids if one.isdigit() and int(one) > (latest or 0)}


def _take_new(book: NumberedBook[Any], page: OrderPage, new: set[int]) -> None:
    """Take what the walk did not read; what has no readable id is told by the walk."""
    unread = {str(number) for number in new} - book.read
    orders = [order for order in page.orders if order.id in unread]
    broken = {number: page.unreadable[number] for number in unread & page.unreadable.keys()}
    book.take(OrderPage(orders, sorted(unread), unreadable=broken))


def read_again(book: NumberedBook[Any]) -> Plan[None]:
    """Read remembered orders again, more than a page of them where some vanished."""
    place = book.place
    for _ in range(0 if book.unseen else book.options.pages):
        unreadable = (one for one in book.unreadable if one.isdigit() and one not in book.read)
        ids = list(islice(unreadable, _UNREADABLE))
        ids += book.ledger.longest_unread(book.largest_page - len(ids), book.read)
        if not ids:
            place.missing = place.unchecked = 0
            break
        yield from _read_again(book, ids)
        if place.missing <= 0 or place.unchecked <= 0:
            place.missing = place.unchecked = 0
            break


def _read_again(book: NumberedBook[Any], ids: list[str]) -> Plan[None]:
    answer = yield from book.ask(book.by_ids(ids))
    book.take(answer.page)
    found = set(answer.page.ids)
    absent = [one for one in ids if one not in found]
    if answer.total is not None and answer.total > len(found):
        # The store shows fewer than it was asked for; the others are asked for next time.
        absent = []
    for number in absent:
        if not book.ledger.is_gone(number) and not (yield from _is_settled(book, number)):
            break
        book.read.add(number)
        book.ledger.touch(number)
    book.place.unchecked -= sum(one in book.read for one in ids)


def _is_settled(book: NumberedBook[Any], number: str) -> Plan[bool]:
    """Learn what became of an order that a list leaves out; False where that has to wait."""
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
        book.place.missing -= 1
    book.take(page)
    return True
