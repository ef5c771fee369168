"""Orders, revenue and refunds as counters, from a walk over the orders that changed.

A run walks on, then looks for new orders by their ids and reads some of the remembered ones again
(`audit.py`), because a time of change may lie in the past, and what is deleted has none.
"""

from __future__ import annotations

import logging
from typing import Any

from ....contract import Run
from ....errors import StoreError
from ....net.plans import Plan
from ...kit import order_book
from ...kit.options import whole_number
from ...kit.walk import WalkQuery
from .. import facts
from ..api import FULL, PAGE, V3, Api, gmt, server_time
from ..totals import PARTS, OrderTotals
from . import audit
from .order_rows import ASKED, FIELDS, OrderPage, read_page, read_refunds
from .places import OrdersRead
from .statuses import ENTERED

logger = logging.getLogger(__name__)

# An order that is edited between the store's search and the reading of its fields shows a time
# that is later than its place in the list. Only times older than this tell how far a page got.
_FRESH = 5


class OrderBook(order_book.OrderBook[Api, OrdersRead]):
    """The order book of a store, kept by a walk over the orders' times of change."""

    statuses = ENTERED
    place_name = "walk"
    largest_page = PAGE

    def __init__(self, api: Api, run: Run) -> None:
        super().__init__(api, run)
        self.lookups = whole_number(run.options, "refund_lookups", 1, 1_000)
        """Requests for single orders that this run may still send."""
        self.read: set[str] = set()
        """Ids of the orders that this run read."""
        self.reading = OrderTotals(0)
        """Reads the totals of orders, once the run has begun."""
        self.asked: dict[str, Any] = {**ASKED, "_fields": FIELDS}
        """What each request for orders is sent with."""

    def first_place(self, since: int) -> OrdersRead:
        """Return the place of a walk that begins at a time."""
        return OrdersRead.at(since)

    def saved_place(self, document: Any) -> OrdersRead:
        """Return the place that was saved."""
        return OrdersRead.from_document(document)

    @property
    def backlog(self) -> int:
        """Orders still to be read, as far as the store tells, or of which refunds are."""
        walk = self.place.walk
        return walk.backlog + walk.hidden + self.place.missing + len(self.ledger.undated)

    def begin(self) -> Plan[None]:
        """Begin after the latest change; remember the last hundred orders as they are.

        A store with 100,000 orders is not asked for more than that page and the newest ids.
        """
        newest = yield from self.ask(audit.newest(0))
        rows = yield from self.ask(_params(PAGE) | {"order": "desc"})
        page = rows.page
        server = server_time(rows.response)
        # Orders from the future must not put off the counting until then.
        clock = int(self.run.now() if server is None else server)
        unknown = clock if page.ids else 0
        began = min(max(page.changed, default=unknown), clock)
        self.start(began, OrdersRead.at(began, newest=began), page.orders)
        self.place.latest = newest.page.newest
        self.place.count = newest.total
        self.ledger.newest = max(page.newest, newest.page.newest)
        self.before = len(page.orders) if rows.total is None else rows.total

    def ask(self, params: dict[str, Any]) -> Plan[audit.Answer]:
        """Read one page of the orders, whichever, with their parts where totals need them."""
        self.reading = yield from facts.reading(self.api)
        with_parts = f"{FIELDS},{PARTS}"
        if self.reading.by_parts:
            self.asked["_fields"] = with_parts
        rows = yield from self.api.page(f"{V3}/orders", self.asked | params)
        if self.asked["_fields"] == FIELDS and any(map(self._has_finer, rows.items)):
            self.asked["_fields"] = with_parts
            rows = yield from self.api.page(f"{V3}/orders", self.asked | params)
        page = read_page(rows.name, rows.items, self.reading)
        return audit.Answer(page, rows.total, rows.response)

    def _has_finer(self, row: Any) -> bool:
        """Whether an order is in a currency with more decimals than the shop displays."""
        code = row.get("currency") if isinstance(row, dict) else None
        return isinstance(code, str) and self.reading.rounds(code.upper())

    def take(self, page: OrderPage) -> None:
        """Put what is on a page into the ledger, and note what cannot be read of it."""
        for order in page.orders:
            self.ledger.apply(order)
            self.unreadable.pop(order.id, None)
        for number in page.others:
            self.unreadable.pop(number, None)
            if self.ledger.remembers(number):
                self.ledger.gone(number)
        for number, error in page.unreadable.items():
            self.cannot_read(number, error)
        self.problems += page.problems
        self.seen += len(page.orders)
        self.read.update(page.ids)

    def walk(self) -> Plan[None]:
        """Walk on, until the end or until this run's share of pages is used up."""
        walk, overlap = self.place.walk, self.options.overlap
        walk.begin(self.run.now(), overlap)
        server: float | None = None
        for _ in range(self.options.pages):
            query = walk.query()
            params = _params(self.options.size, query)
            rows = yield from self.ask(params)
            server, page = server_time(rows.response), rows.page
            _check(page, query)
            self.take(page)
            ids = [n if n.isdigit() else f"{n}.{query.page}" for n in page.ids]
            more = walk.advance(ids, _settled(page, server), rows.total)
            self.ledger.forget(walk.read_again_from(overlap))
            if not more:
                break
            self.save()
        walk.settle(self.run.now(), server)
        self.save()
        yield from audit.look_for_new(self)
        if walk.caught_up:
            yield from audit.read_again(self)
            yield from self._look_again()
        yield from self._date_refunds()
        self.save()
        if self.backlog:
            domain = self.run.store.domain
            logger.info("%s: changed orders still to read: %d", domain, self.backlog)

    def _look_again(self) -> Plan[None]:
        """Read again what was changed when the store did not show all that it counted."""
        walk = self.place.walk
        times = walk.look_again()
        if times is None:
            return
        received: set[str] = set()
        left = 0
        for number in range(1, self.options.pages + 1):
            query = WalkQuery(*times, number)
            answer = yield from self.ask(_params(self.options.size, query))
            self.take(answer.page)
            new = set(answer.page.ids) - received
            received |= new
            left = (answer.total or 0) - len(received)
            if not new or left <= 0:
                break
        walk.looked_again(left)

    def reasons(self) -> list[str]:
        """Return why the counters may not be complete, one sentence each."""
        place, found = self.place, super().reasons()
        if place.walk.hidden:
            found.append(f"Orders that the store counts and does not show: {place.walk.hidden}.")
        if place.missing:
            found.append(
                f"Orders that vanished and were not found among those counted yet: {place.missing}."
            )
        return found

    def _date_refunds(self) -> Plan[None]:
        """Ask for the dates of refunds of which only those tell whether they are new."""
        for order_id in sorted(self.ledger.undated, key=int)[: max(0, self.lookups)]:
            params = {"per_page": PAGE, "_fields": "id,amount,date_created,date_created_gmt"} | FULL
            try:
                rows = yield from self.api.page(f"{V3}/orders/{order_id}/refunds", params)
                self.ledger.date_refunds(order_id, read_refunds(rows))
            except StoreError as error:
                if error.error_type == "not_found":
                    # It was deleted just now, and its refunds with it.
                    self.ledger.undated.discard(order_id)
                elif error.error_type == "invalid_response":
                    self.problems.append(error)
                else:
                    raise


