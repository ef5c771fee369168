"""Orders, revenue and refunds as counters, from a walk over the orders that changed."""

from __future__ import annotations

import logging
from typing import Any

from ....contract import Run
from ....errors import StoreError
from ....net.plans import Plan
from ...kit import order_book
from ...kit.options import whole_number
from ...kit.walk import Query, Walk
from ..api import PAGE, V3, Api, gmt, server_time
from .order_rows import FIELDS, Page, read_page, read_refunds
from .statuses import ENTERED

logger = logging.getLogger(__name__)

# An order that is edited between the store's search and the reading of its fields shows a time
# that is later than its place in the list. Only times older than this tell how far a page got.
_FRESH = 5


class OrderBook(order_book.OrderBook[Api, Walk]):
    """The order book of a store, kept by a walk over the orders' times of change."""

    statuses = ENTERED
    place_name = "walk"
    largest_page = PAGE

    def __init__(self, api: Api, run: Run) -> None:
        super().__init__(api, run)
        # Orders whose refunds this run may still ask for, to learn their dates.
        self._lookups = whole_number(run.options, "refund_lookups", 1, 1_000)

    def first_place(self, since: int) -> Walk:
        """Return the walk that begins at a time."""
        return Walk(since)

    def saved_place(self, document: Any) -> Walk:
        """Return the walk that was saved."""
        return Walk.from_document(document)

    @property
    def backlog(self) -> int:
        """Orders still to be read, as far as the last answer told, or of which refunds are."""
        return self.place.backlog + len(self.ledger.undated)

    def begin(self) -> Plan[None]:
        """Begin after the latest change; remember the last hundred orders as they are.

        A store with 100,000 orders is not asked for more than that one page.
        """
        rows = yield from self.api.page(f"{V3}/orders", _params(PAGE) | {"order": "desc"})
        page = read_page(rows)
        server = server_time(rows.response)
        # Orders from the future must not put off the counting until then.
        clock = int(self.run.now() if server is None else server)
        began = min(max(page.changed, default=0), clock)
        self.start(began, Walk(began, newest=began), page.orders)
        self.ledger.newest = page.newest
        self.before = len(page.orders) if rows.total is None else rows.total

    def walk(self) -> Plan[None]:
        """Walk on, until the end or until this run's share of pages is used up."""
        overlap, size = self.options.overlap, self.options.size
        self.place.begin(self.run.now(), overlap)
        server: float | None = None
        for _ in range(self.options.pages):
            query = self.place.query()
            rows = yield from self.api.page(f"{V3}/orders", _params(size, query))
            server = server_time(rows.response)
            page = read_page(rows)
            _check(page, query)
            for order in page.orders:
                self.ledger.apply(order)
            self.problems += page.problems
            if rows.total and not rows.items:
                message = f"the store tells of {rows.total} orders and shows none"
                self.problems.append(StoreError("invalid_response", message))
            self.seen += len(page.orders)
            more = self.place.advance(_settled(page, server), rows.total, size)
            self.ledger.forget(self.place.read_again_from(overlap))
            if not more:
                break
            self.save()
        self.place.settle(self.run.now(), server)
        self.save()
        yield from self._date_refunds()
        self.save()
        if self.backlog:
            domain = self.run.store.domain
            logger.info("%s: changed orders still to read: %d", domain, self.backlog)

    def _date_refunds(self) -> Plan[None]:
        """Ask for the dates of refunds of which only those tell whether they are new."""
        for order_id in sorted(self.ledger.undated, key=int)[: self._lookups]:
            params = {"per_page": PAGE, "_fields": "id,amount,date_created,date_created_gmt"}
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


def _params(size: int, query: Query | None = None) -> dict[str, Any]:
    params: dict[str, Any] = {
        "orderby": "modified",
        "order": "asc",
        "per_page": size,
        "dates_are_gmt": "true",
        "_fields": FIELDS,
    }
    if query is None:
        return params
    # WordPress leaves out the moments themselves.
    params["modified_after"] = gmt(query.since - 1)
    if query.until is not None:
        params |= {
            "modified_before": gmt(query.until + 1),
            "orderby": "id",
            "page": query.page,
        }
    return params


def _check(page: Page, query: Query) -> None:
    """Refuse the page of a store that does not search as it was asked to.

    Raises:
        StoreError: invalid_response; WooCommerce before 5.8 knows no `modified_after`.
    """
    if any(changed < query.since - 1 for changed in page.changed):
        message = "the list of orders ignores modified_after; WooCommerce 5.8 or later is needed"
        raise StoreError("invalid_response", message)


def _settled(page: Page, server: float | None) -> list[int]:
    if server is None:
        return page.changed
    return [changed for changed in page.changed if changed < server - _FRESH] or page.changed


ORDERS = order_book.collector(
    OrderBook,
    "a hundred to a page. `since` is `now` or a date from which to count; a first walk from a date "
    "reads `max_pages` pages in each run.",
    page_size=PAGE,
    refund_lookups=20,
)
