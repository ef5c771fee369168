"""Operations about the shop: delivery, payment and coupons."""

from __future__ import annotations

from decimal import Decimal

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Coupon, Listing, PaymentMethod, ShippingInfo, ShippingMethod
from ...kit import checks
from ...kit.fields import Fields
from ...kit.operations import plan
from .. import coupons, shop_models
from ..api import V3, Api
from ..product_lookup import CURRENCY

_ZONES = ("GET /wc/v3/shipping/zones", "GET /wc/v3/shipping/zones/{id}/methods", CURRENCY)
_MOST_ZONES = 20


def _zones(api: Api) -> Plan[list[tuple[int, str]]]:
    """Return id and name of the zones; zone 0 is everywhere else."""
    rows = yield from api.rows(f"{V3}/shipping/zones", limit=_MOST_ZONES + 1)
    if len(rows.items) > _MOST_ZONES:
        raise StoreError("response_too_large", f"there are more than {_MOST_ZONES} zones")
    zones = [Fields(row, "zone") for row in rows.items]
    return [(zone.integer("id"), zone.text("name")) for zone in zones]


def _methods(api: Api, zone_id: int, name: str) -> Plan[list[ShippingMethod]]:
    """Return the methods of a zone that are on."""
    currency = yield from api.currency()
    rows = yield from api.rows(f"{V3}/shipping/zones/{zone_id}/methods", limit=100)
    found = [
        shop_models.shipping_method(Fields(row, f"method of zone {name}"), name, currency)
        for row in rows.items
    ]
    return [method for enabled, method in found if enabled]


@plan(Operations.get_shipping_info, calls=_ZONES)
def get_shipping_info(api: Api) -> Plan[ShippingInfo]:
    zones = {}
    for number, name in (yield from _zones(api)):
        zones[name] = tuple((yield from _methods(api, number, name)))
    currency = yield from api.currency()
    free = [
        method.minimum.amount if method.minimum else Decimal(0)
        for methods in zones.values()
        for method in methods
        if method.kind == "free_shipping" and not method.needs_coupon
    ]
    return ShippingInfo(zones, Money(min(free), currency) if free else None)


@plan(Operations.get_shipping_methods, calls=_ZONES)
def get_shipping_methods(api: Api, zone: int | str | None = None) -> Plan[Listing[ShippingMethod]]:
    zones = yield from _zones(api)
    if zone is not None:
        wanted = str(zone).strip().casefold()
        zones = [(i, name) for i, name in zones if wanted in (str(i), name.casefold())]
        if not zones:
            raise StoreError("not_found", f"there is no zone {str(zone)[:40]}")
    found: list[ShippingMethod] = []
    for number, name in zones:
        found += yield from _methods(api, number, name)
    return Listing(tuple(found), len(found))


@plan(Operations.get_payment_methods, calls=("GET /wc/v3/payment_gateways",))
def get_payment_methods(api: Api) -> Plan[Listing[PaymentMethod]]:
    rows = yield from api.rows(f"{V3}/payment_gateways", limit=100)
    found = [shop_models.payment_method(Fields(row, "payment gateway")) for row in rows.items]
    methods = tuple(method for enabled, method in found if enabled)
    return Listing(methods, len(methods))


@plan(Operations.validate_coupon, calls=("GET /wc/v3/coupons?code=", CURRENCY))
def validate_coupon(
    api: Api,
    code: str,
    subtotal: Decimal | float | str | None = None,
    email: str | None = None,
) -> Plan[Coupon]:
    """Codes of a refusal: coupon_unknown, coupon_expired, coupon_usage_limit,
    coupon_usage_limit_per_user, coupon_minimum_spend, coupon_maximum_spend, coupon_email,
    coupon_unpublished.
    """
    wanted = checks.text(code, "code")
    value = checks.amount(subtotal, "subtotal")
    address = None if email is None else checks.email(email)
    rows = yield from api.rows(f"{V3}/coupons", {"code": wanted}, limit=10)
    for row in rows.items:
        fields = Fields(row, f"coupon {wanted}")
        if fields.text("code").casefold() == wanted.casefold():
            currency = yield from api.currency()
            return coupons.coupon(fields, currency, now=api.now(), subtotal=value, email=address)
    raise coupons.refused("unknown", f"there is no coupon {wanted}")
