"""Orders: their status in the words that all platforms share, and what is in them. No I/O."""

from __future__ import annotations

from decimal import Decimal

from ....errors import StoreError
from ....spec.money import Money
from ....spec.results import (
    Customer,
    Order,
    OrderLine,
    OrderNote,
    Refund,
    ShippingAddress,
    Tracking,
)
from ...kit.reading.fields import Fields
from ...kit.reading.people import AddressMembers, read_address
from ...kit.reading.secondary import Secondary
from .ids import number, shop_amount, shop_money

_PAID = ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
_UNPAID = ("AUTHORIZED", "PARTIALLY_PAID", "PENDING")
_LOST = ("EXPIRED", "VOIDED")
FINANCIAL = (*_PAID, *_UNPAID, *_LOST)
_DELIVERED = "FULFILLED"
FULFILLMENT = (
    _DELIVERED,
    *("FULFILLMENT_NOT_REQUIRED", "IN_PROGRESS", "ON_HOLD", "OPEN", "PARTIALLY_FULFILLED"),
    *("PENDING_FULFILLMENT", "REQUEST_DECLINED", "RESTOCKED", "SCHEDULED", "UNFULFILLED"),
)


_LINES = ("address1", "address2")
_ADDRESS = AddressMembers(_LINES, "city", "provinceCode", "zip", "countryCodeV2")

STATUSES = ("pending", "processing", "completed", "cancelled", "refunded", "failed")
"""The statuses that `status` makes of Shopify's, in the words that all platforms share."""


def financial_status(order: Fields) -> str:
    """Read how far an order is paid.

    Where Shopify has no status, or one of a later version, the status is what it says of money.

    Raises:
        StoreError: invalid_response.
    """
    if order.has("displayFinancialStatus"):
        status = order.one_of_or("displayFinancialStatus", FINANCIAL, "")
        if status:
            return status
    if not order.flag("fullyPaid"):
        return "PENDING"
    refunded = shop_money(order, "totalRefundedSet").amount
    if refunded <= 0:
        return "PAID"
    total = shop_money(order, "totalPriceSet", signed=True).amount
    return "REFUNDED" if refunded >= total else "PARTIALLY_REFUNDED"


def is_delivered(order: Fields) -> bool:
    """Whether everything has been sent.

    Raises:
        StoreError: invalid_response.
    """
    return order.one_of_or("displayFulfillmentStatus", FULFILLMENT, "") == _DELIVERED


def status(order: Fields) -> str:
    """Return an order's status in the words that all platforms share.

    Shopify has no single status: payment, delivery and cancellation are separate.
    """
    financial, delivered = financial_status(order), is_delivered(order)
    if order.gmt_if_any("cancelledAt") is not None:
        return "cancelled"
    if financial == "REFUNDED":
        return "refunded"
    if financial in _LOST:
        return "failed"
    if financial in _PAID:
        return "completed" if delivered else "processing"
    return "pending"


def is_paid(order: Fields) -> bool:
    """Whether an order has been paid, whatever was paid back since."""
    return financial_status(order) in _PAID


def total(order: Fields) -> Money:
    """Return what an order comes to, before refunds.

    Shopify's total keeps lines that were taken off an order. Of one that nobody paid for there is
    neither a refund, nor is anything owed for it; the total as it is now tells.

    Raises:
        StoreError: invalid_response.
    """
    placed = shop_money(order, "totalPriceSet", signed=True)
    now = shop_amount(order, "currentTotalPriceSet", placed.currency, signed=True)
    if now >= placed.amount or order.gmt_if_any("cancelledAt") is not None:
        return placed
    outstanding = shop_amount(order, "totalOutstandingSet", placed.currency, signed=True)
    owed = max(-outstanding, Decimal(0))
    refunded = shop_amount(order, "totalRefundedSet", placed.currency)
    return Money(min(placed.amount, now + refunded + owed), placed.currency)


def order(fields: Fields, *, with_customer: bool) -> Order:
    """Read an order."""
    found, also = status(fields), Secondary()
    created = also.read("created", fields.gmt, "createdAt")
    lines = also.read("lines", lambda: fields.child("lineItems").listed("nodes"))
    also.read("lines", _all_lines, fields)
    closed = also.read("completed", fields.gmt_if_any, "closedAt")
    parcels = also.read("tracking", _parcels, fields) if with_customer else None
    return Order(
        id=number(fields, "Order"),
        number=fields.text("name").lstrip("#"),
        status=found,
        total=total(fields),
        refunded=also.read("refunded", shop_money, fields, "totalRefundedSet"),
        lines=tuple(also.rows("lines", lines, _line)),
        customer=also.read("customer", _customer, fields) if with_customer else None,
        payment_method="",
        created=created,
        modified=also.read("modified", fields.gmt, "updatedAt"),
        paid=created if is_paid(fields) else None,
        completed=closed if found == "completed" else None,
        shipping=also.read("shipping", _address, fields) if with_customer else None,
        tracking=tuple(parcels or ()),
        unreadable=also.unreadable,
    )


def _all_lines(fields: Fields) -> None:
    """Raise response_too_large where an order has more lines than it shows."""
    if fields.child("lineItems").child("pageInfo").flag("hasNextPage"):
        raise StoreError("response_too_large", f"{fields.where}: lines are left out")


def _address(fields: Fields) -> ShippingAddress | None:
    address = fields.at("shippingAddress")
    if address is None:
        return None
    return read_address(address, _ADDRESS, address.text_or("name"))


def _parcels(fields: Fields) -> list[Tracking]:
    return [
        Tracking(number, row.text_or("company"), row.text_or("url"))
        for parcel in fields.children("fulfillments")
        for row in parcel.children("trackingInfo")
        if (number := row.text_or("number").strip())
    ]


def _line(row: Fields) -> OrderLine:
    quantity = row.integer("quantity")
    unit = shop_money(row, "originalUnitPriceSet")
    return OrderLine(
        product_id=number(row.child("product"), "Product") if row.has("product") else None,
        variation_id=number(row.child("variant"), "ProductVariant") if row.has("variant") else None,
        sku=row.text_or("sku"),
        name=row.text_or("name"),
        quantity=quantity,
        total=Money(unit.amount * quantity, unit.currency),
    )


def _customer(fields: Fields) -> Customer:
    email = fields.text_or("email")
    if not fields.has("customer"):
        return Customer(None, email, "")
    found = fields.child("customer")
    return Customer(number(found, "Customer"), email, found.text_or("displayName"))


def refund(fields: Fields) -> Refund:
    """Read one refund."""
    return Refund(
        number(fields, "Refund"),
        shop_money(fields, "totalRefundedSet"),
        fields.text_or("note"),
        Secondary().read("created", fields.gmt, "createdAt"),
    )


def event(fields: Fields) -> OrderNote:
    """Read an entry of an order's timeline, which only the staff sees."""
    created = Secondary().read("created", fields.gmt, "createdAt")
    return OrderNote(number(fields, None), fields.markup_or("message"), False, created)
