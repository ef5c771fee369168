"""Whether a coupon is good, as far as can be told without a cart. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from ...errors import StoreError
from ...spec.results import Coupon


def refused(reason: str, message: str) -> StoreError:
    """Return the refusal of a coupon; `reason` becomes the error's code."""
    return StoreError("invalid_coupon", message, code=f"coupon_{reason}")


def check(coupon: Coupon, *, now: float, subtotal: Decimal | None) -> None:
    """Refuse a coupon that is over, used up or not for such a value of goods.

    Args:
        coupon: as the store has it.
        now: Unix time in seconds.
        subtotal: of the goods; None to leave the least and the most unchecked.

    Raises:
        StoreError: invalid_coupon with code coupon_expired, coupon_usage_limit,
            coupon_minimum_spend or coupon_maximum_spend.
    """
    code, expires, least, most = coupon.code, coupon.expires, coupon.minimum, coupon.maximum
    if expires is not None and datetime.fromtimestamp(now, UTC) > expires:
        raise refused("expired", f"coupon {code} expired on {expires:%Y-%m-%d}")
    if coupon.uses_left is not None and coupon.uses_left <= 0:
        raise refused("usage_limit", f"coupon {code} has been used as often as it may be")
    if subtotal is not None and least is not None and subtotal < least.amount:
        raise refused("minimum_spend", f"coupon {code} is good from {least} on")
    if subtotal is not None and most is not None and subtotal > most.amount:
        raise refused("maximum_spend", f"coupon {code} is good up to {most}")
