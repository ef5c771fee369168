"""From WooCommerce's JSON to results: orders, their notes and refunds. No I/O."""

from __future__ import annotations

from decimal import Decimal

from ...spec.money import Money
from ...spec.results import Customer, Order, OrderLine, OrderNote, Refund
from ..kit.fields import Fields
from .models import optional_id


def order(fields: Fields, *, with_customer: bool) -> Order:
    """Read an order; who placed it only when that was asked for."""
    currency = fields.currency("currency")
    refunded = Decimal(0)
    for row in fields.children("refunds"):
        # Negative in the answer, as it lessens the order's total.
        refunded += abs(row.money("total", currency).amount)
    return Order(
        id=fields.identifier(),
        number=fields.text("number"),
        status=fields.text("status"),
        total=fields.money("total", currency),
        refunded=Money(refunded, currency),
        lines=tuple(_line(row, currency) for row in fields.children("line_items")),
        customer=_customer(fields) if with_customer else None,
        payment_method=fields.text_or("payment_method_title"),
        created=fields.gmt("date_created_gmt"),
        modified=fields.gmt("date_modified_gmt"),
        paid=fields.gmt_if_any("date_paid_gmt"),
        completed=fields.gmt_if_any("date_completed_gmt"),
    )


def _line(row: Fields, currency: str) -> OrderLine:
    return OrderLine(
        product_id=optional_id(row, "product_id"),
        variation_id=optional_id(row, "variation_id"),
        sku=row.text_or("sku"),
        name=row.text("name"),
        quantity=row.quantity("quantity"),
        total=row.money("total", currency),
    )


def _customer(fields: Fields) -> Customer:
    billing = fields.child("billing")
    name = f"{billing.text_or('first_name')} {billing.text_or('last_name')}".strip()
    return Customer(optional_id(fields, "customer_id"), billing.text("email"), name)


def note(fields: Fields) -> OrderNote:
    """Read an order's note."""
    return OrderNote(
        id=fields.identifier(),
        text=fields.markup_or("note"),
        for_customer=fields.flag("customer_note"),
        created=fields.gmt("date_created_gmt"),
    )


def refund(fields: Fields, currency: str) -> Refund:
    """Read a refund."""
    amount = fields.money("amount", currency)
    return Refund(
        id=fields.identifier(),
        amount=Money(abs(amount.amount), currency),
        reason=fields.text_or("reason"),
        created=fields.gmt("date_created_gmt"),
    )
