"""Discount codes: whether one is good, as far as can be known without a cart."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from ....net.plans import Plan
from ....spec.money import Money
from ....spec.results import Coupon
from ...kit.operations.coupons import CouponRequest, check_coupon, coupon_plan, refusal
from ...kit.reading.fields import Fields
from ..api import Api
from ..product_lookup import quoted
from ..reading import ids

_ALWAYS_RESTRICTED = ("DiscountCodeApp", "DiscountCodeBxgy")
_KINDS = (*_ALWAYS_RESTRICTED, "DiscountCodeBasic", "DiscountCodeFreeShipping")
_PER_ITEM = "appliesOnEachItem"
CONDITIONS = {
    ("context",): (
        "DiscountBuyerSelectionAll",
        *("DiscountCustomerSegments", "DiscountCustomers", "DiscountMarkets"),
    ),
    ("customerGets", "items"): ("AllDiscountItems", "DiscountCollections", "DiscountProducts"),
    ("customerGets", "value"): ("DiscountPercentage", "DiscountAmount", "DiscountOnQuantity"),
    ("destinationSelection",): ("DiscountCountryAll", "DiscountCountries"),
    ("minimumRequirement",): ("DiscountMinimumSubtotal", "DiscountMinimumQuantity"),
}
"""The types that a part of a discount can have in Shopify's schema."""
_OPEN = (
    *("DiscountBuyerSelectionAll", "AllDiscountItems", "DiscountCountryAll"),
    *("DiscountPercentage", "DiscountAmount", "DiscountMinimumSubtotal"),
)
"""Types without a restriction beyond what `percent`, `amount` and `minimum` say."""


@coupon_plan(calls=("admin DiscountByCode",))
def validate_coupon(api: Api, request: CouponRequest) -> Plan[Coupon]:
    """Shopify's coupons have no highest order value. Shopify checks only in the checkout for whom a
    coupon is, so an `email` is in `ignored`. Of a discount with many codes, each has its own uses;
    `uses_left` of one that Shopify has not listed yet is None, and it is restricted. Codes of a
    refusal: coupon_unknown, coupon_expired, coupon_scheduled, coupon_usage_limit,
    coupon_minimum_spend.
    """
    variables = {"code": request.code, "query": quoted(request.code)}
    data = yield from api.admin.ask("DiscountByCode", variables)
    if not data.has("codeDiscountNodeByCode"):
        raise refusal("unknown", f"there is no coupon {request.code}")
    discount = data.child("codeDiscountNodeByCode").child("codeDiscount")
    return _coupon(discount, request, now=api.now())


def _coupon(fields: Fields, request: CouponRequest, *, now: float) -> Coupon:
    """Read a discount and check it; one that is not good yet has the code coupon_scheduled."""
    expires, starts = fields.gmt_if_any("endsAt"), fields.gmt_if_any("startsAt")
    state = fields.one_of("status", ("ACTIVE", "EXPIRED", "SCHEDULED"))
    kind = fields.one_of("__typename", _KINDS)
    if state == "EXPIRED":
        raise refusal("expired", f"coupon {request.code} has expired")
    if state == "SCHEDULED" or (starts and datetime.fromtimestamp(now, UTC) < starts):
        raise refusal("scheduled", f"coupon {request.code} is not good yet")
    percent, amount = _value(fields)
    is_limited = fields.has("usageLimit")
    counted = _counted(fields, request.code) if is_limited else None
    found = Coupon(
        code=request.code,
        percent=percent,
        amount=amount,
        per_item=amount is not None and fields.child("customerGets").child("value").flag(_PER_ITEM),
        free_shipping=kind == "DiscountCodeFreeShipping",
        minimum=_minimum(fields),
        maximum=None,
        expires=expires,
        uses_left=fields.integer("usageLimit") - counted.integer("asyncUsageCount")
        if counted is not None
        else None,
        restricted=kind in _ALWAYS_RESTRICTED
        or (is_limited and counted is None)
        or _is_restricted(fields),
        ignored=() if request.email is None else ("email",),
    )
    check_coupon(found, now=now, subtotal=request.subtotal)
    return found


def _counted(fields: Fields, code: str) -> Fields | None:
    """Return what has the number of uses of a code: of a discount with one code, the discount.

    None if the code cannot be found among others.
    """
    for row in fields.nodes("codes"):
        if row.text("code").casefold() == code.casefold():
            return row
    number = fields.at("codesCount")
    return fields if number is not None and number.integer("count") == 1 else None


def _is_restricted(fields: Fields) -> bool:
    """Whether a discount has conditions beyond its time, its uses and the least order value."""
    bought = fields.at("customerGets") or fields
    if fields.has("maximumShippingPrice") or not bought.flag("appliesOnOneTimePurchase"):
        return True
    return any(
        part.one_of("__typename", kinds) not in _OPEN
        for path, kinds in CONDITIONS.items()
        if (part := fields.at(*path)) is not None
    )


def _minimum(fields: Fields) -> Money | None:
    least = fields.at("minimumRequirement", "greaterThanOrEqualToSubtotal")
    return None if least is None else ids.amount(least)


def _value(fields: Fields) -> tuple[Decimal | None, Money | None]:
    """Return the discount in percent, or as an amount; Shopify writes 10 % as 0.1."""
    value = fields.at("customerGets", "value")
    if value is None:
        return None, None
    if value.has("percentage"):
        part = value.decimal("percentage")
        if not 0 <= part <= 1:
            raise value.invalid(f"percentage is {part}")
        return part * 100, None
    return None, ids.amount_if_any(value, "amount")