def _params(size: int, query: WalkQuery | None = None) -> dict[str, Any]:
    params: dict[str, Any] = {"orderby": "modified", "order": "asc", "per_page": size}
    if query is None:
        return params
    # WordPress leaves out the moments themselves.
    params["modified_after"] = gmt(query.since - 1)
    if query.until is not None:
        params |= {"modified_before": gmt(query.until + 1), "orderby": "id"}
    if query.until is not None or query.page > 1:
        params["page"] = query.page
    if query.exclude:
        params["exclude"] = ",".join(number for number in query.exclude if number.isdigit())
    return params


def _check(page: OrderPage, query: WalkQuery) -> None:
    """Refuse the page of a store that does not search as it was asked to.

    Raises:
        StoreError: invalid_response; WooCommerce before 5.8 knows no `modified_after`.
    """
    if any(changed < query.since - 1 for changed in page.changed):
        message = "the list of orders ignores modified_after; WooCommerce 5.8 or later is needed"
        raise StoreError("invalid_response", message)


def _settled(page: OrderPage, server: float | None) -> list[int]:
    if server is None:
        return page.changed
    return [changed for changed in page.changed if changed < server - _FRESH] or page.changed


ORDERS = order_book.collector(
    OrderBook,
    "a hundred to a page. `since` is `now` or a date from which to count; a first walk from a date "
    "reads `max_pages` pages in each run. Two more requests look for new ids and read remembered "
    "orders again.",
    requests=3,
    page_size=PAGE,
    refund_lookups=20,
)
