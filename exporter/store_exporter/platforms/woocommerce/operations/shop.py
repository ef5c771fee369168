"""Operations about the shop: delivery and payment."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import partial

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Listing, PaymentMethod, ShippingMethod
from ...kit.operations.plans import plan
from ...kit.operations.shipping import Zone, shipping_plans
from ...kit.reading.fields import Fields
from ...kit.reading.lists import only_enabled
from ...kit.reading.money import decimals_of
from .. import facts
from ..api import V3, Api
from ..reading.zones import ZonePlace, zone_covers

_ZONES = (
    "GET /wc/v3/shipping/zones",
    "GET /wc/v3/shipping/zones/{id}/locations",
    "GET /wc/v3/data/continents",
    "GET /wc/v3/shipping/zones/{id}/methods",
    facts.SETTINGS,
)
_ELSEWHERE = "0"
"""The zone for every place that no other zone covers."""
_MOST_ZONES = 20
_BY_VALUE = ("min_amount", "either", "both")


def _zones(api: Api) -> Plan[Listing[Zone]]:
    """Return the zones; zone 0 is everywhere else.

    A shop that delivers nothing has none: WooCommerce refuses to list them.
    """
    try:
        rows = yield from api.rows(f"{V3}/shipping/zones", limit=_MOST_ZONES + 1)
    except StoreError as error:
        if error.code != "rest_no_route" or (yield from facts.delivers(api)):
            raise
        return Listing((), total=0)
    if len(rows.items) > _MOST_ZONES:
        raise StoreError("response_too_large", f"there are more than {_MOST_ZONES} zones")
    return rows.listing(
        "zones", lambda zone: Zone(str(zone.integer("id")), zone.text_or_number("name"))
    )


def _methods(api: Api, zone: Zone) -> Plan[Listing[ShippingMethod]]:
    shop = yield from facts.money_settings(api)
    path, what = f"{V3}/shipping/zones/{zone.id}/methods", f"method of zone {zone.name}"
    read = partial(_shipping_method, zone=zone.name, shop=shop)
    return only_enabled((yield from api.listing(path, what, read, limit=100)))


def _reaching(
    api: Api, every: Listing[Zone], country: str, postcode: str | None
) -> Plan[Listing[Zone]]:
    """Zones are checked in the shop's order, as in the cart. The first match counts: a zone with
    the country, its continent or no region, and with the postcode if it has any postcodes. Without
    a match it is the zone for everywhere else. A zone that has only states is skipped, because the
    state is not known. There is none for a country that the shop's general settings exclude.
    """
    if not (yield from facts.delivers_to(api, country)):
        return replace(every, items=(), total=None)
    continents: frozenset[str] | None = None
    for zone in every:
        if zone.id == _ELSEWHERE:
            continue
        page = yield from api.page(f"{V3}/shipping/zones/{zone.id}/locations")
        places = [ZonePlace(row.text("type"), row.text_or_number("code")) for row in page]
        if continents is None and any(place.kind == "continent" for place in places):
            continents = yield from _continents(api, country)
        if zone_covers(places, country, continents or frozenset(), postcode):
            return replace(every, items=(zone,), total=None)
    return replace(every, items=tuple(zone for zone in every if zone.id == _ELSEWHERE), total=None)


def _continents(api: Api, country: str) -> Plan[frozenset[str]]:
    page = yield from api.page(f"{V3}/data/continents", {"_fields": "code,countries"})
    return frozenset(
        row.text("code")
        for row in page
        if any(land.text("code") == country for land in row.children("countries"))
    )


DELIVERY = shipping_plans(_zones, _reaching, _methods, facts.currency, calls=_ZONES)


@plan(Operations.get_payment_methods, calls=("GET /wc/v3/payment_gateways",))
def get_payment_methods(api: Api) -> Plan[Listing[PaymentMethod]]:
    path = f"{V3}/payment_gateways"
    return only_enabled(
        (yield from api.listing(path, "payment gateways", _payment_method, limit=100))
    )


def _payment_method(fields: Fields) -> tuple[bool, PaymentMethod]:
    """Read a payment gateway and whether it is enabled. Its settings may have keys: not read."""
    method = PaymentMethod(
        fields.text("id"), fields.text_or("title"), fields.markup_or("description")
    )
    return fields.flag("enabled"), method


def _shipping_method(
    fields: Fields, zone: str, shop: facts.MoneySettings
) -> tuple[bool, ShippingMethod]:
    """Read a way of delivery and whether it is enabled."""
    settings = fields.child("settings")
    kind = fields.text("method_id")
    # The condition of free delivery must be known, or it would be promised to everybody.
    requires = settings.child("requires").text("value") if kind == "free_shipping" else ""
    rule = settings.child("cost").text_or("value").strip() if settings.has("cost") else ""
    of_classes = _of_classes(settings, counts_zero=not rule)
    cost = None if of_classes else _cost(rule, shop)
    method = ShippingMethod(
        zone=zone,
        title=fields.text_or("title"),
        kind=kind,
        cost=cost,
        cost_rule="" if cost is not None else "; ".join(filter(None, (rule, of_classes))),
        minimum=_minimum(settings, shop.currency) if requires in _BY_VALUE else None,
        needs_coupon=requires in ("coupon", "both"),
    )
    return fields.flag("enabled"), method


def _of_classes(settings: Fields, *, counts_zero: bool) -> str:
    """Return what the classes of the products in an order add to its cost; empty if nothing.

    Where there is no other cost, those for whom it is zero are the only ones that get a delivery.
    """
    rules: list[str] = []
    for name in settings.names():
        if name.startswith("class_cost_") or name == "no_class_cost":
            setting = settings.child(name)
            rule = setting.text_or("value").strip()
            if rule.strip("0.,") or (rule and counts_zero):
                rules.append(f"{setting.text_or('label') or name}: {rule}")
    kind = settings.at("type")
    is_highest = len(rules) > 1 and kind is not None and kind.text_or("value") == "order"
    return ("the highest of: " if is_highest else "") + "; ".join(rules)


def _minimum(settings: Fields, currency: str) -> Money:
    """Read the order value from which delivery is free; an empty value means zero to the store."""
    setting = settings.child("min_amount")
    if setting.text("value") == "":
        return Money(Decimal(0), currency)
    return setting.money("value", currency)


def _cost(text: str, shop: facts.MoneySettings) -> Money | None:
    """Read an amount that the shop's owner typed; None if it is a formula.

    It is in the notation of the store's language: `4,90` in a German one. If it has no more
    decimals than the currency has or the shop displays, the sign before them is certain. Anything
    else is not read.
    """
    decimals = max(2, decimals_of(shop.currency), shop.decimals)
    if not re.fullmatch(rf"[0-9]{{1,12}}([.,][0-9]{{1,{decimals}}})?", text.strip()):
        return None
    return Money(Decimal(text.strip().replace(",", ".")), shop.currency)
