"""Operations about the shop: delivery and payment."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Listing, PaymentMethod, ShippingMethod
from ...kit.graphql.documents import check_whole
from ...kit.operations.plans import plan
from ...kit.operations.shipping import Zone, shipping_plans
from ...kit.reading.fields import Fields
from ...kit.reading.lists import listing, only_enabled, readable
from ..api import Api
from ..reading import ids
from ..reading.ids import amount

_MOST = 250
_PROVIDERS = ("DeliveryRateDefinition", "DeliveryParticipant")
_SIGNS = {"GREATER_THAN_OR_EQUAL_TO": ">=", "LESS_THAN_OR_EQUAL_TO": "<="}
_TITLES = {"JCB": "JCB", "SHOPIFY_PAY": "Shop Pay"}
"""Titles of ways to pay that differ from their names."""


def _zones(api: Api) -> Plan[Listing[Zone]]:
    """Return the zones of all delivery profiles, each with its ways of delivery."""
    profiles = yield from api.admin.all_nodes("DeliveryProfiles", _profiles, {}, limit=_MOST)
    rows: list[Any] = []
    groups, failures = readable(profiles, "deliveryProfiles", _groups)
    zones_of = partial(api.admin.all_nodes, "DeliveryZones", _zones_of_group, limit=_MOST)
    for ids_of in (one for some in groups for one in some):
        rows += yield from zones_of(ids_of)
    found = listing(rows, "zones", _zone)
    return replace(found, unreadable=found.unreadable + len(failures))


def _profiles(data: Fields) -> Fields:
    """Return the delivery profiles; markets take their place, shop by shop, until July 2027."""
    if data.child("shop").child("features").flag("marketDrivenShipping"):
        message = "this shop's markets set its rates, and its delivery profiles are not updated"
        raise StoreError("unsupported_operation", message)
    return data.child("deliveryProfiles")


def _groups(profile: Fields) -> list[dict[str, str]]:
    """Return the query for the zones of each group of places in a profile."""
    groups = profile.children("profileLocationGroups")
    return [{"id": profile.opaque(), "group": g.child("locationGroup").opaque()} for g in groups]


def _zone(row: Fields) -> Zone:
    place = row.child("zone")
    countries = frozenset(map(_country, place.children("countries")))
    ways = row.child("methodDefinitions")
    return Zone(str(ids.number(place, "DeliveryZone")), place.text("name"), ways, countries)


def _country(land: Fields) -> str:
    """Read the code of a country, `*` for those that no other zone has."""
    code = land.child("code")
    return "*" if code.flag("restOfWorld") else code.text("countryCode")


def _reaching(
    _: Api, every: Listing[Zone], country: str, postcode: str | None
) -> Plan[Listing[Zone]]:
    """Zones of all delivery profiles that have the country or provinces of it, or else those for
    the rest of the world. Shopify's zones know no postcodes: one that is given is in `ignored`.
    With market-driven shipping the profiles do not show the rates: unsupported_operation.
    """
    yield from ()
    own = tuple(zone for zone in every if country in zone.countries)
    if every.unreadable and not own:
        # A zone that cannot be read may be the country's own; then those for the rest do not apply.
        message = f"of the zones {every.unreadable} cannot be read, and no other one has {country}"
        raise StoreError("invalid_response", message)
    rest = tuple(zone for zone in every if "*" in zone.countries)
    ignored = () if postcode is None else ("postcode",)
    return replace(every, items=own or rest, total=None, ignored=ignored)


def _methods(_: Api, zone: Zone) -> Plan[Listing[ShippingMethod]]:
    yield from ()
    ways = zone.fields or Fields({}, zone.name)
    check_whole(ways)
    nodes = ways.listed("nodes")
    return only_enabled(listing(nodes, "methods", lambda row: _shipping_method(zone.name, row)))


def _zones_of_group(data: Fields) -> Fields:
    for group in data.child("deliveryProfile").children("profileLocationGroups"):
        return group.child("locationGroupZones")
    raise StoreError("invalid_response", "a group of locations without zones")


DELIVERY = shipping_plans(
    _zones,
    _reaching,
    _methods,
    Api.currency,
    calls=("admin DeliveryProfiles", "admin DeliveryZones"),
)


@plan(Operations.get_payment_methods, calls=("storefront PaymentMethods",))
def get_payment_methods(api: Api) -> Plan[Listing[PaymentMethod]]:
    """The cards and wallets that the checkout accepts; Shopify's APIs show no others."""
    data = yield from api.storefront.ask("PaymentMethods")
    settings = data.child("shop").child("paymentSettings")
    lists = {"Card": "acceptedCardBrands", "Wallet": "supportedDigitalWallets"}
    found = tuple(
        PaymentMethod(name.lower(), _TITLES.get(name, name.replace("_", " ").title()), kind)
        for kind, member in lists.items()
        for name in settings.optional_strings(member)
    )
    return Listing(found, len(found))


def _shipping_method(zone: str, fields: Fields) -> tuple[bool, ShippingMethod]:
    """Read a way of delivery out of a delivery profile, and whether it is switched on."""
    provider = fields.child("rateProvider")
    fixed = provider.one_of("__typename", _PROVIDERS) == "DeliveryRateDefinition"
    cost = amount(provider.child("price")) if fixed else None
    free = cost is not None and cost.amount == 0
    minimum, rule = _conditions(fields)
    method = ShippingMethod(
        zone=zone,
        title=fields.text("name"),
        kind="free_shipping" if free else "flat_rate" if fixed else "carrier",
        cost=None if free else cost,
        cost_rule=rule if fixed else "computed by the carrier",
        minimum=minimum,
        needs_coupon=False,
    )
    return fields.flag("active"), method


def _conditions(fields: Fields) -> tuple[Money | None, str]:
    """Return the order value from which a way of delivery is offered, and its other conditions."""
    minimum, others = None, []
    for row in fields.children("methodConditions"):
        name, sign = row.text("field"), _SIGNS[row.one_of("operator", tuple(_SIGNS))]
        limit = row.child("conditionCriteria")
        price = amount(limit) if name == "TOTAL_PRICE" else None
        if price is not None and sign == ">=":
            minimum = price
        else:
            value = price or f"{limit.decimal('value')} {limit.text('unit').lower()}"
            others.append(f"{name.lower()} {sign} {value}")
    return minimum, " and ".join(others)
