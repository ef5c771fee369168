"""Orders, revenue and refunds as counters, from a walk over the orders that changed.

The list is sorted by the time of change, and a cursor of Shopify holds its place by that order:
what changes meanwhile moves to the end and is met there. A pass goes on over several runs by its
saved cursor, so that it gets ahead however many orders changed in one second. The next pass begins
a little before the latest change that was seen, as Shopify's search lags behind its records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ...kit import order_book
from ...kit.accounts import Order
from ...kit.fields import Fields
from ...kit.graphql import Page, opaque
from ..api import Api
from ..ids import iso
from .order_rows import STATUSES, is_cut_short, read_order

_KNOWN_AT_FIRST = 100


@dataclass(slots=True)
class Pass:
    """Where the reading stands.

    Attributes:
        begin: the pass reads orders changed at or after this Unix time.
        newest: the latest time of change seen.
        after: cursor at which the pass goes on; None when it is over.
    """

    begin: int
    newest: int
    after: str | None = None

    def to_document(self) -> dict[str, Any]:
        """Return the pass as JSON types."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pass:
        """Return the pass that was saved.

        Raises:
            ValueError: it makes no sense.
        """
        after = document["after"]
        if after is not None and not isinstance(after, str):
            raise ValueError("the cursor is not a text")
        return cls(int(document["begin"]), int(document["newest"]), after)


class OrderBook(order_book.OrderBook[Api, Pass]):
    """The order book of a shop, kept by passes over the orders sorted by time of change."""

    statuses = STATUSES
    place_name = "pass"
    largest_page = 250

    def first_place(self, since: int) -> Pass:
        """Return the pass that reads everything changed after a time."""
        return Pass(since, since + self.options.overlap)

    def saved_place(self, document: Any) -> Pass:
        """Return the pass that was saved."""
        return Pass.from_document(document)

    @property
    def backlog(self) -> int:
        """1 while orders are left: Shopify does not tell how many, only that there are some."""
        return int(self.place.after is not None)

    def begin(self) -> Plan[None]:
        """Begin after the latest change; remember the latest orders as they are."""
        nodes: list[Any] = []
        after: str | None = None
        while len(nodes) < _KNOWN_AT_FIRST:
            wanted = _KNOWN_AT_FIRST - len(nodes)
            page = yield from self.api.page("LatestOrders", "orders", {}, wanted, after)
            nodes += page.items
            after = page.after
            if after is None or not page.items:
                break
        orders = yield from self._read(nodes)
        latest = max((order.modified for order in orders), default=0)
        began = min(latest, int(self.run.now()))
        self.start(began, Pass(began, began), orders)

    def walk(self) -> Plan[None]:
        """Read on, until the end or until this run has read what one run may."""
        place = self.place
        if place.after is None:
            # What shows a time in the future must not hide what changes until then.
            latest = min(place.newest, int(self.run.now()))
            place.begin = max(0, latest - self.options.overlap)
        left = self.options.size * self.options.pages
        while left > 0:
            page = yield from self._page(min(self.options.size, left))
            for order in (yield from self._read(page.items)):
                self.ledger.apply(order)
                place.newest = max(place.newest, order.modified)
            place.after = page.after
            self.ledger.forget(place.begin)
            self.save()
            if place.after is None:
                break
            left -= max(1, len(page.items))

    def _page(self, size: int) -> Plan[Page]:
        place = self.place
        query = f"updated_at:>='{iso(place.begin)}'"
        try:
            return (
                yield from self.api.page(
                    "OrdersUpdated", "orders", {"query": query}, size, place.after
                )
            )
        except StoreError as error:
            if error.error_type == "invalid_request" and place.after is not None:
                # Should Shopify not know a cursor any more, the next run begins a new pass.
                place.after = None
                self.save()
            raise

    def _read(self, nodes: list[Any]) -> Plan[list[Order]]:
        """Read a page; an order that makes no sense is left out and told.

        Raises:
            StoreError: none of several orders can be read.
        """
        orders: list[Order] = []
        failed: list[StoreError] = []
        for index, node in enumerate(nodes):
            try:
                row = Fields(node, f"orders[{index}]")
                if is_cut_short(row):
                    row = yield from self._whole(row)
                order = read_order(row)
            except StoreError as error:
                if error.error_type not in ("invalid_response", "response_too_large"):
                    raise
                failed.append(error)
                continue
            if order is not None:
                orders.append(order)
        # A page may be a single order, and that one must not stop the counting for good.
        if len(failed) == len(nodes) > 1:
            raise failed[0]
        self.problems += failed
        self.seen += len(orders)
        return orders

    def _whole(self, row: Fields) -> Plan[Fields]:
        data = yield from self.api.admin("OrderHistory", {"id": opaque(row, "id")})
        return data.child("order")


ORDERS = order_book.collector(
    OrderBook,
    "at most `page_size` to a page and `max_pages` full pages in a run. `since` is `now` or a date "
    "from which to count.",
    page_size=50,
)
