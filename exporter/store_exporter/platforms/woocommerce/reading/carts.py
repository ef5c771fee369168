"""Carts of the Store API: reading them, and the tokens that identify them. No I/O."""

from __future__ import annotations

from functools import partial
from typing import Any

from ....spec.money import Money, Quantity
from ....spec.results import Cart, CartCoupon, CartLine
from ...kit.auth import jwt
from ...kit.reading.fields import Fields
from ...kit.reading.money import decimal_places, decimals_of, minor_units, rounded
from ...kit.reading.secondary import Secondary

_UNLIMITED = 9999


def same_cart(sent: str, received: str) -> bool:
    """Whether the store knew the token that was sent.

    It does not refuse a GET with an expired token. It starts a new cart instead, which only shows
    in the returned token: it belongs to another visitor.
    """
    if sent == received:
        return True
    before, after = jwt.claims(sent).get("user_id"), jwt.claims(received).get("user_id")
    return before is not None and before == after


class _Amounts:
    """Reads amounts in minor units, in the currency that the same object names."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.currency = fields.currency("currency_code")
        unit = fields.raw("currency_minor_unit")
        self.decimals = decimal_places(unit, f"{fields.where}: currency_minor_unit")

    def money(self, name: str) -> Money:
        value = self._fields.raw(name)
        amount = minor_units(value, self.decimals, f"{self._fields.where}: {name}")
        return Money(amount, self.currency)

    def money_if_any(self, name: str) -> Money | None:
        return self.money(name) if self._fields.has(name) else None


def read_cart(body: Any, token: str) -> Cart:
    """Read a cart; lines and coupons that cannot be read are left out and reported.

    Raises:
        StoreError: invalid_response, its amounts cannot be read.
    """
    fields, also = Fields(body, "the cart"), Secondary()
    totals = _Amounts(fields.child("totals"))
    items = also.read("lines", fields.listed, "items")
    coupons = also.read("coupons", fields.listed, "coupons")
    return Cart(
        token=token,
        expires=jwt.expiry(token),
        lines=tuple(also.rows("lines", items, partial(_line, totals.currency, also))),
        coupons=tuple(also.rows("coupons", coupons, _coupon)),
        items=also.read("items", fields.quantity, "items_count"),
        subtotal=totals.money("total_items"),
        discount=totals.money("total_discount"),
        shipping=totals.money_if_any("total_shipping"),
        tax=totals.money("total_tax"),
        total=totals.money("total_price"),
        problems=fields.optional_items("errors", lambda row: row.markup_or("message")),
        unreadable=also.unreadable,
    )


def _line(currency: str, also: Secondary, row: Fields) -> CartLine:
    prices = _Amounts(row.child("prices"))
    totals = _Amounts(row.child("totals"))
    if {prices.currency, totals.currency} != {currency}:
        raise row.invalid("another currency than the cart's")
    maximum = also.read("maximum", _maximum, row)
    return CartLine(
        key=row.text("key"),
        product_id=row.identifier(),
        sku=row.text_or("sku"),
        name=row.text_or_number("name"),
        quantity=row.quantity("quantity"),
        maximum=maximum,
        unit_price=_unit_price(row, prices),
        total=totals.money("line_total"),
        options=dict(row.optional_items("variation", _option)),
    )


def _maximum(row: Fields) -> Quantity | None:
    most = row.child("quantity_limits").quantity("maximum")
    return most if most < _UNLIMITED else None


def _unit_price(row: Fields, prices: _Amounts) -> Money:
    """Read a price; `raw_prices` has all its decimals if the shop displays fewer."""
    shown = prices.money("price")
    in_full = prices.decimals >= decimals_of(shown.currency)
    if in_full or not row.child("prices").has("raw_prices"):
        return shown
    raw = row.child("prices").child("raw_prices")
    places = decimal_places(raw.raw("precision"), f"{raw.where}: precision")
    amount = minor_units(raw.raw("price"), places, f"{raw.where}: price")
    return Money(rounded(amount, shown.currency), shown.currency)


def _option(row: Fields) -> tuple[str, str]:
    return row.text_or_number("attribute"), row.text_or_number("value")


def _coupon(row: Fields) -> CartCoupon:
    return CartCoupon(
        row.text_or_number("code"), _Amounts(row.child("totals")).money("total_discount")
    )
