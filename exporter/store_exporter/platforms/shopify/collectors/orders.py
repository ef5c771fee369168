"""Orders, revenue and refunds as counters, from a walk over the orders that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ....contract import Run
from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ...kit.graphql.documents import NodePage
from ...kit.order_book import book
from ...kit.order_book.accounts import CountedOrder
from ...kit.order_book.cursor_book import CursorBook, is_of_one
from ...kit.order_book.walk import DAY
from ...kit.reading.fields import Fields
from ..api import SHOWN_DAYS, Api
from ..reading import ids
from ..reading.order_state import STATUSES
from .order_rows import is_cut_short, read_order

_NONE_SHOWN = 10**18
_NEWEST, _MOST_PAGES = 50, 20
"""Number of orders on a page of the newest, and the most such pages that one run reads."""
_SINGLY, _FAILING = 10, 3
"""The most orders that are requested one by one in place of a page, and how many fail at first if
the shop is the cause."""
_OF_PAGE: tuple[ErrorName, ...] = ("response_too_large", "server_error", "timeout")
"""Error types of a page that a single order on it may cause."""


class _OrderBook(CursorBook[Api]):
    statuses = STATUSES
    largest_page = 250
    changed_at = "updatedAt"

    def __init__(self, api: Api, run: Run) -> None:
        super().__init__(api, run)
        self.notes: list[str] = []

    def latest(self, size: int, after: str | None) -> Plan[NodePage]:
        return self._whole_orders({"reverse": True}, size, after)

    def changed(self, since: int, size: int, after: str | None) -> Plan[NodePage]:
        query = f"updated_at:>='{ids.iso(since)}'"
        return self._whole_orders({"query": query, "reverse": False}, size, after)

    def changes(self, size: int, after: str | None) -> Plan[NodePage]:
        return self._page_of("OrderChanges", {"sort": "UPDATED_AT"}, size, after)

    def counts(self, row: Fields) -> bool:
        return not row.flag("test")

    def _page_of(
        self, name: str, variables: dict[str, Any], size: int, after: str | None
    ) -> Plan[NodePage]:
        return self.api.admin.page(name, "orders", variables, size, after, beside=self.beside)

    def _whole_orders(
        self, variables: dict[str, Any], size: int, after: str | None
    ) -> Plan[NodePage]:
        """Request a page of orders; if that fails, their ids, and then one order after the other.

        Shopify fails to make a page if it fails at a single order.
        """
        try:
            return (yield from self._page_of("OrdersUpdated", variables, size, after))
        except StoreError as error:
            if error.error_type not in _OF_PAGE:
                raise
            listed = {"sort": "UPDATED_AT", **variables}
            page = yield from self._page_of("OrderChanges", listed, min(size, _SINGLY), after)
            changed, _ = self._lately_changed(page.items)
            due = {one: when for one, when in changed.items() if not self.is_read(one, when)}
            nodes = yield from self._singly(due, error)
            return page._replace(items=[node for node in nodes if node is not None])

    def _singly(self, due: Mapping[str, int], failure: StoreError) -> Plan[list[Any]]:
        """Request orders one by one, by their ids with their times of change.

        Each that fails has its error in place of its payments. If the first few fail, it is not
        their fault, and `failure` is raised.
        """
        nodes: list[Any] = []
        failed = 0
        for order_id, changed in due.items():
            try:
                nodes.append((yield from self.node(order_id)))
            except StoreError as error:
                if not is_of_one(error):
                    raise
                failed += 1
                shown = {"id": ids.gid("Order", int(order_id)), self.changed_at: ids.iso(changed)}
                nodes.append({**shown, "transactions": error})
            if failed == len(nodes) == _FAILING:
                raise failure
        return nodes

    def id_of(self, row: Fields) -> str:
        return str(ids.number(row, "Order"))

    def node(self, order_id: str) -> Plan[Any]:
        """Request one order; another order in the response is an error."""
        gid = ids.gid("Order", int(order_id))
        data = yield from self.api.admin.ask("OrderHistory", {"id": gid})
        if data.has("order") and data.child("order").opaque() != gid:
            raise StoreError("invalid_response", f"OrderHistory: another order than {gid}")
        return data.raw("order")

    def order(self, row: Fields) -> Plan[CountedOrder | None]:
        """Read an order with all its payments; None for a test order."""
        if is_cut_short(row):
            row = Fields((yield from self.node(self.id_of(row))), row.where)
        return read_order(row, self.ledger.began)

    def there(self, known: Sequence[str]) -> Plan[tuple[Mapping[str, Any], Mapping[str, int]]]:
        """Request orders by their numbers, and the newest ones that changed since counting began.

        An app without the scope read_all_orders sees no order of more than sixty days. Ids grow
        with time, so that an order below the oldest that it sees has become too old, no more.
        """

        def variables(size: int) -> dict[str, Any]:
            return {"ids": [ids.gid("Order", int(number)) for number in known[:size]]}

        first = max(1, len(known))
        try:
            data = yield from self.api.admin.ask("OrdersThere", variables, first=first)
            nodes = data.listed("nodes")
        except StoreError as error:
            if error.error_type not in _OF_PAGE:
                raise
            data = yield from self.api.admin.ask("OrdersThere", {"ids": []})
            nodes = yield from self._singly(dict.fromkeys(known[:_SINGLY], 0), error)
        if len(nodes) > len(known):
            raise StoreError("invalid_response", "OrdersThere: more orders than were requested")
        oldest = self._oldest_shown(data)
        recent = self.place.newest >= self.run.now() - SHOWN_DAYS * DAY
        if oldest == _NONE_SHOWN and recent and None in nodes:
            self.notes.append(
                f"This app is shown no order of the last {SHOWN_DAYS} days and lacks the scope "
                "read_all_orders: orders that were deleted look like old ones."
            )
        found = {
            number: node
            for number, node in zip(known, nodes, strict=False)
            if isinstance(node, dict) or (node is None and int(number) >= oldest)
        }
        others = yield from self._newest(data.child("newest").listed("nodes"))
        for number, node in [*found.items()]:
            with suppress(StoreError):
                row = Fields(node, "node")
                if is_cut_short(row):
                    # Each would take a request; their time of change has to do.
                    others[number] = row.seconds(self.changed_at)
                    del found[number]
        return found, others

    def _newest(self, nodes: Sequence[Any]) -> Plan[dict[str, int]]:
        """Return when the newest orders last changed, for those that changed since counting began.

        If none of them was read or is awaited, older ones may not have been read either, also
        behind test orders of the last day.
        """
        newest, _ = self._lately_changed(nodes)
        if len(nodes) < _NEWEST or self.is_reading or self._any_known(newest):
            return newest
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = yield from self._page_of("OrderChanges", {"sort": "ID"}, _NEWEST, after)
            found, goes_on = self._lately_changed(page.items)
            after = page.after
            newest |= found
            if after is None or not goes_on or self._any_known(found):
                break
        return newest

    def _any_known(self, found: Mapping[str, int]) -> bool:
        awaited = self.place.comparison.awaited
        return any(one in awaited or self.is_read(one, changed) for one, changed in found.items())

    def _lately_changed(self, nodes: Sequence[Any]) -> tuple[dict[str, int], bool]:
        """Return when orders last changed since counting began, and whether to read another page.

        There is another one to read after such an order, and after test orders of the last day.
        """
        found: dict[str, int] = {}
        latest_test = 0
        for node in nodes:
            # The pass over the list reports orders that cannot be read.
            with suppress(StoreError):
                row = Fields(node, "order")
                changed = row.seconds(self.changed_at)
                if not self.counts(row):
                    latest_test = max(latest_test, changed)
                elif changed >= self.ledger.began:
                    found[self.id_of(row)] = changed
        tested = latest_test >= max(self.ledger.began, self.run.now() - DAY)
        return found, tested or bool(found)

    def _oldest_shown(self, data: Fields) -> int:
        """Return the id of the oldest order that this app sees; 0 where it sees all."""
        installation = data.child("currentAppInstallation")
        if any(
            row.text("handle") == "read_all_orders" for row in installation.children("accessScopes")
        ):
            return 0
        since = self.options.since
        if since is not None and since < self.run.now() - SHOWN_DAYS * DAY:
            self.notes.append(
                f"Counting from a date more than {SHOWN_DAYS} days ago takes the scope "
                "read_all_orders, which this app lacks: older orders are not counted."
            )
        shown = [ids.number(row, "Order") for row in data.nodes("orders")]
        return min(shown, default=_NONE_SHOWN)

    def kept_back(self) -> Sequence[StoreError]:
        return self.api.admin.kept_back

    def reasons(self) -> list[str]:
        return [*super().reasons(), *self.notes]


ORDERS = book.collector(
    _OrderBook,
    "at most `page_size` to a page and `max_pages` full pages in a run. `since` is `now` or a date "
    "from which to count.",
    requests=3,
    page_size=50,
)
