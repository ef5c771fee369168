"""Where an order goes, and the parcels that plugins for tracking tell of. No I/O.

WooCommerce itself knows no tracking numbers. These plugins keep them in the order's meta data:
Advanced Shipment Tracking and WooCommerce Shipment Tracking, which share the first key, and
AfterShip, whose older versions knew one parcel only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import StoreError
from ...spec.results import ShippingAddress, Tracking
from ..kit.fields import Fields

_LISTS = ("_wc_shipment_tracking_items", "_aftership_tracking_items")
_NUMBER, _CARRIER = "_aftership_tracking_number", "_aftership_tracking_provider_name"
_LINKS = ("custom_tracking_link", "formatted_tracking_link", "ast_tracking_link")
_CARRIERS = ("custom_tracking_provider", "formatted_tracking_provider", "tracking_provider", "slug")
_MOST = 50


def address(order: Fields) -> ShippingAddress | None:
    """Read where an order goes; None where it says nothing, as one that is not sent.

    Raises:
        StoreError: invalid_response.
    """
    if not order.has("shipping"):
        return None
    given = order.child("shipping")
    names = (given.text_or("first_name"), given.text_or("last_name"))
    lines = (given.text_or("address_1"), given.text_or("address_2"))
    found = ShippingAddress(
        name=" ".join(filter(None, names)),
        company=given.text_or("company"),
        lines=tuple(filter(None, lines)),
        city=given.text_or("city"),
        state=given.text_or("state"),
        postcode=given.text_or("postcode"),
        country=given.text_or("country"),
    )
    is_told = found.lines or found.city or found.postcode or found.country
    return found if is_told else None


def tracking(order: Fields) -> tuple[Tracking, ...]:
    """Read the parcels of an order; what makes no sense of them is left out."""
    meta = {row.text_or("key"): row.raw("value") for row in _rows(order.raw("meta_data"))}
    found = [_parcel(row) for key in _LISTS for row in _rows(meta.get(key))]
    single = meta.get(_NUMBER)
    if isinstance(single, str) and single.strip():
        carrier = meta.get(_CARRIER)
        found.append(Tracking(single.strip(), carrier if isinstance(carrier, str) else "", ""))
    known = {parcel.number: parcel for parcel in reversed(found) if parcel.number}
    return tuple(reversed(known.values()))


def _rows(value: Any) -> Iterator[Fields]:
    # PHP makes an object of a list from which one was taken out.
    items = list(value.values()) if isinstance(value, dict) else value
    for item in items[:_MOST] if isinstance(items, list) else ():
        try:
            yield Fields(item, "meta data")
        except StoreError:
            continue


def _parcel(row: Fields) -> Tracking:
    carrier = next((row.text_or(name) for name in _CARRIERS if row.text_or(name)), "")
    links = (row.text_or(name) for name in _LINKS)
    link = next((link for link in links if link.startswith(("https://", "http://"))), "")
    return Tracking(row.text_or("tracking_number").strip(), carrier, link)
