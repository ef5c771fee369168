"""The order book of a platform whose list of orders has numbered pages.

A run continues a walk by the orders' times of change. Then it searches for new orders by id and
reads some of the remembered orders again; docs/architecture/orders.md says why.
"""

from __future__ import annotations

import logging
from typing import Any

from ....contract import Run
from ....errors import StoreError
from ....net.plans import Plan
from ..monitoring.options import whole_number
from ..rest.responses import server_time
from . import audit, new_ids
from .accounts import CountedOrder
from .book import DOUBTED_FOR, ApiT
from .numbered_list import ListedOrders, NumberedList
from .pages import MAKING, OrderPage
from .progress import ReadingProgress
from .walk import Walk

logger = logging.getLogger(__name__)


class NumberedBook(NumberedList[ApiT]):
    """The order book of a store, updated by a walk over the orders' times of change.

    Attributes:
        lookups: requests for single orders that this run may still send.
        read: ids of the orders that this run read.
        unseen: the number of orders before the list became empty; 0 if it is not empty.
    """

    place_name = "walk"

    def __init__(self, api: ApiT, run: Run) -> None:
        super().__init__(api, run)
        self._half = api.monotonic() + run.timeout / 2
        self.lookups = whole_number(run.options, "refund_lookups", 1, 1_000)
        self.read: set[str] = set()
        self.unseen = 0
        self._walked_before = self.place.walked_from
        walk = self.place.walk
        self._knew_all = walk.caught_up and not walk.hidden

    @property
    def is_half_over(self) -> bool:
        """Whether half of the time is over in which this run must end."""
        return self.api.monotonic() > self._half

    def first_place(self, since: int) -> ReadingProgress:
        """Return the place of a walk that starts at a time."""
        return ReadingProgress(Walk(since))

    def saved_place(self, document: Any) -> ReadingProgress:
        """Return the place that was saved."""
        return ReadingProgress.from_document(document)

    @property
    def backlog(self) -> int:
        """Orders still to be read, or with refunds still to be read, as far as the store shows."""
        return self.place.backlog + self.unseen + len(self.ledger.undated)

    def begin(self) -> Plan[None]:
        """Begin after the latest change; remember the last page of orders as they are.

        Even of 100,000 orders, only that page and the newest ids are requested.
        """
        newest = yield from self.ask_newest()
        rows = yield from self.ask_sized(self.by_change)
        page = rows.page
        server = server_time(rows.response)
        # Orders with a time in the future must not delay the counting until then.
        clock = int(self.run.now() if server is None else server)
        unknown = clock if page.ids else 0
        latest = min(max(page.changed, default=unknown), clock)
        place = ReadingProgress(Walk(latest, newest=latest))
        self.start(latest, clock, place, page.orders)
        self._look_first(newest)
        if self.numbers_refunds_with_orders:
            pages = (page, newest.page)
            self.ledger.newest = max(max(one.newest, one.newest_refund) for one in pages)
        # Refunds since the latest change need not have changed an order.
        self.ledger.refunds_began = int(server or 0) - MAKING
        self.before = len(page.orders) if rows.total is None else rows.total

    def _look_first(self, newest: ListedOrders) -> None:
        self.place.latest, self.place.count = newest.page.newest, newest.total

    def record(self, page: OrderPage, *, deleted: bool = False) -> None:
        """Add the orders of a page to the ledger, and note those that cannot be read.

        `deleted` says that its `others` are not in the list any more, even if it contains others.
        """
        for order in page.orders:
            if self._is_back(order):
                self.place.note_returned()
            self.ledger.apply(order, is_new=self._is_unseen(order))
            self.unreadable.pop(order.id, None)
        for number in page.others:
            if (deleted or not self.place.lists_others) and self._was_there(number):
                self.place.note_vanished()
            self.unreadable.pop(number, None)
            if self.ledger.remembers(number):
                self.ledger.gone(number)
        for number, error in page.unreadable.items():
            self.cannot_read(number, error)
            self.ledger.touch(number)
        self.problems += [error for text, error in page.problems.items() if text not in self.read]
        self.seen += len(page.orders)
        self.read.update(page.ids)

    def _was_there(self, number: str) -> bool:
        """Whether an order was in the list at the last check and was not found to be gone since."""
        is_known = self.ledger.remembers(number) and not self.ledger.is_gone(number)
        return (is_known or number in self.unreadable) and not self.place.is_unread(number)

    def _is_back(self, order: CountedOrder) -> bool:
        """Whether an order that is not new was missing before: restored, or a draft until now."""
        if self.place.lists_others or order.id in self.unreadable or self.place.is_unread(order.id):
            return False
        is_gone = self.ledger.is_gone(order.id)
        return is_gone or (self._knew_all and self.ledger.was_absent(order.id, order.created))

    def _is_unseen(self, order: CountedOrder) -> bool:
        """Whether no run can have read an order before, so it cannot have been forgotten."""
        if order.id in self.read or not self.place.is_unread(order.id):
            return False
        return self._walked_before is None or order.modified < self._walked_before

    def walk_from(self, when: int) -> None:
        """Note the time of change from which this run reads."""
        before = self.place.walked_from
        self.place.walked_from = when if before is None else min(when, before)

    def walk(self) -> Plan[None]:
        """Continue the walk until the end, or until this run has read its share of pages."""
        walk, overlap = self.place.walk, self.options.overlap
        if self.place.latest is None:
            # After the walk, orders that it read or that vanished meanwhile would not be noticed.
            self._look_first((yield from self.ask_newest()))
            self.save()
        # First of all, so that it goes on although each run is killed after a few requests.
        yield from new_ids.read_on(self)
        walk.begin(self.run.now(), overlap, self.ledger.floor)
        self.walk_from(walk.position)
        server = yield from self.read_pages(walk)
        walk.settle(self.run.now(), server)
        self.save()
        yield from new_ids.look_for_new(self)
        if walk.caught_up:
            yield from audit.read_returned(self)
            yield from audit.read_again(self)
            yield from audit.read_unshown(self)
            yield from audit.read_past(self)
        yield from audit.date_refunds(self)
        yield from audit.confirm_gone(self)
        self.save()
        if self.backlog:
            domain = self.run.store.domain
            logger.info("%s: changed orders still to read: %d", domain, self.backlog)

    def read_pages(self, walk: Walk) -> Plan[float | None]:
        """Continue a walk, until its end or until this run's share of pages is used up.

        It returns the store's clock, if its last response shows it.
        """
        server: float | None = None
        if walk.page > 1 and walk.size:
            # With another size, pages would be numbered differently, perhaps in each run.
            self.size = min(self.size, walk.size)
        for _ in range(self.options.pages):
            rows = yield from self.ask_sized(lambda size: self.by_change(size, walk.query(size)))
            query = walk.query(self.size)
            server, page = server_time(rows.response), rows.page
            found = [changed for changed in page.settled(server) if changed >= query.since - 1]
            if min(page.changed, default=query.since) < query.since - 1:
                yield from self._refuse_unsearched(rows, is_found=bool(found))
            clock = server or self.run.now()
            if query.until is None and page.is_unsorted(query.since, clock):
                self.place.unsorted_at = int(self.run.now())
            self.record(page)
            more = walk.advance(page.ids, found, rows.total)
            self.ledger.forget(self.place.walk.read_again_from(self.options.overlap))
            if not more:
                break
            self.save()
            if self.is_half_over:
                # The other half of the run is for changes that the walk misses.
                break
        return server

    def _refuse_unsearched(self, rows: ListedOrders, *, is_found: bool) -> Plan[None]:
        """Refuse a page with earlier changes than were requested, unless the store did search.

        Then fewer orders match than there are, and a cache of the store's own shows some of them as
        they were before.
        """
        shown, count = len(rows.page.ids), (yield from self.ask_newest()).total
        is_part = rows.total is not None and shown <= rows.total < (count or 0)
        if not (is_part and (is_found or shown < self.size)):
            raise StoreError("invalid_response", self.too_old)

    def reasons(self) -> list[str]:
        """Return the reasons why the counters may be incomplete, one sentence each."""
        found = super().reasons() + self.place.reasons()
        if self.unseen:
            found.append(
                f"The list of orders is empty, but had {self.unseen} before. They count until it "
                "has orders again, or until it has been empty for half an hour."
            )
        if self.place.unsorted_at > self.run.now() - DOUBTED_FOR:
            found.append(
                "The list of orders is not sorted as requested, so orders with dates in the past "
                "may not be counted: a plugin changes how the shop sorts."
            )
        count = self.place.count or 0
        if self.hides_refunds and count > (most := self.options.remember):
            found.append(
                f"Refunds of a part of an order are not seen on {count - most} orders that are not "
                "remembered, because they do not change its time of change: set remember to more "
                f"than {count}."
            )
        return found
