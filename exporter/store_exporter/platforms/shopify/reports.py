"""Figures made of many records: sales and customers. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ...errors import StoreError
from ...spec.money import Money
from ...spec.results import CustomerSpend, SalesReport
from ..kit.fields import Fields
from . import ids, order_models

_NULLABLE = ("totalTaxSet", "totalDiscountsSet")
_SUMS = {
    "gross": "totalPriceSet",
    "refunds": "totalRefundedSet",
    "tax": "totalTaxSet",
    "shipping": "totalShippingPriceSet",
    "discounts": "totalDiscountsSet",
}


def sales(
    orders: Sequence[Fields], currency: str, definition: str, first: date, last: date
) -> SalesReport:
    """Add up orders.

    Raises:
        StoreError: invalid_response; an order that cannot be read makes the sums wrong.
    """
    counted = [
        order
        for order in orders
        if order.gmt_if_any("cancelledAt") is None
        and not order.flag("test")
        and (definition == "created" or order_models.is_paid(order))
    ]
    sums = {
        name: Money(sum((_part(order, key, currency) for order in counted), Decimal(0)), currency)
        for name, key in _SUMS.items()
    }
    gross, refunds = sums["gross"], sums["refunds"]
    net = gross.amount - refunds.amount - sums["tax"].amount - sums["shipping"].amount
    average = Money(gross.amount / len(counted), currency) if counted else None
    return SalesReport(
        definition=definition,
        first=first,
        last=last,
        orders=len(counted),
        items=sum(order.integer("subtotalLineItemsQuantity") for order in counted),
        gross=gross,
        net=Money(net, currency),
        average=average,
        refunds=refunds,
        tax=sums["tax"],
        shipping=sums["shipping"],
        discounts=sums["discounts"],
    )


def _part(order: Fields, name: str, currency: str) -> Decimal:
    """Return one amount of an order; taxes and discounts are null where there are none."""
    if name in _NULLABLE and not order.has(name):
        return Decimal(0)
    money = ids.shop_money(order, name)
    if money.currency != currency:
        raise StoreError("invalid_response", f"{order.where}: {name} is in {money.currency}")
    return money.amount


def customer(fields: Fields) -> CustomerSpend:
    """Read what one customer has bought."""
    total, orders = ids.amount(fields.child("amountSpent")), fields.integer("numberOfOrders")
    address = fields.child("defaultEmailAddress") if fields.has("defaultEmailAddress") else None
    latest = fields.child("lastOrder") if fields.has("lastOrder") else None
    return CustomerSpend(
        name=fields.text("displayName"),
        email=address.text_or("emailAddress") if address is not None else "",
        country="",
        orders=orders,
        total=total,
        average=Money(total.amount / orders if orders else Decimal(0), total.currency),
        last_active=latest.gmt_if_any("createdAt") if latest is not None else None,
    )
