"""Discount codes: whether one is good, as far as can be told without a cart. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from ...errors import StoreError
from ...spec.money import Money
from ...spec.results import Coupon
from ..kit.fields import Fields
from . import ids


def refused(reason: str, message: str) -> StoreError:
    """Return the refusal of a coupon; `reason` becomes the error's code."""
    return StoreError("invalid_coupon", message, code=f"coupon_{reason}")


def coupon(code: str, fields: Fields, *, now: float, subtotal: Decimal | None) -> Coupon:
    """Read a discount and check it.

    Args:
        code: as the shopper gave it.
        fields: the `codeDiscount`.
        now: Unix time in seconds.
        subtotal: of the goods, for the minimum spend; None to leave that unchecked.

    Raises:
        StoreError: invalid_coupon with code coupon_expired, coupon_scheduled, coupon_usage_limit
            or coupon_minimum_spend; invalid_response.
    """
    expires, starts = fields.gmt_if_any("endsAt"), fields.gmt_if_any("startsAt")
    moment = datetime.fromtimestamp(now, UTC)
    state = fields.text("status")
    if state == "EXPIRED" or (expires is not None and moment > expires):
        raise refused("expired", f"coupon {code} has expired")
    if state == "SCHEDULED" or (starts is not None and moment < starts):
        raise refused("scheduled", f"coupon {code} is not good yet")
    left = _uses_left(fields)
    if left is not None and left <= 0:
        raise refused("usage_limit", f"coupon {code} has been used as often as it may be")
    minimum = _minimum(fields)
    if subtotal is not None and minimum is not None and subtotal < minimum.amount:
        raise refused("minimum_spend", f"coupon {code} is good from {minimum} on")
    kind = fields.text("__typename")
    percent, amount = _value(fields)
    return Coupon(
        code=code,
        percent=percent,
        amount=amount,
        per_item=False,
        free_shipping=kind == "DiscountCodeFreeShipping",
        minimum=minimum,
        maximum=None,
        expires=expires,
        uses_left=left,
        restricted=kind in ("DiscountCodeBxgy", "DiscountCodeApp"),
    )


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
