"""Operations on orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ....spec.results import Cancellation, Listing, Order, OrderNote, RefundStatus
from ...kit.operations import arguments, orders
from ...kit.operations.order_plans import order_plans
from ...kit.operations.orders import OrdersRequest
from ...kit.reading.fields import Fields
from ...kit.reading.lists import listing
from ...kit.reading.secondary import Secondary
from ..api import SHOWN_DAYS, Api
from ..product_lookup import quoted
from ..reading import ids, order_results, order_state

_LOOKUP = ("admin OrdersByQuery",)
_MOST = 100
_NEWEST = 10
"""How many of the newest orders are looked at if a search does not find one."""
_KEPT_SECONDS = 365 * 86_400
"""How long Shopify keeps the entries of an order's timeline."""
_MOST_REFUNDS = 250
"""Number that the document requests; Shopify shows no more of one order."""
_NUMBERS = {"name": "name", "confirmation_number": "confirmationNumber"}
"""Filters of the search for the numbers that a shopper is shown, and the members that hold them."""
# Shopify's own errors of a cancellation, by whose fault they are.
_CANCEL_ERRORS: dict[str, ErrorName] = {
    "NOT_FOUND": "not_found",
    "NO_REFUND_PERMISSION": "forbidden",
    "NO_REFUND_TO_STORE_CREDIT_PERMISSION": "forbidden",
    "INTERNAL_ERROR": "server_error",
}


class _Orders(orders.Orders[Api]):
    cancellable = ("pending", "processing")
    unseen = f" (of more than {SHOWN_DAYS} days, an app is shown none without read_all_orders)"

    def zone(self) -> Plan[tzinfo]:
        return self.api.zone()

    def numbered(self, number: str, email: str | None) -> Plan[Fields | None]:
        wanted, unread = number.casefold(), list[Any]()
        # The search may not know an order yet that was placed just now.
        for query in (*(f"{name}:{quoted(number)}" for name in _NUMBERS), None):
            rows = yield from self._search(query, _NEWEST)
            found = {row.opaque(): row for row in _numbered(rows, wanted) if _belongs(row, email)}
            if len(found) > 1:
                # Apps and imports give an order any name, also one that another order has.
                message = f"several orders have the number {number[:40]}: use the e-mail address"
                raise StoreError("invalid_input", f"{message} or the confirmation number")
            if found:
                return found.popitem()[1]
            unread += [row for row in rows if not isinstance(row, Fields)]
        if email is not None:
            _check_shown(rows)
        # It may be one of those that cannot be read.
        return _order(unread[0]) if unread else None

    def newest(self, email: str, wanted: int) -> Plan[list[Fields]]:
        own, _ = yield from self._placed_by(email, f"email:{quoted(email)}", max(wanted, 10))
        return [_order(row) for row in own[:wanted]]

    def _placed_by(self, email: str, query: str, limit: int) -> Plan[tuple[list[Any], bool]]:
        """Return the orders that a search finds and that were placed with an address, and whether
        the search found no more than was requested.

        The search is by word; the address decides. What cannot be read may have been placed with
        it. Where nothing was, it is forbidden if the app is not shown the addresses.
        """
        rows = yield from self._search(query, limit)
        own = [row for row in rows if not isinstance(row, Fields) or _belongs(row, email)]
        if not own:
            _check_shown(rows or (yield from self._search(None, _NEWEST)))
        return own, len(rows) < limit

    def _search(self, query: str | None, limit: int) -> Plan[list[Any]]:
        """Return the orders that a search finds, newest first; without one, the newest of all.

        What is no object stays as it came.
        """
        found = yield from self.api.admin.nodes(
            "OrdersByQuery", "orders", {"query": query}, limit=limit
        )
        return [
            Fields.row(node, "orders", index) if isinstance(node, Mapping) else node
            for index, node in enumerate(found.items)
        ]

    def read(self, found: Fields, *, with_customer: bool) -> Order:
        return order_results.order(found, with_customer=with_customer)

    def check_status(self, status: object) -> str:
        known = super().check_status(status)
        if known not in order_state.STATUSES:
            message = f"there is no status {known}, only {', '.join(order_state.STATUSES)}"
            raise StoreError("invalid_input", message)
        return known

    def listed(self, request: OrdersRequest) -> Plan[Listing[Order]]:
        """Orders that were placed with the address, among its newest 1,000 where a status is
        requested. The statuses are pending, processing, completed, cancelled, refunded and failed.
        Without the scope read_all_orders, orders of more than sixty days are missing.
        """
        query = f"email:{quoted(request.email)}"
        if request.when is not None:
            query += " AND " + ids.within("created_at", request.when)
        # A status is derived from three of Shopify's, so orders are selected by it here. One order
        # more than requested shows whether there are more.
        most = arguments.MOST_ITEMS if request.status is not None else max(request.reach, _MOST) + 1
        own, is_whole = yield from self._placed_by(request.email, query, most)
        found = listing(own, "orders", lambda row: self.read(row, with_customer=True))
        kept = tuple(filter(request.has, found))
        begin = 0.0 if request.when is None else request.when.begin.timestamp()
        is_all = yield from self.api.shows_orders_since(begin)
        total = len(kept) if is_all and is_whole and not found.unreadable else None
        return replace(found, items=kept, total=total, complete=is_all)

    def notes(self, found: Fields, *, private: bool) -> Plan[Listing[OrderNote]]:
        """The note that came with the order, and with `private` the entries of its timeline, which
        Shopify keeps for a year.
        """
        whole = yield from self._whole("OrderNotes", found, first=_MOST)
        created = Secondary().read("created", whole.gmt, "createdAt")
        notes = []
        if whole.text_or("note").strip():
            notes.append(OrderNote(ids.number(whole, "Order"), whole.text("note"), True, created))
        if not private:
            return Listing(tuple(notes), len(notes))
        timeline = whole.child("events")
        events = listing(timeline.listed("nodes"), "events", order_results.event)
        notes += sorted(events, key=orders.age)
        is_old = created is None or created.timestamp() < self.api.now() - _KEPT_SECONDS
        is_all = not is_old and not timeline.child("pageInfo").flag("hasNextPage")
        total = len(notes) if is_all else None
        return Listing(tuple(notes), total, events.unreadable, complete=is_all)

    def refunds(self, found: Fields) -> Plan[RefundStatus]:
        whole = yield from self._whole("OrderRefunds", found)
        refunds = [order_results.refund(row) for row in whole.children("refunds")]
        if len(refunds) >= _MOST_REFUNDS:
            message = f"{whole.where}: there are {_MOST_REFUNDS} refunds or more"
            raise StoreError("response_too_large", message)
        total = order_state.total(whole)
        if any(refund.amount.currency != total.currency for refund in refunds):
            raise whole.invalid("refunds in another currency")
        # Money may be paid back without a refund, and at another rate than the refund's.
        refunded = ids.shop_amount(whole, "totalRefundedSet", total.currency)
        return orders.refund_status(ids.number(whole, "Order"), total, refunds, refunded)

    def _whole(self, name: str, found: Fields, **options: Any) -> Plan[Fields]:
        """Request one order that was found; another order in the response is an error."""
        gid = found.opaque()
        whole = (yield from self.api.admin.ask(name, {"id": gid}, **options)).child("order")
        if whole.opaque() != gid:
            raise StoreError("invalid_response", f"{name}: another order than was requested")
        return whole

    def cancel(
        self, found: Fields, reason: str | None, *, with_customer: bool
    ) -> Plan[Cancellation]:
        """From pending and processing. Shopify restocks the goods in the background and does not
        notify the customer.
        """
        self.check_cancellable(found.text("name").lstrip("#"), order_state.status(found))
        note = reason[:255] if reason else None
        variables = {"id": found.opaque(), "reason": "CUSTOMER", "note": note}
        data = yield from self.api.admin.ask("CancelOrder", variables, writes=True)
        payload = data.child("orderCancel")
        for error in payload.children("orderCancelUserErrors"):
            kind = _CANCEL_ERRORS.get(error.text_or("code"), "invalid_state")
            raise StoreError(kind, error.text("message"), code=error.text_or("code") or None)
        if not payload.has("job"):
            raise StoreError("invalid_response", "the cancellation was neither refused nor begun")
        # As it will be once Shopify has done it.
        cancelled = replace(self.read(found, with_customer=with_customer), status="cancelled")
        return Cancellation(cancelled, note is not None)


