"""From WooCommerce's JSON to results: ways to pay and of delivery. No I/O."""

from __future__ import annotations

import re
from decimal import Decimal

from ...spec.money import Money
from ...spec.results import PaymentMethod, ShippingMethod
from ..kit.fields import Fields

_BY_VALUE = ("min_amount", "either", "both")
_COST = re.compile(r"[0-9]{1,12}([.,][0-9]{1,2})?")


def payment_method(fields: Fields) -> tuple[bool, PaymentMethod]:
    """Read a payment gateway and whether it is on. Its settings, with their keys, are not read."""
    method = PaymentMethod(
        fields.text("id"), fields.text_or("title"), fields.markup_or("description")
    )
    return fields.flag("enabled"), method


def shipping_method(fields: Fields, zone: str, currency: str) -> tuple[bool, ShippingMethod]:
    """Read a way of delivery and whether it is on."""
    settings = fields.child("settings")
    kind = fields.text("method_id")
    # What free delivery takes must be known for certain, lest it be promised to everybody.
    requires = settings.child("requires").text("value") if kind == "free_shipping" else ""
    rule = settings.child("cost").text_or("value").strip() if settings.has("cost") else ""
    cost = _cost(rule, currency)
    method = ShippingMethod(
        zone=zone,
        title=fields.text("title"),
        kind=kind,
        cost=cost,
        cost_rule="" if cost is not None else rule,
        minimum=_minimum(settings, currency) if requires in _BY_VALUE else None,
        needs_coupon=requires in ("coupon", "both"),
    )
    return fields.flag("enabled"), method


def _minimum(settings: Fields, currency: str) -> Money:
    """Read the order value that delivery is free from; the store takes nothing for nought."""
    setting = settings.child("min_amount")
    if setting.text("value") == "":
        return Money(Decimal(0), currency)
    return setting.money("value", currency)


def _cost(text: str, currency: str) -> Money | None:
    """Read an amount that the shop's owner typed, None if it is a formula.

    It is in the notation of the store's language: `4,90` in a German one. With one or two decimals
    there is no doubt which sign separates them; anything else is left alone.
    """
    if not _COST.fullmatch(text.strip()):
        return None
    return Money(Decimal(text.strip().replace(",", ".")), currency)
