"""Coupons: whether one is valid, as far as that shows without a cart."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.results import Coupon
from ...kit.operations.coupons import CouponRequest, check_coupon, coupon_plan, refusal
from ...kit.reading.fields import Fields
from .. import facts
from ..api import V3, Api

_RESTRICTIONS = (
    "product_ids",
    "excluded_product_ids",
    "product_categories",
    "excluded_product_categories",
    "email_restrictions",
)
_FOR_SUBSCRIPTIONS = ("sign_up_fee", "recurring_", "renewal_", "initial_cart")
"""Beginnings of the types of coupons that WooCommerce Subscriptions adds."""
_DAY = timedelta(days=1)
_PER_ITEM = ("fixed_product", "percent_product")


@coupon_plan(calls=("GET /wc/v3/coupons?code=", facts.SETTINGS))
def validate_coupon(api: Api, request: CouponRequest) -> Plan[Coupon]:
    """Codes of a refusal: coupon_unknown, coupon_expired, coupon_usage_limit,
    coupon_usage_limit_per_user, coupon_minimum_spend, coupon_maximum_spend, coupon_email,
    coupon_unpublished.
    """
    rows = yield from api.rows(f"{V3}/coupons", {"code": request.code}, limit=10)
    for fields in rows.objects(f"coupon {request.code}"):
        if fields.text_or("code").casefold() == request.code.casefold():
            return _coupon(fields, (yield from facts.currency(api)), request, now=api.store_now())
    raise refusal("unknown", f"there is no coupon {request.code}")


def _coupon(fields: Fields, currency: str, request: CouponRequest, *, now: float) -> Coupon:
    """Read a coupon, and check it for an order value and a shopper at a Unix time in seconds.

    Raises:
        StoreError: as `check_coupon` does; invalid_coupon with code coupon_unpublished,
            coupon_email or coupon_usage_limit_per_user; invalid_response.
    """
    code = fields.text_or_number("code")
    if fields.text_or("status", "publish") != "publish":
        raise refusal("unpublished", f"coupon {code} is not published")
    kind = fields.text("discount_type")
    percent = "percent" in kind
    amount = fields.money("amount", currency)
    found = Coupon(
        code=code,
        percent=amount.amount if percent else None,
        amount=None if percent else amount,
        per_item=kind in _PER_ITEM,
        free_shipping=fields.flag("free_shipping"),
        minimum=_limit(fields, "minimum_amount", currency),
        maximum=_limit(fields, "maximum_amount", currency),
        expires=_expiry(fields),
        uses_left=_uses_left(fields),
        restricted=kind.startswith(_FOR_SUBSCRIPTIONS)
        or fields.raw("exclude_sale_items") is True
        or any(_listed(fields, name) for name in _RESTRICTIONS),
    )
    check_coupon(found, now=now, subtotal=request.subtotal)
    if request.email is not None:
        _check_shopper(fields, code, request.email)
    return found


def _expiry(fields: Fields) -> datetime | None:
    """Read when a coupon expires, in the shop's own time zone, so that the day is the shop's."""
    expires = fields.gmt_if_any("date_expires_gmt")
    with suppress(StoreError):
        local = fields.gmt_if_any("date_expires")
        if expires is not None and local is not None and abs(local - expires) < _DAY:
            return expires.astimezone(timezone(local - expires))
    return expires


def _limit(fields: Fields, name: str, currency: str) -> Money | None:
    """Read a limit of the order value; None if it is zero or missing."""
    money = fields.money_if_any(name, currency)
    return money if money is not None and money.amount > 0 else None


def _uses_left(fields: Fields) -> int | None:
    limit = fields.identifier_if_any("usage_limit")
    return None if limit is None else limit - (fields.identifier_if_any("usage_count") or 0)


def _listed(fields: Fields, name: str) -> list[Any]:
    """Read a list; for an empty one, plugins may leave PHP's empty text, false or null."""
    return [] if fields.raw(name) in (None, "", False) else fields.listed(name)


def _texts(items: list[Any]) -> list[str]:
    return [str(item).casefold() for item in items if isinstance(item, (str, int))]


def _check_shopper(fields: Fields, code: str, email: str) -> None:
    allowed = _texts(_listed(fields, "email_restrictions"))
    if allowed and not any(_matches(pattern, email) for pattern in allowed):
        raise refusal("email", f"coupon {code} is for other customers")
    limit = fields.identifier_if_any("usage_limit_per_user")
    # Guests are listed by e-mail address; logged-in shoppers by a user id, which says nothing here.
    if limit and _texts(_listed(fields, "used_by")).count(email) >= limit:
        raise refusal(
            "usage_limit_per_user", f"coupon {code} has been used as often as one customer may"
        )


def _matches(pattern: str, email: str) -> bool:
    """Whether an address matches, where `*` stands for anything, as in `*@example.com`."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == email
    return email.startswith(head) and email.endswith(tail) and len(email) >= len(pattern) - 1
