"""Carts of the Storefront API: reading them, and what their errors and warnings mean. No I/O."""

from __future__ import annotations

from decimal import Decimal

from ...errors import StoreError
from ..fields import Fields
from ..money import Money
from ..results import Cart, CartCoupon, CartLine
from . import models

# CartErrorCode and CartWarningCode of the official schema, by the error type they stand for.
# Shopify carries a change out as far as it can and warns; what was not done is an error here.
_REFUSALS = {
    "MERCHANDISE_NOT_ENOUGH_STOCK": "out_of_stock",
    "MERCHANDISE_OUT_OF_STOCK": "out_of_stock",
    "MERCHANDISE_NOT_APPLICABLE": "not_found",
    "INVALID_MERCHANDISE_LINE": "not_found",
    "PRODUCT_UNAVAILABLE_IN_BUYER_LOCATION": "out_of_stock",
    "MISSING_DISCOUNT_CODE": "invalid_coupon",
    "SERVICE_UNAVAILABLE": "server_error",
    "VALIDATION_CUSTOM": "invalid_state",
}


def refusal(payload: Fields, codes: tuple[str, ...] = ()) -> StoreError | None:
    """Return why a change of a cart was not carried out, None if it was.

    Args:
        payload: of the mutation.
        codes: discount codes that were to be applied, in upper case; their warnings are refusals.
    """
    for error in payload.children("userErrors"):
        code = error.text_or("code")
        return StoreError(_REFUSALS.get(code, "invalid_input"), error.text("message"), code=code)
    warnings = payload.children("warnings") if payload.has("warnings") else iter(())
    for warning in warnings:
        code = warning.text("code")
        if code in _REFUSALS:
            return StoreError(_REFUSALS[code], warning.text("message"), code=code)
        if codes and code.startswith("DISCOUNT_"):
            return StoreError("invalid_coupon", warning.text("message"), code=code)
    return None


def cart(fields: Fields, *, renewed: bool = False) -> Cart:
    """Read a cart.

    Raises:
        StoreError: invalid_response; a line that cannot be read makes the whole cart unreadable,
            as a cart with lines missing would be another cart.
    """
    cost = fields.child("cost")
    total = models.amount(cost.child("totalAmount"))
    subtotal = models.amount(cost.child("subtotalAmount"))
    nothing = Money(Decimal(0), total.currency)
    lines = tuple(_line(row) for row in fields.child("lines").children("nodes"))
    gross = sum((line.unit_price.amount * line.quantity for line in lines), Decimal(0))
    discount = Money(max(gross - subtotal.amount, Decimal(0)), total.currency)
    applied = [
        row.text("code") for row in fields.children("discountCodes") if row.flag("applicable")
    ]
    return Cart(
        token=fields.text("id"),
        expires=None,
        lines=lines,
        coupons=tuple(
            CartCoupon(code, discount if len(applied) == 1 else nothing) for code in applied
        ),
        items=fields.integer("totalQuantity"),
        subtotal=Money(gross, total.currency),
        discount=discount,
        shipping=None,
        tax=nothing,
        total=total,
        problems=(),
        renewed=renewed,
    )


def _line(row: Fields) -> CartLine:
    cost, merchandise = row.child("cost"), row.child("merchandise")
    return CartLine(
        key=row.text("id"),
        product_id=models.number(merchandise),
        sku=merchandise.text_or("sku"),
        name=merchandise.child("product").text("title"),
        quantity=row.integer("quantity"),
        maximum=None,
        unit_price=models.amount(cost.child("amountPerQuantity")),
        total=models.amount(cost.child("totalAmount")),
        options={},
    )
