"""Shipping methods by zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, TypeVar

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Listing, ShippingInfo, ShippingMethod
from ..reading.fields import Fields
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT")


class Zone(NamedTuple):
    """A shipping zone.

    Attributes:
        id: as a string.
        name: for people.
        fields: the platform's object, if the shipping methods are read from it.
        countries: codes of the countries in it, `*` for all that no other zone has; empty if the
            platform shows them differently.
    """

    id: str
    name: str
    fields: Fields | None = None
    countries: frozenset[str] = frozenset()


def zones_named(zones: Sequence[Zone], wanted: int | str | None) -> Sequence[Zone]:
    """Return the zones that have an id or name; all of them for None.

    Raises:
        StoreError: not_found, there is none.
    """
    if wanted is None:
        return zones
    name = str(wanted).strip().casefold()
    found = [zone for zone in zones if name in (zone.id, zone.name.casefold())]
    if not found:
        raise StoreError("not_found", f"there is no zone {str(wanted)[:40]}")
    return found


def shipping_info(
    zones: Mapping[str, tuple[ShippingMethod, ...]], currency: Callable[[], Plan[str]]
) -> Plan[ShippingInfo]:
    """Return the shipping methods by zone, and the amount from which delivery is free.

    It needs no coupon then, and is free whatever is ordered. The shop's currency is requested for
    an amount of zero.
    """
    every = (method for methods in zones.values() for method in methods)
    free = [m for m in every if m.kind == "free_shipping" and not (m.needs_coupon or m.cost_rule)]
    if any(method.minimum is None for method in free):
        return ShippingInfo(zones, Money(Decimal(0), (yield from currency())))
    minima = (method.minimum for method in free if method.minimum is not None)
    least = min(minima, key=lambda money: money.amount, default=None)
    return ShippingInfo(zones, least)


def shipping_plans(
    zones: Callable[[ApiT], Plan[Listing[Zone]]],
    reaching: Callable[[ApiT, Listing[Zone], str, str | None], Plan[Listing[Zone]]],
    methods: Callable[[ApiT, Zone], Plan[Listing[ShippingMethod]]],
    currency: Callable[[ApiT], Plan[str]],
    *,
    calls: tuple[str, ...],
) -> tuple[Planned[..., Any], ...]:
    """Return the plans of get_shipping_info and get_shipping_methods.

    `zones` requests the zones, and `methods` the ways of delivery to one that are switched on.
    `reaching` chooses the zone that delivers to a country and a postcode there; its docstring is
    notes.
    """

    def there(api: ApiT, to: tuple[str | None, str | None]) -> Plan[Listing[Zone]]:
        country, postcode = to
        every = yield from zones(api)
        if country is None:
            return every
        return (yield from reaching(api, every, country, postcode))

    @plan(Operations.get_shipping_info, calls=calls, notes_of=reaching)
    def get_shipping_info(
        api: ApiT, country: str | None = None, postcode: str | None = None
    ) -> Plan[ShippingInfo]:
        found: dict[str, tuple[ShippingMethod, ...]] = {}
        every = yield from there(api, arguments.destination(country, postcode))
        unreadable = every.unreadable
        for zone in every:
            ways = yield from methods(api, zone)
            unreadable += ways.unreadable
            found[zone.name] = (*found.get(zone.name, ()), *ways)
        info = yield from shipping_info(found, partial(currency, api))
        return replace(info, unreadable=unreadable, ignored=every.ignored)

    @plan(Operations.get_shipping_methods, calls=calls, notes_of=reaching)
    def get_shipping_methods(
        api: ApiT,
        zone: int | str | None = None,
        country: str | None = None,
        postcode: str | None = None,
    ) -> Plan[Listing[ShippingMethod]]:
        every = yield from there(api, arguments.destination(country, postcode))
        found: list[ShippingMethod] = []
        unreadable = every.unreadable
        for one in zones_named(every.items, zone):
            ways = yield from methods(api, one)
            found += ways
            unreadable += ways.unreadable
        return Listing(tuple(found), len(found), unreadable, ignored=every.ignored)

    return get_shipping_info, get_shipping_methods
