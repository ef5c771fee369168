"""Validation of coupons, as far as it is possible without a cart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Coupon
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT")


def refusal(reason: str, message: str) -> StoreError:
    """Return the refusal of a coupon; `reason` becomes the error's code."""
    return StoreError("invalid_coupon", message, code=f"coupon_{reason}")


def check_coupon(coupon: Coupon, *, now: float, subtotal: Decimal | None) -> None:
    """Refuse a coupon that at a Unix time is expired, used up, or not valid for a subtotal.

    Without a subtotal of the goods, the least and the most are not checked.

    Raises:
        StoreError: invalid_coupon with code coupon_expired, coupon_usage_limit,
            coupon_minimum_spend or coupon_maximum_spend.
    """
    code, expires, least, most = coupon.code, coupon.expires, coupon.minimum, coupon.maximum
    if expires is not None and datetime.fromtimestamp(now, UTC) > expires:
        raise refusal("expired", f"coupon {code} expired on {expires:%Y-%m-%d}")
    if coupon.uses_left is not None and coupon.uses_left <= 0:
        raise refusal("usage_limit", f"coupon {code} has reached its usage limit")
    if subtotal is not None and least is not None and subtotal < least.amount:
        raise refusal("minimum_spend", f"coupon {code} is valid only from {least}")
    if subtotal is not None and most is not None and subtotal > most.amount:
        raise refusal("maximum_spend", f"coupon {code} is valid only up to {most}")


class CouponRequest(NamedTuple):
    """A request to validate a coupon.

    Attributes:
        code: as the shopper gave it, trimmed.
        subtotal: price of the goods; None to skip the checks of the lowest and highest value.
        email: the shopper's, in lower case; None to skip the check of who may use the coupon.
    """

    code: str
    subtotal: Decimal | None
    email: str | None


def coupon_plan(
    *, calls: tuple[str, ...]
) -> Callable[[Callable[[ApiT, CouponRequest], Plan[Coupon]]], Planned[..., Coupon]]:
    """Make a function the plan of validate_coupon; the arguments are those of `plan`."""

    def planned(validate: Callable[[ApiT, CouponRequest], Plan[Coupon]]) -> Planned[..., Coupon]:
        @plan(Operations.validate_coupon, calls=calls, notes_of=validate)
        def validate_coupon(
            api: ApiT,
            code: str,
            subtotal: Decimal | float | str | None = None,
            email: str | None = None,
        ) -> Plan[Coupon]:
            value = arguments.amount(subtotal, "subtotal")
            address = None if email is None else arguments.email(email)
            return validate(api, CouponRequest(arguments.text(code, "code"), value, address))

        return validate_coupon

    return planned
