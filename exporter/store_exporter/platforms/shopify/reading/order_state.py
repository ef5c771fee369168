"""Reads an order's status, in the words of all platforms, and its total, or raises. No I/O.

An order that does not say what it should is invalid_response.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ....errors import StoreError
from ....spec.money import Money
from ...kit.reading.fields import Fields
from .ids import shop_amount, shop_money

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
PAYMENTS = ("CAPTURE", "SALE")
"""Kinds of transactions by which money comes in."""
STATUSES = ("pending", "processing", "completed", "cancelled", "refunded", "failed")
"""The statuses that `status` returns, in the words that all platforms share."""


def financial_status(order: Fields) -> str:
    """Read the payment status of an order.

    If Shopify sends no status, or one of a later version, it is derived from the amounts.
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


def is_before(since: float, node: Any) -> bool:
    """Whether a node of a list of orders is dated before a Unix time; False if it has no date."""
    try:
        return Fields.row(node, "orders", 0).seconds("processedAt") < since
    except StoreError:
        return False


def is_delivered(order: Fields) -> bool:
    """Whether all goods of an order have been sent."""
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
    """Whether an order has been paid, even if it was paid back since."""
    return financial_status(order) in _PAID


def total(order: Fields) -> Money:
    """Return the total of an order, before refunds.

    Shopify's total includes lines that were removed from the order. For a removed line that nobody
    paid for, there is no refund and nothing is owed, so the current total shows what is left. Of an
    order in another currency, refunds are by another day's rate than what was received.
    """
    placed = shop_money(order, "totalPriceSet", signed=True)
    now = shop_amount(order, "currentTotalPriceSet", placed.currency, signed=True)
    if now >= placed.amount or order.gmt_if_any("cancelledAt") is not None:
        return placed
    outstanding = shop_amount(order, "totalOutstandingSet", placed.currency, signed=True)
    owed = max(-outstanding, Decimal(0))
    received = shop_amount(order, "totalReceivedSet", placed.currency)
    refunded = shop_amount(order, "totalRefundedSet", placed.currency)
    return Money(min(placed.amount, max(received, now + refunded + owed)), placed.currency)


def dated(transaction: Fields) -> str:
    """Return the name of the member that says when a transaction was made."""
    return "processedAt" if transaction.has("processedAt") else "createdAt"


def is_lowered(order: Fields) -> bool:
    """Whether the lines of an order are read as they are now, and not as they were placed.

    Shopify does not say how many pieces of a line were removed unpaid or exchanged, and how many
    were paid back. The placed lines still include all removed pieces, and the current lines lack
    all pieces that were paid back. Those that are nearer to the order's total count.
    """
    placed = shop_money(order, "totalPriceSet", signed=True)
    less = placed.amount - total(order).amount
    return less > 0 and less > shop_amount(order, "totalRefundedSet", placed.currency)


def left_of(line: Fields) -> tuple[int, Money]:
    """Return how many pieces of a line were neither removed nor paid back, and their price."""
    amount = shop_money(line, "priceAfterAllDiscountsBeforeTaxesSet")
    return line.integer("currentQuantity"), amount


def bought(line: Fields, *, lowered: bool, with_tax: bool) -> tuple[int, Money]:
    """Return how many pieces of a line count, by whether the order `is_lowered`, and their price.

    The price is after discounts and without tax; `with_tax` says whether the order's prices include
    taxes.
    """
    if lowered:
        return left_of(line)
    # Shopify's own total of a line leaves out discounts on the whole order.
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
        raise line.invalid("more is taken off than it costs")
    return quantity, Money(amount, unit.currency)
