"""Operations about what was bought.

Order numbers can be guessed. Therefore an order that is asked for by its number alone comes
without its customer, and with an e-mail address only when that is the order's own: to everybody
else it is not there.
"""

from __future__ import annotations

from decimal import Decimal

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Cancellation, Listing, Order, OrderNote, RefundStatus
from ...kit import checks
from ...kit.fields import Fields
from ...kit.lists import listing
from ...kit.operations import plan
from .. import ids, order_models
from ..api import Api, rows
from ..product_lookup import quoted

ORDER = "Number of the order, as the shopper knows it."
EMAIL = "E-mail address that the order must have; without one the caller vouches for the shopper."
_LOOKUP = ("admin OrdersByQuery",)
_CANCELLABLE = ("pending", "processing")
_MOST = 100
# Shopify's own errors of a cancellation, by whose fault they are.
_CANCEL_ERRORS = {
    "NOT_FOUND": "not_found",
    "NO_REFUND_PERMISSION": "forbidden",
    "NO_REFUND_TO_STORE_CREDIT_PERMISSION": "forbidden",
    "INTERNAL_ERROR": "server_error",
}


def _missing(order: int | str) -> StoreError:
    # The same words whether there is no such order or it is somebody else's.
    return StoreError("not_found", f"there is no order {str(order)[:40]} for this customer")


def find(api: Api, order: int | str, email: str | None) -> Plan[Fields]:
    """Return the order with a number such as 1001 or #1001, if it is the shopper's.

    Raises:
        StoreError: not_found.
    """
    if isinstance(order, bool) or not isinstance(order, (int, str)):
        raise StoreError("invalid_request", "order is neither a number nor a text")
    number = checks.text(str(order), "order").lstrip("#").strip()
    address = None if email is None else checks.email(email)
    if not number:
        raise _missing(order)
    for row in (yield from _search(api, f"name:{quoted(number)}", 10)):
        # The shop may put its own letters before and after the number.
        if row.text("name").lstrip("#") == number and _belongs(row, address):
            return row
    raise _missing(order)


def _belongs(order: Fields, email: str | None) -> bool:
    return email is None or order.text_or("email").strip().casefold() == email


def _of_shopper(api: Api, email: str, wanted: int) -> Plan[list[Fields]]:
    """Return the newest orders of an address. The search is by word; the address decides."""
    found = yield from _search(api, f"email:{quoted(email)}", max(wanted, 10))
    return [row for row in found if _belongs(row, email)][:wanted]


def _search(api: Api, query: str, limit: int) -> Plan[list[Fields]]:
    """Return the orders that a search finds, newest first."""
    found = yield from api.nodes("OrdersByQuery", "orders", {"query": query}, limit=limit)
    return [Fields(row, f"orders[{index}]") for index, row in enumerate(found.items)]


@plan(Operations.check_order, calls=_LOOKUP)
def check_order(api: Api, order: int | str | None = None, email: str | None = None) -> Plan[Order]:
    if order is not None:
        found = yield from find(api, order, email)
        return order_models.order(found, with_customer=email is not None)
    if email is None:
        raise StoreError("invalid_request", "check_order takes an order, an email or both")
    latest = yield from _of_shopper(api, checks.email(email), 1)
    if not latest:
        raise StoreError("not_found", "there is no order for this customer")
    return order_models.order(latest[0], with_customer=True)


@plan(Operations.get_customer_orders, calls=_LOOKUP)
def get_customer_orders(api: Api, email: str, limit: int = 10) -> Plan[Listing[Order]]:
    """Orders that were placed with the address."""
    wanted = min(checks.limit(limit), _MOST)
    found = yield from _of_shopper(api, checks.email(email), wanted)
    items = [order_models.order(row, with_customer=True) for row in found]
    return Listing(tuple(items), len(items) if len(items) < wanted else None)


@plan(Operations.get_order_notes, calls=(*_LOOKUP, "admin OrderNotes"))
def get_order_notes(
    api: Api, order: int | str, email: str | None = None, private: bool = False
) -> Plan[Listing[OrderNote]]:
    """The note that came with the order, and with `private` the entries of its timeline."""
    found = yield from find(api, order, email)
    variables = {"id": found.text("id")}
    whole = (yield from api.admin("OrderNotes", variables, first=_MOST)).child("order")
    notes = []
    if whole.text_or("note").strip():
        created = whole.gmt("createdAt")
        notes.append(OrderNote(ids.number(whole), whole.text("note"), True, created))
    if not private:
        return Listing(tuple(notes), len(notes))
    events = listing(rows(whole.child("events")), "events", order_models.event)
    notes += sorted(events, key=lambda note: (note.created, note.id))
    return Listing(tuple(notes), len(notes), events.unreadable)


@plan(Operations.check_refund_status, calls=(*_LOOKUP, "admin OrderRefunds"))
def check_refund_status(api: Api, order: int | str, email: str | None = None) -> Plan[RefundStatus]:
    found = yield from find(api, order, email)
    variables = {"id": found.text("id")}
    whole = (yield from api.admin("OrderRefunds", variables, first=_MOST)).child("order")
    total = ids.shop_money(whole, "totalPriceSet")
    refunds = [order_models.refund(row) for row in whole.children("refunds")]
    refunds.sort(key=lambda refund: (refund.created, refund.id), reverse=True)
    refunded = sum((refund.amount.amount for refund in refunds), Decimal(0))
    status = "none" if refunded <= 0 else "full" if refunded >= total.amount else "partial"
    money = Money(refunded, total.currency)
    return RefundStatus(ids.number(whole), status, total, money, tuple(refunds))


@plan(Operations.cancel_order, calls=(*_LOOKUP, "admin CancelOrder"))
def cancel_order(
    api: Api, order: int | str, reason: str | None = None, email: str | None = None
) -> Plan[Cancellation]:
    """From pending and processing. Shopify puts the goods back, does so in the background, and
    tells the customer nothing.
    """
    found = yield from find(api, order, email)
    number, status = found.text("name").lstrip("#"), order_models.status(found)
    if status not in _CANCELLABLE:
        raise StoreError("invalid_state", f"order {number} is {status} and cannot be cancelled")
    note = (reason or "").strip()[:255] or None
    variables = {"id": found.text("id"), "reason": "CUSTOMER", "note": note}
    data = yield from api.admin("CancelOrder", variables, writes=True)
    payload = data.child("orderCancel")
    for error in payload.children("orderCancelUserErrors"):
        kind = _CANCEL_ERRORS.get(error.text_or("code"), "invalid_state")
        raise StoreError(kind, error.text("message"), code=error.text_or("code") or None)
    if not payload.has("job"):
        raise StoreError("invalid_response", "the cancellation was neither refused nor begun")
    cancelled = order_models.cancelled(order_models.order(found, with_customer=email is not None))
    return Cancellation(cancelled, note is not None)
