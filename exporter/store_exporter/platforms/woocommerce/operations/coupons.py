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
from ...kit.reading.lists import Rows
from ...kit.reading.values import as_list
from .. import facts
from ..api import V3, Api
from ..order_search import customer_id

_RESTRICTIONS = (
    "product_ids",
    "excluded_product_ids",
    "product_categories",
    "excluded_product_categories",
    "email_restrictions",
)
_META_RESTRICTIONS = frozenset(
    (
        # WooCommerce itself, and WooCommerce Brands before 9.6.
        *("product_brands", "exclude_product_brands"),
        # WooCommerce Coupon Restrictions.
        *("customer_restriction_type", "role_restriction"),
        *("country_restriction", "state_restriction", "postcode_restriction"),
        # Extended Coupon Features.
        *("_wjecf_customer_ids", "_wjecf_customer_roles", "_wjecf_excluded_customer_roles"),
        *("_wjecf_first_purchase_only", "_wjecf_min_matching_product_qty"),
        # Smart Coupons of WebToffee.
        *("_wt_sc_user_roles", "_wt_sc_exclude_user_roles"),
    )
)
"""Members of the meta data that restrict a coupon; the object itself does not show these."""
_UNRESTRICTED = ("", "0", "no", "none", "null")
_FOR_SUBSCRIPTIONS = ("sign_up_fee", "recurring_", "renewal_", "initial_cart")
"""Beginnings of the types of coupons that WooCommerce Subscriptions adds."""
_DAY = timedelta(days=1)
_ENABLED = f"{V3}/settings/general/woocommerce_enable_coupons"
_PER_ITEM = ("fixed_product", "percent_product")


@coupon_plan(
    calls=(
        "GET /wc/v3/coupons?code=",
        "GET /wc/v3/settings/general/woocommerce_enable_coupons",
        facts.SETTINGS,
        "GET /wc/v3/customers?email=",
    )
)
def validate_coupon(api: Api, request: CouponRequest) -> Plan[Coupon]:
    """Codes of a refusal: coupon_unknown, coupon_expired, coupon_usage_limit,
    coupon_usage_limit_per_user, coupon_minimum_spend, coupon_maximum_spend, coupon_email,
    coupon_unpublished, coupon_disabled. The last one means that the shop takes no coupons.
    """
    for fields in (yield from _found(api, request.code)).objects(f"coupon {request.code}"):
        if fields.text_or("code").casefold() == request.code.casefold():
            found = _coupon(fields, (yield from facts.currency(api)))
            check_coupon(found, now=api.store_now(), subtotal=request.subtotal)
            if request.email is not None:
                yield from _check_shopper(api, fields, found.code, request.email)
            return found
    raise refusal("unknown", f"there is no coupon {request.code}")


def _found(api: Api, code: str) -> Plan[Rows]:
    """Return the coupons that may have a code.

    In a shop that takes no coupons WooCommerce refuses everybody the list.
    """
    try:
        return (yield from api.rows(f"{V3}/coupons", {"code": code}, limit=10))
    except StoreError as error:
        if error.error_type != "forbidden":
            raise
        setting = yield from api.get_object(_ENABLED, "the setting", {"_fields": "id,value"})
        if setting.raw("value") != "no":
            raise
    raise refusal("disabled", "the shop takes no coupons")


def _coupon(fields: Fields, currency: str) -> Coupon:
    """Read a coupon; one that is not published is refused."""
    code = fields.text_or_number("code")
    if fields.text_or("status", "publish") != "publish":
        raise refusal("unpublished", f"coupon {code} is not published")
    kind = fields.text("discount_type")
    percent = "percent" in kind
    amount = fields.money("amount", currency)
    return Coupon(
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
        # Of more pieces than these, the others have their price.
        or fields.identifier_if_any("limit_usage_to_x_items") is not None
        or any(_listed(fields, name) for name in _RESTRICTIONS)
        or any(fields.optional_items("meta_data", _restricts)),
    )


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


def _restricts(meta: Fields) -> bool:
    """Whether a member of the meta data restricts a coupon."""
    if meta.text_or("key") not in _META_RESTRICTIONS:
        return False
    value = meta.raw("value")
    values = as_list(value) or [value]
    return any(one and str(one).strip() not in _UNRESTRICTED for one in values)


def _texts(items: list[Any]) -> list[str]:
    return [str(item).casefold() for item in items if isinstance(item, (str, int))]


def _check_shopper(api: Api, fields: Fields, code: str, email: str) -> Plan[None]:
    """Refuse a coupon that is for others, or that a shopper has used as often as one may.

    A use is listed by the id of the shopper's account, or by the e-mail address of a guest.
    """
    allowed = _texts(_listed(fields, "email_restrictions"))
    if allowed and not any(_matches(pattern, email) for pattern in allowed):
        raise refusal("email", f"coupon {code} is for other customers")
    limit = fields.identifier_if_any("usage_limit_per_user")
    users = _texts(_listed(fields, "used_by")) if limit else []
    names = {email}
    if any(map(str.isdigit, users)):
        names.add(str((yield from customer_id(api, email))))
    if limit and sum(user in names for user in users) >= limit:
        raise refusal(
            "usage_limit_per_user", f"coupon {code} has been used as often as one customer may"
        )


def _matches(pattern: str, email: str) -> bool:
    """Whether an address matches, where `*` stands for anything, as in `*@example.com`."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == email
    return email.startswith(head) and email.endswith(tail) and len(email) >= len(pattern) - 1
