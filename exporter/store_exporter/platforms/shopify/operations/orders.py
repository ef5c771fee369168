"""Operations about what was bought."""

from __future__ import annotations

from dataclasses import replace

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Cancellation, Listing, Order, OrderNote, RefundStatus
from ...kit import checks, orders
from ...kit.fields import Fields
from ...kit.lists import listing
from ...kit.operations import plan
from .. import ids, order_models
from ..api import Api
from ..product_lookup import quoted

_LOOKUP = ("admin OrdersByQuery",)
_MOST = 100
# Shopify's own errors of a cancellation, by whose fault they are.
_CANCEL_ERRORS = {
    "NOT_FOUND": "not_found",
    "NO_REFUND_PERMISSION": "forbidden",
    "NO_REFUND_TO_STORE_CREDIT_PERMISSION": "forbidden",
    "INTERNAL_ERROR": "server_error",
}


class _Orders(orders.Orders[Api]):
    """The orders of the Admin API."""

    cancellable = ("pending", "processing")

    def numbered(self, number: str, email: str | None) -> Plan[Fields | None]:
        for row in (yield from self._search(f"name:{quoted(number)}", 10)):
            # The shop may put its own letters before and after the number.
            if row.text("name").lstrip("#") == number and _belongs(row, email):
                return row
        return None

    def newest(self, email: str, wanted: int) -> Plan[list[Fields]]:
        # The search is by word; the address decides.
        found = yield from self._search(f"email:{quoted(email)}", max(wanted, 10))
        return [row for row in found if _belongs(row, email)][:wanted]

    def _search(self, query: str, limit: int) -> Plan[list[Fields]]:
        """Return the orders that a search finds, newest first."""
        found = yield from self.api.admin.nodes(
            "OrdersByQuery", "orders", {"query": query}, limit=limit
        )
        return [Fields(row, f"orders[{index}]") for index, row in enumerate(found.items)]

    def read(self, found: Fields, *, with_customer: bool) -> Order:
        return order_models.order(found, with_customer=with_customer)


def _belongs(order: Fields, email: str | None) -> bool:
    return email is None or order.text_or("email").strip().casefold() == email


@plan(Operations.check_order, calls=_LOOKUP)
def check_order(api: Api, order: int | str | None = None, email: str | None = None) -> Plan[Order]:
    return (yield from _Orders(api).check(order, email))


@plan(Operations.get_customer_orders, calls=_LOOKUP)
def get_customer_orders(api: Api, email: str, limit: int = 10) -> Plan[Listing[Order]]:
    """Orders that were placed with the address."""
    wanted = min(checks.limit(limit), _MOST)
    found = yield from _Orders(api).newest(checks.email(email), wanted)
    items = [order_models.order(row, with_customer=True) for row in found]
    return Listing(tuple(items), len(items) if len(items) < wanted else None)


@plan(Operations.get_order_notes, calls=(*_LOOKUP, "admin OrderNotes"))
def get_order_notes(
    api: Api, order: int | str, email: str | None = None, private: bool = False
) -> Plan[Listing[OrderNote]]:
    """The note that came with the order, and with `private` the entries of its timeline."""
    found = yield from _Orders(api).find(order, email)
    variables = {"id": found.text("id")}
    whole = (yield from api.admin.ask("OrderNotes", variables, first=_MOST)).child("order")
    notes = []
    if whole.text_or("note").strip():
        created = whole.gmt("createdAt")
        notes.append(OrderNote(ids.number(whole), whole.text("note"), True, created))
    if not private:
        return Listing(tuple(notes), len(notes))
    events = listing(whole.child("events").listed("nodes"), "events", order_models.event)
    notes += sorted(events, key=lambda note: (note.created, note.id))
    return Listing(tuple(notes), len(notes), events.unreadable)


@plan(Operations.check_refund_status, calls=(*_LOOKUP, "admin OrderRefunds"))
def check_refund_status(api: Api, order: int | str, email: str | None = None) -> Plan[RefundStatus]:
    found = yield from _Orders(api).find(order, email)
    variables = {"id": found.text("id")}
    whole = (yield from api.admin.ask("OrderRefunds", variables, first=_MOST)).child("order")
    total = ids.shop_money(whole, "totalPriceSet")
    refunds = [order_models.refund(row) for row in whole.children("refunds")]
    return orders.refund_status(ids.number(whole), total, refunds)


@plan(Operations.cancel_order, calls=(*_LOOKUP, "admin CancelOrder"))
def cancel_order(
    api: Api, order: int | str, reason: str | None = None, email: str | None = None
) -> Plan[Cancellation]:
    """From pending and processing. Shopify puts the goods back, does so in the background, and
    tells the customer nothing.
    """
    known = _Orders(api)
    found = yield from known.find(order, email)
    known.check_cancellable(found.text("name").lstrip("#"), order_models.status(found))
    note = (reason or "").strip()[:255] or None
    variables = {"id": found.text("id"), "reason": "CUSTOMER", "note": note}
    data = yield from api.admin.ask("CancelOrder", variables, writes=True)
    payload = data.child("orderCancel")
    for error in payload.children("orderCancelUserErrors"):
        kind = _CANCEL_ERRORS.get(error.text_or("code"), "invalid_state")
        raise StoreError(kind, error.text("message"), code=error.text_or("code") or None)
    if not payload.has("job"):
        raise StoreError("invalid_response", "the cancellation was neither refused nor begun")
    # As it will be once Shopify has done it.
    cancelled = replace(known.read(found, with_customer=email is not None), status="cancelled")
    return Cancellation(cancelled, note is not None)
