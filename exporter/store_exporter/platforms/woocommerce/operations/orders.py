"""Operations about what was bought.

Order ids can be guessed. Therefore an order that is asked for by its number alone comes without
its customer, and with an e-mail address only when that is the order's own: to everybody else it
is not there.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Cancellation, Listing, Order, OrderNote, RefundStatus
from ...kit import checks
from ...kit.fields import Fields
from ...kit.operations import plan
from .. import order_models
from ..api import V3, Api, Rows
from ..models import listing
from ..order_lookup import LOOKUP, find_order, orders_of

_CANCELLABLE = ("pending", "on-hold", "processing")
_MOST = 100


@plan(Operations.check_order, calls=LOOKUP)
def check_order(api: Api, order: int | str | None = None, email: str | None = None) -> Plan[Order]:
    if order is not None:
        found = yield from find_order(api, order, email)
        return order_models.order(found, with_customer=email is not None)
    if email is None:
        raise StoreError("invalid_request", "check_order takes an order, an email or both")
    rows = yield from orders_of(api, checks.email(email), 1)
    if not rows.items:
        raise StoreError("not_found", "there is no order for this customer")
    return order_models.order(Fields(rows.items[0], "order"), with_customer=True)


@plan(
    Operations.get_customer_orders,
    calls=(
        "GET /wc/v3/customers?email=",
        "GET /wc/v3/orders?search=",
        "GET /wc/v3/orders?customer=",
    ),
)
def get_customer_orders(api: Api, email: str, limit: int = 10) -> Plan[Listing[Order]]:
    """Orders that were placed with the address or by the customer who has it."""
    wanted = checks.limit(limit)
    rows = yield from orders_of(api, checks.email(email), wanted)
    return listing(rows, "orders", lambda fields: order_models.order(fields, with_customer=True))


@plan(Operations.get_order_notes, calls=(*LOOKUP, "GET /wc/v3/orders/{id}/notes"))
def get_order_notes(
    api: Api, order: int | str, email: str | None = None, private: bool = False
) -> Plan[Listing[OrderNote]]:
    """The notes that the shopper was sent, or all of them."""
    found = yield from find_order(api, order, email)
    kind = "any" if private else "customer"
    body = yield from api.get(f"{V3}/orders/{found.identifier()}/notes", {"type": kind})
    if not isinstance(body, list):
        raise StoreError("invalid_response", "the notes are not a list")
    notes = listing(Rows(body), "notes", order_models.note)
    kept = [note for note in notes if private or note.for_customer]
    kept.sort(key=lambda note: (note.created, note.id))
    return replace(notes, items=tuple(kept), total=len(kept))


@plan(Operations.check_refund_status, calls=(*LOOKUP, "GET /wc/v3/orders/{id}/refunds"))
def check_refund_status(api: Api, order: int | str, email: str | None = None) -> Plan[RefundStatus]:
    found = yield from find_order(api, order, email)
    number, currency = found.identifier(), found.currency("currency")
    total = found.money("total", currency)
    rows = yield from api.rows(f"{V3}/orders/{number}/refunds", limit=_MOST)
    # A sum needs each of its parts: one that cannot be read fails the operation.
    refunds = [order_models.refund(Fields(row, "refund"), currency) for row in rows.items]
    refunds.sort(key=lambda refund: (refund.created, refund.id), reverse=True)
    refunded = sum((refund.amount.amount for refund in refunds), Decimal(0))
    status = "none" if refunded <= 0 else "full" if refunded >= total.amount else "partial"
    return RefundStatus(number, status, total, Money(refunded, currency), tuple(refunds))


@plan(
    Operations.cancel_order,
    calls=(*LOOKUP, "PUT /wc/v3/orders/{id}", "POST /wc/v3/orders/{id}/notes"),
)
def cancel_order(
    api: Api, order: int | str, reason: str | None = None, email: str | None = None
) -> Plan[Cancellation]:
    """From pending, on-hold and processing. The store restocks the goods and tells the customer."""
    found = yield from find_order(api, order, email)
    number, status = found.identifier(), found.text("status")
    if status not in _CANCELLABLE:
        raise StoreError("invalid_state", f"order {number} is {status} and cannot be cancelled")
    answer = yield from api.change(f"{V3}/orders/{number}", {"status": "cancelled"})
    cancelled = order_models.order(
        Fields(answer, f"order {number}"), with_customer=email is not None
    )
    if cancelled.id != number:
        raise StoreError("invalid_response", f"order {number} was answered with {cancelled.id}")
    if cancelled.status != "cancelled":
        raise StoreError("invalid_state", f"order {number} is {cancelled.status} now")
    noted = False
    if reason is not None and reason.strip():
        noted = yield from _note(api, number, reason.strip())
    return Cancellation(cancelled, noted)


def _note(api: Api, number: int, reason: str) -> Plan[bool]:
    """Add a note for the staff; False when that fails, as the order is cancelled all the same."""
    note = {"note": f"Cancelled: {reason[:1000]}", "customer_note": False}
    try:
        yield from api.create(f"{V3}/orders/{number}/notes", note)
    except StoreError:
        return False
    return True
