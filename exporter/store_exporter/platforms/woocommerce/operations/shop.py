"""Operations about the shop: delivery, payment and coupons."""

from __future__ import annotations

from decimal import Decimal

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Coupon, Listing, PaymentMethod, ShippingInfo, ShippingMethod
from ...kit import checks, shipping
from ...kit.coupons import refused
from ...kit.fields import Fields
from ...kit.operations import plan
from ...kit.shipping import Zone
from .. import coupons, shop_models
from ..api import V3, Api
from ..product_lookup import CURRENCY

_ZONES = ("GET /wc/v3/shipping/zones", "GET /wc/v3/shipping/zones/{id}/methods", CURRENCY)
_MOST_ZONES = 20


def _zones(api: Api) -> Plan[list[Zone]]:
    """Return the zones; zone 0 is everywhere else."""
    rows = yield from api.rows(f"{V3}/shipping/zones", limit=_MOST_ZONES + 1)
    if len(rows.items) > _MOST_ZONES:
        raise StoreError("response_too_large", f"there are more than {_MOST_ZONES} zones")
    zones = [Fields(row, "zone") for row in rows.items]
    return [Zone(str(zone.integer("id")), zone.text("name")) for zone in zones]


def _methods(api: Api, zone: Zone) -> Plan[tuple[ShippingMethod, ...]]:
    """Return the methods of a zone that are on."""
    currency = yield from api.currency()
    rows = yield from api.rows(f"{V3}/shipping/zones/{zone.id}/methods", limit=100)
    where = f"method of zone {zone.name}"
    found = [
        shop_models.shipping_method(Fields(row, where), zone.name, currency) for row in rows.items
    ]
    return tuple(method for enabled, method in found if enabled)


@plan(Operations.get_shipping_info, calls=_ZONES)
def get_shipping_info(api: Api) -> Plan[ShippingInfo]:
    zones = {}
    for zone in (yield from _zones(api)):
        zones[zone.name] = yield from _methods(api, zone)
    return (yield from shipping.info(zones, api.currency))


@plan(Operations.get_shipping_methods, calls=_ZONES)
def get_shipping_methods(api: Api, zone: int | str | None = None) -> Plan[Listing[ShippingMethod]]:
    found: list[ShippingMethod] = []
    for each in shipping.chosen((yield from _zones(api)), zone):
        found += yield from _methods(api, each)
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
    raise refused("unknown", f"there is no coupon {wanted}")