def _belongs(order: Fields, email: str | None) -> bool:
    """Whether an order was placed with an address; one that Shopify keeps back is an error."""
    if email is not None and isinstance(order.raw("email"), StoreError):
        order.text("email")
    return email is None or order.text_or("email").strip().casefold() == email


def _numbered(rows: Iterable[Any], wanted: str) -> list[Fields]:
    """Return the orders with a number; the shop may put letters before and after it."""
    return [
        row
        for row in rows
        if isinstance(row, Fields)
        and wanted in (row.text_or(name).lstrip("#").casefold() for name in _NUMBERS.values())
    ]


def _check_shown(newest: Iterable[Any]) -> None:
    """Raise forbidden if customers placed these orders, but none of them shows an e-mail address.

    Orders of a till have neither.
    """
    shown = [row for row in newest if isinstance(row, Fields)]
    if any(row.text_or("email") for row in shown):
        return
    for row in shown:
        _belongs(row, "")
    if any(row.has("customer") for row in shown):
        message = "this app is shown no order's e-mail address (protected customer data)"
        raise StoreError("forbidden", message)


def _order(row: Any) -> Fields:
    """Return an order, or raise the reason why it cannot be read."""
    return row if isinstance(row, Fields) else Fields.row(row, "orders", 0)


PLANNED = order_plans(
    _Orders,
    {
        "check_order": _LOOKUP,
        "get_customer_orders": (*_LOOKUP, "admin Shop", "admin AccessScopes", "admin OldestOrder"),
        "get_order_notes": (*_LOOKUP, "admin OrderNotes"),
        "check_refund_status": (*_LOOKUP, "admin OrderRefunds"),
        "cancel_order": (*_LOOKUP, "admin CancelOrder"),
    },
)
