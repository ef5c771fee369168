"""Reads orders: their lines, addresses and parcels. No I/O.

Tracking plugins keep parcels in the order's meta data: Advanced Shipment Tracking and WooCommerce
Shipment Tracking, which share the first key, and AfterShip, whose older versions knew one parcel
only. WooCommerce's own fulfilments, which are off by default, are in a list of their own; the
order's meta data shows only that there are some.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from ....spec.money import Money
from ....spec.results import (
    Customer,
    Order,
    OrderLine,
    OrderNote,
    Refund,
    ShippingAddress,
    Tracking,
)
from ...kit.reading.fields import Fields
from ...kit.reading.money import money_of
from ...kit.reading.people import AddressMembers, full_name, read_address
from ...kit.reading.secondary import Secondary
from .order_state import order_status
from .totals import OrderTotals, read_refunded

_LISTS = ("_wc_shipment_tracking_items", "_aftership_tracking_items")
_NUMBER, _CARRIER = "_aftership_tracking_number", "_aftership_tracking_provider_name"
_FULFILLED = ("fulfilled", "partially_fulfilled")
"""Values of an order's `_fulfillment_status` with parcels that were sent."""
_YES = (True, "1")
_LINKS = ("custom_tracking_link", "formatted_tracking_link", "ast_tracking_link")
_CARRIERS = ("custom_tracking_provider", "formatted_tracking_provider", "tracking_provider", "slug")
_MOST = 50
_ADDRESS = AddressMembers(("address_1", "address_2"), "city", "state", "postcode", "country")


def read_order(fields: Fields, reading: OrderTotals, *, with_customer: bool) -> Order:
    """Read an order; customer, address and parcels only if `with_customer`.

    `tracking` is unreadable if the order has fulfilments, which have to be requested.
    """
    meta = _meta_data(fields)
    lacking = with_customer and meta.raw("_fulfillment_status") in _FULFILLED
    currency, also = fields.currency("currency"), Secondary()
    # Plugins leave null where there are no lines.
    lines = also.read("lines", fields.listed, "line_items") if fields.has("line_items") else ()
    return Order(
        id=fields.identifier(),
        number=order_number(fields),
        status=order_status(fields),
        total=reading.total(fields, currency),
        refunded=also.read("refunded", _refunded, fields, currency),
        lines=tuple(also.rows("lines", lines, partial(_line, currency))),
        customer=also.read("customer", _customer, fields) if with_customer else None,
        payment_method=fields.text_or("payment_method_title"),
        created=also.read("created", fields.gmt_if_any, "date_created_gmt"),
        modified=also.read("modified", fields.gmt_if_any, "date_modified_gmt"),
        paid=also.read("paid", fields.gmt_if_any, "date_paid_gmt"),
        completed=also.read("completed", fields.gmt_if_any, "date_completed_gmt"),
        shipping=also.read("shipping", _address, fields) if with_customer else None,
        tracking=_tracking(meta) if with_customer else (),
        unreadable=(*also.unreadable, "tracking") if lacking else also.unreadable,
    )


def _refunded(fields: Fields, currency: str) -> Money:
    amounts = (read_refunded(row, "total") for row in fields.children("refunds"))
    return money_of(sum(amounts, Decimal(0)), currency)


def order_number(fields: Fields) -> str:
    """Read the number that the shop gave an order."""
    return fields.text_or_number("number")


def _line(currency: str, row: Fields) -> OrderLine:
    return OrderLine(
        product_id=row.identifier_if_any("product_id"),
        variation_id=row.identifier_if_any("variation_id"),
        sku=row.text_or("sku"),
        name=row.text_or("name"),
        quantity=row.quantity("quantity"),
        total=row.money("total", currency),
    )


def _customer(fields: Fields) -> Customer:
    billing = fields.child("billing")
    email = billing.text_or("email")
    return Customer(fields.identifier_if_any("customer_id"), email, full_name(billing))


def read_note(fields: Fields) -> OrderNote:
    """Read an order's note."""
    return OrderNote(
        id=fields.identifier(),
        text=fields.markup_or("note"),
        for_customer=fields.flag("customer_note"),
        created=Secondary().read("created", fields.gmt, "date_created_gmt"),
    )


def read_refund(fields: Fields, currency: str) -> Refund:
    """Read a refund."""
    amount = fields.money("amount", currency)
    return Refund(
        id=fields.identifier(),
        amount=Money(abs(amount.amount), currency),
        reason=fields.text_or("reason"),
        created=Secondary().read("created", fields.gmt, "date_created_gmt"),
    )


def _address(order: Fields) -> ShippingAddress | None:
    """Read the shipping address of an order; None if it is empty, as when nothing is sent."""
    if not order.has("shipping"):
        return None
    address = order.child("shipping")
    found = read_address(address, _ADDRESS, full_name(address))
    is_known = found.lines or found.city or found.postcode or found.country
    return found if is_known else None


def with_fulfilments(order: Order, rows: Iterable[Fields]) -> Order:
    """Return an order with the parcels of its fulfilments."""
    found = [*order.tracking, *map(_fulfilment, rows)]
    unreadable = tuple(name for name in order.unreadable if name != "tracking")
    return replace(order, tracking=_distinct(found), unreadable=unreadable)


def _fulfilment(row: Fields) -> Tracking:
    """Read the parcel of a fulfilment; without a number if it was not sent, or has none."""
    meta = _meta_data(row)
    # The flag of a fulfilment comes as it is in the database.
    number = meta.text_or("_tracking_number").strip() if row.raw("is_fulfilled") in _YES else ""
    carrier = meta.text_or("_provider_name") or meta.text_or("_shipment_provider")
    return Tracking(number, carrier, _link([meta.text_or("_tracking_url")]))


def _meta_data(fields: Fields) -> Fields:
    rows = fields.optional_items("meta_data", lambda row: (row.text_or("key"), row.raw("value")))
    return Fields(dict(rows), "meta data")


def _tracking(meta: Fields) -> tuple[Tracking, ...]:
    """Read the parcels in an order's meta data; those that cannot be read are left out."""
    found = [one for key in _LISTS for one in meta.optional_items(key, _parcel)[:_MOST]]
    found.append(Tracking(meta.text_or(_NUMBER).strip(), meta.text_or(_CARRIER), ""))
    return _distinct(found)


def _distinct(parcels: Iterable[Tracking]) -> tuple[Tracking, ...]:
    known = {parcel.number: parcel for parcel in reversed([*parcels]) if parcel.number}
    return tuple(reversed(known.values()))


def _parcel(row: Fields) -> Tracking:
    carrier = next((row.text_or(name) for name in _CARRIERS if row.text_or(name)), "")
    link = _link(row.text_or(name) for name in _LINKS)
    return Tracking(row.text_or("tracking_number").strip(), carrier, link)


def _link(links: Iterable[str]) -> str:
    return next((link for link in links if link.startswith(("https://", "http://"))), "")
