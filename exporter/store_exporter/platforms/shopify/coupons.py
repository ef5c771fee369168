"""Discount codes: whether one is good, as far as can be told without a cart. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from ...spec.money import Money
from ...spec.results import Coupon
from ..kit.coupons import Asked, check, refused
from ..kit.fields import Fields
from . import ids


def coupon(fields: Fields, asked: Asked, *, now: float) -> Coupon:
    """Read a discount and check it.

    Args:
        fields: the `codeDiscount`.
        asked: what it has to be good for.
        now: Unix time in seconds.

    Raises:
        StoreError: as `check` does; invalid_coupon with code coupon_scheduled; invalid_response.
    """
    expires, starts = fields.gmt_if_any("endsAt"), fields.gmt_if_any("startsAt")
    state, kind = fields.text("status"), fields.text("__typename")
    if state == "EXPIRED":
        raise refused("expired", f"coupon {asked.code} has expired")
    if state == "SCHEDULED" or (starts and datetime.fromtimestamp(now, UTC) < starts):
        raise refused("scheduled", f"coupon {asked.code} is not good yet")
    percent, amount = _value(fields)
    found = Coupon(
        code=asked.code,
        percent=percent,
        amount=amount,
        per_item=False,
        free_shipping=kind == "DiscountCodeFreeShipping",
        minimum=_minimum(fields),
        maximum=None,
        expires=expires,
        uses_left=_uses_left(fields),
        restricted=kind in ("DiscountCodeBxgy", "DiscountCodeApp"),
    )
    check(found, now=now, subtotal=asked.subtotal)
    return found


def _uses_left(fields: Fields) -> int | None:
    if not fields.has("usageLimit"):
        return None
    return fields.integer("usageLimit") - fields.integer("asyncUsageCount")


def _minimum(fields: Fields) -> Money | None:
    if not fields.has("minimumRequirement"):
        return None
    requirement = fields.child("minimumRequirement")
    if not requirement.has("greaterThanOrEqualToSubtotal"):
        return None
    return ids.amount(requirement.child("greaterThanOrEqualToSubtotal"))


def _value(fields: Fields) -> tuple[Decimal | None, Money | None]:
    """Return the discount in percent, or as an amount; Shopify writes 10 % as 0.1."""
    if not fields.has("customerGets"):
        return None, None
    value = fields.child("customerGets").child("value")
    if value.has("percentage"):
        return value.decimal("percentage") * 100, None
    return None, ids.amount_if_any(value, "amount")
