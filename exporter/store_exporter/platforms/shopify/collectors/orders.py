"""Orders, revenue and refunds as counters, from a walk over the orders that changed.

The list is sorted by the time of change, and a cursor of Shopify holds its place by that order:
what changes meanwhile moves to the end and is met there. A pass goes on over several runs by its
saved cursor, so that it gets ahead however many orders changed in one second. The next pass begins
a little before the latest change that was seen, as Shopify's search lags behind its records.

A deleted order is in no list. So each run asks for some of the remembered orders by their ids, the
longest unread first, whether they are still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ....contract import Run
from ....errors import StoreError
from ....net.plans import Plan
from ...kit import order_book
from ...kit.accounts import CountedOrder
from ...kit.fields import Fields
from ...kit.graphql import NodePage, opaque
from ...kit.walk import DAY
from .. import ids
from ..api import Api
from .order_rows import STATUSES, is_cut_short, read_order

_KNOWN_AT_FIRST = 100
_LOOKED_FOR = 100
"""Remembered orders of which one run asks whether they are still there."""
_TRIED_AGAIN = 5
"""Orders that could not be read and that one run asks for again."""
_NONE_SHOWN = 10**18
_SHOWN_DAYS = 60
"""Without the scope read_all_orders an app sees orders of this many days."""


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

    def __init__(self, api: Api, run: Run) -> None:
        super().__init__(api, run)
        # Errors beside pages of which every order can be read nevertheless.
        self.beside: list[StoreError] = []
        self.notes: list[str] = []

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
            page = yield from self.api.admin.page(
                "LatestOrders", "orders", {}, wanted, after, beside=self.beside
            )
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
        yield from self._try_again()
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
        yield from self._look_for_deleted()
        self.save()

    def _page(self, size: int) -> Plan[NodePage]:
        place = self.place
        query = f"updated_at:>='{ids.iso(place.begin)}'"
        try:
            return (
                yield from self.api.admin.page(
                    "OrdersUpdated",
                    "orders",
                    {"query": query},
                    size,
                    place.after,
                    beside=self.beside,
                )
            )
        except StoreError as error:
            if error.error_type == "invalid_request" and place.after is not None:
                # Should Shopify not know a cursor any more, the next run begins a new pass.
                place.after = None
                self.save()
            raise

    def _read(self, nodes: list[Any]) -> Plan[list[CountedOrder]]:
        """Read a page; an order that makes no sense is left out, told, and asked for again later.

        Raises:
            StoreError: what stands beside the page, where it explains why an order lacks something.
        """
        orders: list[CountedOrder] = []
        for index, node in enumerate(nodes):
            try:
                row = Fields(node, f"orders[{index}]")
                order = yield from self._read_one(row)
            except StoreError as error:
                if error.error_type not in ("invalid_response", "response_too_large"):
                    raise
                if self.beside:
                    raise self.beside[0] from None
                self._leave_out(node, error)
                continue
            if order is not None:
                self.unreadable.pop(order.id, None)
                orders.append(order)
        self.seen += len(orders)
        return orders

    def _read_one(self, row: Fields) -> Plan[CountedOrder | None]:
        if is_cut_short(row):
            row = (yield from self._history(opaque(row, "id"))).child("order")
        return read_order(row, self.ledger.began)

    def _history(self, gid: str) -> Plan[Fields]:
        return self.api.admin.ask("OrderHistory", {"id": gid})

    def _leave_out(self, node: Any, error: StoreError) -> None:
        """Tell of an order that cannot be read, and remember to ask for it again."""
        try:
            self.cannot_read(str(ids.number(Fields(node, "order"))), error)
        except StoreError:
            self.problems.append(error)

    def _try_again(self) -> Plan[None]:
        """Ask once more for some of the orders that could not be read."""
        for number in list(self.unreadable)[:_TRIED_AGAIN]:
            gid = ids.gid("Order", int(number))
            data = yield from self._history(gid)
            del self.unreadable[number]
            if not data.has("order"):
                continue
            for order in (yield from self._read([data.raw("order")])):
                self.ledger.apply(order)

    def _look_for_deleted(self) -> Plan[None]:
        """Ask whether the longest unread orders are still there, and take out those that are not.

        An app without the scope read_all_orders sees no order of more than sixty days. Ids grow
        with time, so that an order below the oldest that it sees has become too old, no more.
        """
        known = self.ledger.longest_unread(_LOOKED_FOR)
        if not known:
            return

        def asked(size: int) -> dict[str, Any]:
            return {"ids": [ids.gid("Order", int(number)) for number in known[:size]]}

        data = yield from self.api.admin.ask("OrdersThere", asked, first=len(known))
        nodes = data.listed("nodes")
        if len(nodes) > len(known):
            raise StoreError("invalid_response", "OrdersThere: more orders than were asked for")
        oldest = self._oldest_shown(data)
        for number, node in zip(known, nodes, strict=False):
            if node is None and int(number) >= oldest:
                self.ledger.gone(number)
            else:
                self.ledger.touch(number)

    def _oldest_shown(self, data: Fields) -> int:
        """Return the id of the oldest order that this app sees; 0 where it sees all."""
        installation = data.child("currentAppInstallation")
        if any(
            row.text("handle") == "read_all_orders" for row in installation.children("accessScopes")
        ):
            return 0
        since = self.options.since
        if since is not None and since < self.run.now() - _SHOWN_DAYS * DAY:
            self.notes.append(
                f"Counting from a date more than {_SHOWN_DAYS} days ago takes the scope "
                "read_all_orders, which this app lacks: older orders are not counted."
            )
        shown = [ids.number(row) for row in data.child("orders").children("nodes")]
        return min(shown, default=_NONE_SHOWN)

    def reasons(self) -> list[str]:
        """Return why the counters may not be complete, one sentence each."""
        kept_back = {f"Shopify keeps back a part: {error.message}" for error in self.beside}
        return [*super().reasons(), *self.notes, *sorted(kept_back)]


ORDERS = order_book.collector(
    OrderBook,
    "at most `page_size` to a page and `max_pages` full pages in a run. `since` is `now` or a date "
    "from which to count.",
    requests=2,
    page_size=50,
)
