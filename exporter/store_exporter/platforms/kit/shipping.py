"""Ways of delivery by zone. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ...errors import StoreError
from ...net.plans import Plan
from ...spec.money import Money
from ...spec.results import ShippingInfo, ShippingMethod


class Zone(NamedTuple):
    """Where a shop delivers to."""

    id: str
    name: str


def chosen(zones: Sequence[Zone], wanted: int | str | None) -> Sequence[Zone]:
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


def info(
    zones: Mapping[str, tuple[ShippingMethod, ...]], currency: Callable[[], Plan[str]]
) -> Plan[ShippingInfo]:
    """Return the ways of delivery, and where free delivery without a coupon begins.

    Args:
        zones: the ways by the name of the zone.
        currency: asks for the shop's currency, which zero is in.
    """
    every = (method for methods in zones.values() for method in methods)
    free = [m for m in every if m.kind == "free_shipping" and not m.needs_coupon]
    if any(method.minimum is None for method in free):
        return ShippingInfo(zones, Money(Decimal(0), (yield from currency())))
    minima = (method.minimum for method in free if method.minimum is not None)
    return ShippingInfo(zones, min(minima, key=lambda money: money.amount, default=None))
