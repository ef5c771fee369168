"""Orders: their status in the words that all platforms share, and what is in them. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

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
from ...kit.graphql.documents import check_whole
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

PAYMENTS = ("CAPTURE", "SALE")
"""Kinds of transactions by which money comes in."""
_UNSENT = ("CANCELLED", "ERROR", "FAILURE")
"""Statuses of a parcel that is not sent, or by another one in its place."""
_MOST_PARCELS, _MOST_NUMBERS, _MOST_PAYMENTS = 10, 5, 10
"""The document requests one more parcel and payment of an order, and one more number of a parcel.
"""
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
    return Order(
        id=number(fields, "Order"),
        number=fields.text("name").lstrip("#"),
        status=found,
        total=total(fields),
        refunded=also.read("refunded", shop_money, fields, "totalRefundedSet"),
        lines=tuple(_lines(fields, also)),
        customer=also.read("customer", _customer, fields) if with_customer else None,
        payment_method="",
        created=created,
        modified=also.read("modified", fields.gmt, "updatedAt"),
        paid=also.read("paid", _first_paid, fields) if is_paid(fields) else None,
        completed=also.read("completed", _completed, fields) if found == "completed" else None,
        shipping=also.read("shipping", _address, fields) if with_customer else None,
        tracking=tuple(_parcels(fields, also)) if with_customer else (),
        unreadable=also.unreadable,
    )


def dated(transaction: Fields) -> str:
    """Return which member of a transaction tells when it was made."""
    return "processedAt" if transaction.has("processedAt") else "createdAt"


def _payments(fields: Fields) -> list[datetime]:
    """Return when payments were made; what has none was paid for when it was placed.

    Raises:
        StoreError: response_too_large, there may be others: failed attempts are among the rows.
    """
    rows = list(fields.children("transactions"))
    _check_number(rows, _MOST_PAYMENTS)
    payments = [
        row.gmt(dated(row))
        for row in rows
        if row.text("status") == "SUCCESS" and row.text("kind") in PAYMENTS
    ]
    return payments or [fields.gmt("createdAt")]


def _first_paid(fields: Fields) -> datetime:
    return min(_payments(fields))


def _completed(fields: Fields) -> datetime:
    """Return when the last of its payments was made and its parcels sent."""
    parcels = list(fields.children("fulfillments"))
    _check_number(parcels, _MOST_PARCELS)
    sent = [parcel.gmt("createdAt") for parcel in parcels if _is_sent(parcel)]
    return max(_payments(fields) + sent)


def _address(fields: Fields) -> ShippingAddress | None:
    address = fields.at("shippingAddress")
    if address is None:
        return None
    return read_address(address, _ADDRESS, address.text_or("name"))


def _parcels(fields: Fields, also: Secondary) -> Iterator[Tracking]:
    """Yield the parcels that are on their way, and note that there are more than are shown."""
    parcels = also.read("tracking", fields.listed, "fulfillments")
    also.read("tracking", _check_number, parcels, _MOST_PARCELS)
    for tracked in also.rows("tracking", parcels, _tracked):
        also.read("tracking", _check_number, tracked, _MOST_NUMBERS)
        for row in also.rows("tracking", tracked, _tracking):
            if row.number or row.url:
                yield row


def _check_number(rows: Sequence[Any] | None, most: int) -> None:
    """Raise response_too_large where there may be more rows than were requested."""
    if len(rows or ()) > most:
        raise StoreError("response_too_large", f"there are more than {most}")


def _tracked(parcel: Fields) -> list[Any]:
    """Return what there is to track of a parcel: nothing of one that is not sent after all."""
    return parcel.listed("trackingInfo") if _is_sent(parcel) else []


def _is_sent(parcel: Fields) -> bool:
    return not parcel.one_of_or("status", _UNSENT, "")


def _tracking(row: Fields) -> Tracking:
    return Tracking(row.text_or("number").strip(), row.text_or("company"), row.text_or("url"))


def _lines(fields: Fields, also: Secondary) -> Iterator[OrderLine]:
    """Yield what was bought; of an order that was lowered, what is left on it."""
    connection = also.read("lines", fields.child, "lineItems")
    with_tax = also.read("lines", fields.flag, "taxesIncluded")
    if connection is None or with_tax is None:
        return
    also.read("lines", check_whole, connection)
    read = partial(_line, lowered=is_lowered(fields), with_tax=with_tax)
    for line in also.rows("lines", also.read("lines", connection.listed, "nodes"), read):
        if line.quantity:
            yield line


def is_lowered(order: Fields) -> bool:
    """Whether lines were taken off an order for which nobody paid.

    Raises:
        StoreError: invalid_response.
    """
    return total(order).amount < shop_money(order, "totalPriceSet", signed=True).amount


def left_of(line: Fields) -> tuple[int, Money]:
    """Return how many pieces of a line were neither taken off nor paid back, and what they cost.

    Raises:
        StoreError: invalid_response.
    """
    amount = shop_money(line, "priceAfterAllDiscountsBeforeTaxesSet")
    return line.integer("currentQuantity"), amount


def placed(line: Fields, *, with_tax: bool) -> tuple[int, Money]:
    """Return how many pieces of a line were ordered, and for how much after discounts without tax.

    Shopify's own total of a line leaves out discounts on the whole order.

    Args:
        line: of an order.
        with_tax: whether the order's prices include taxes.

    Raises:
        StoreError: invalid_response.
    """
    quantity, unit = line.integer("quantity"), shop_money(line, "originalUnitPriceSet")
    lists = {"discountAllocations": "allocatedAmountSet"}
    lists |= {"taxLines": "priceSet"} if with_tax else {}
    less = sum(
        shop_amount(part, member, unit.currency)
        for name, member in lists.items()
        for part in line.children(name)
    )
    amount = unit.amount * quantity - less
    if amount < 0:
        raise StoreError("invalid_response", f"{line.where}: more is taken off than it costs")
    return quantity, Money(amount, unit.currency)


def _line(row: Fields, *, lowered: bool, with_tax: bool) -> OrderLine:
    quantity, total = left_of(row) if lowered else placed(row, with_tax=with_tax)
    return OrderLine(
        product_id=number(row.child("product"), "Product") if row.has("product") else None,
        variation_id=number(row.child("variant"), "ProductVariant") if row.has("variant") else None,
        sku=row.text_or("sku"),
        name=row.text_or("name"),
        quantity=quantity,
        total=total,
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
