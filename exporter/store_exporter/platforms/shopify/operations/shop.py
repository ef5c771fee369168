"""Operations about the shop: delivery and payment."""

from __future__ import annotations

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import (
    Listing,
    PaymentMethod,
    ShippingInfo,
    ShippingMethod,
)
from ...kit import shipping
from ...kit.fields import Fields
from ...kit.operations import plan
from ...kit.shipping import Zone
from .. import ids
from ..api import Api
from ..ids import amount

_MOST_PLACES = 250
_WALLETS = {
    "ANDROID_PAY": "Android Pay",
    "APPLE_PAY": "Apple Pay",
    "GOOGLE_PAY": "Google Pay",
    "SHOPIFY_PAY": "Shop Pay",
}


def _methods(api: Api) -> Plan[list[tuple[Zone, ShippingMethod]]]:
    """Return every way of delivery that is switched on, with its zone."""
    found: list[tuple[Zone, ShippingMethod]] = []
    for fields in (yield from _zones(api)):
        place, methods = fields.child("zone"), fields.child("methodDefinitions")
        zone = Zone(str(ids.number(place)), place.text("name"))
        if methods.child("pageInfo").flag("hasNextPage"):
            raise StoreError("response_too_large", f"{zone.name} has more than 25 ways of delivery")
        active = [row for row in methods.children("nodes") if row.flag("active")]
        found += [(zone, _shipping_method(zone.name, row)) for row in active]
    return found


def _zones(api: Api) -> Plan[list[Fields]]:
    """Return the zones of all delivery profiles."""
    most = _MOST_PLACES
    profiles = yield from api.admin.all_nodes(
        "DeliveryProfiles", "deliveryProfiles", {}, limit=most
    )
    zones: list[Fields] = []
    for profile in profiles:
        for group in profile.children("profileLocationGroups"):
            ids_of = {
                "id": profile.opaque(),
                "group": group.child("locationGroup").opaque(),
            }
            zones += yield from api.admin.all_nodes(
                "DeliveryZones", _zones_of_group, ids_of, limit=most
            )
    return zones


def _zones_of_group(data: Fields) -> Fields:
    for group in data.child("deliveryProfile").children("profileLocationGroups"):
        return group.child("locationGroupZones")
    raise StoreError("invalid_response", "a group of locations without zones")


@plan(Operations.get_shipping_info, calls=("admin DeliveryProfiles", "admin DeliveryZones"))
def get_shipping_info(api: Api) -> Plan[ShippingInfo]:
    zones: dict[str, tuple[ShippingMethod, ...]] = {}
    for zone, method in (yield from _methods(api)):
        zones[zone.name] = (*zones.get(zone.name, ()), method)
    return (yield from shipping.info(zones, api.currency))


@plan(Operations.get_shipping_methods, calls=("admin DeliveryProfiles", "admin DeliveryZones"))
def get_shipping_methods(api: Api, zone: int | str | None = None) -> Plan[Listing[ShippingMethod]]:
    methods = yield from _methods(api)
    zones = shipping.chosen([place for place, _ in methods], zone)
    found = tuple(method for place, method in methods if place in zones)
    return Listing(found, len(found))


@plan(Operations.get_payment_methods, calls=("storefront PaymentMethods",))
def get_payment_methods(api: Api) -> Plan[Listing[PaymentMethod]]:
    """The cards and wallets that the checkout takes; Shopify's APIs show no others."""
    data = yield from api.storefront.ask("PaymentMethods")
    settings = data.child("shop").child("paymentSettings")
    cards = settings.texts_or("acceptedCardBrands")
    wallets = settings.texts_or("supportedDigitalWallets")
    found = [PaymentMethod(name.lower(), name.replace("_", " ").title(), "Card") for name in cards]
    found += [
        PaymentMethod(name.lower(), _WALLETS.get(name, name.replace("_", " ").title()), "Wallet")
        for name in wallets
    ]
    return Listing(tuple(found), len(found))


def _shipping_method(zone: str, fields: Fields) -> ShippingMethod:
    """Read a way of delivery out of a delivery profile."""
    provider = fields.child("rateProvider")
    fixed = provider.text("__typename") == "DeliveryRateDefinition"
    cost = amount(provider.child("price")) if fixed else None
    free = cost is not None and cost.amount == 0
    return ShippingMethod(
        zone=zone,
        title=fields.text("name"),
        kind="free_shipping" if free else "flat_rate" if fixed else "carrier",
        cost=None if free else cost,
        cost_rule="" if fixed else "computed by the carrier",
        minimum=_minimum(fields),
        needs_coupon=False,
    )


def _minimum(fields: Fields) -> Money | None:
    """Return the order value from which a way of delivery is offered."""
    for row in fields.children("methodConditions"):
        at_least = row.raw("operator") == "GREATER_THAN_OR_EQUAL_TO"
        if row.raw("field") == "TOTAL_PRICE" and at_least:
            return amount(row.child("conditionCriteria"))
    return None
