"""Orders as results of operations. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from ....errors import StoreError
from ....spec.results import (
    Customer,
    Order,
    OrderLine,
    OrderNote,
    Refund,
    ShippingAddress,
    Tracking,
)
from ...kit.graphql.documents import check_whole
from ...kit.reading.fields import Fields
from ...kit.reading.people import AddressMembers, read_address
from ...kit.reading.secondary import Secondary
from .ids import number, shop_money
from .order_state import PAYMENTS, bought, dated, is_lowered, is_paid, status, total

_LINES = ("address1", "address2")
_ADDRESS = AddressMembers(_LINES, "city", "provinceCode", "zip", "countryCodeV2")

_UNSENT = ("CANCELLED", "ERROR", "FAILURE")
"""Statuses of a parcel that is not sent, or that another one replaces."""
_MOST_PARCELS, _MOST_NUMBERS, _MOST_PAYMENTS = 10, 5, 10
"""The document requests one more parcel and payment of an order, and one more number of a parcel.
"""


def order(fields: Fields, *, with_customer: bool) -> Order:
    """Read an order."""
    found, also = status(fields), Secondary()
    created = also.read("created", fields.gmt, "createdAt")
    return Order(
        id=number(fields, "Order"),
        number=fields.text("name").lstrip("#"),
        status=found,
        total=total(fields),
        refunded=also.read("refunded", shop_money, fields, "totalRefundedSet"),
        lines=tuple(_lines(fields, also)),
        customer=also.read("customer", _customer, fields) if with_customer else None,
        payment_method="",
        created=created,
        modified=also.read("modified", fields.gmt, "updatedAt"),
        paid=also.read("paid", lambda: min(_payments(fields))) if is_paid(fields) else None,
        completed=also.read("completed", _completed, fields) if found == "completed" else None,
        shipping=also.read("shipping", _address, fields) if with_customer else None,
        tracking=tuple(_parcels(fields, also)) if with_customer else (),
        unreadable=also.unreadable,
    )


def _payments(fields: Fields) -> list[datetime]:
    """Return when payments were made; without any, the order was paid when it was placed.

    It is response_too_large if there may be others: failed attempts are among the rows.
    """
    rows = list(fields.children("transactions"))
    _check_number(rows, _MOST_PAYMENTS)
    payments = [
        row.gmt(dated(row))
        for row in rows
        if row.text("status") == "SUCCESS" and row.text("kind") in PAYMENTS
    ]
    return payments or [fields.gmt("createdAt")]


def _completed(fields: Fields) -> datetime:
    """Return when the last payment was made or the last parcel sent, whichever is later."""
    parcels = list(fields.children("fulfillments"))
    _check_number(parcels, _MOST_PARCELS)
    sent = [parcel.gmt("createdAt") for parcel in parcels if _is_sent(parcel)]
    return max(_payments(fields) + sent)


def _address(fields: Fields) -> ShippingAddress | None:
    address = fields.at("shippingAddress")
    if address is None:
        return None
    return read_address(address, _ADDRESS, address.text_or("name"))


def _parcels(fields: Fields, also: Secondary) -> Iterator[Tracking]:
    """Yield the sent parcels, and record in `also` if there are more than are shown."""
    parcels = also.read("tracking", fields.listed, "fulfillments")
    also.read("tracking", _check_number, parcels, _MOST_PARCELS)
    for tracked in also.rows("tracking", parcels, _tracked):
        also.read("tracking", _check_number, tracked, _MOST_NUMBERS)
        for row in also.rows("tracking", tracked, _tracking):
            if row.number or row.url:
                yield row


def _check_number(rows: Sequence[Any] | None, most: int) -> None:
    """Raise response_too_large if there are more than `most` rows."""
    if len(rows or ()) > most:
        raise StoreError("response_too_large", f"there are more than {most}")


def _tracked(parcel: Fields) -> list[Any]:
    """Return the tracking information of a parcel; none if it is not sent after all."""
    return parcel.listed("trackingInfo") if _is_sent(parcel) else []


def _is_sent(parcel: Fields) -> bool:
    return not parcel.one_of_or("status", _UNSENT, "")


def _tracking(row: Fields) -> Tracking:
    return Tracking(row.text_or("number").strip(), row.text_or("company"), row.text_or("url"))


def _lines(fields: Fields, also: Secondary) -> Iterator[OrderLine]:
    """Yield the lines that were bought; of an order that was lowered, the lines that are left."""
    connection = also.read("lines", fields.child, "lineItems")
    with_tax = also.read("lines", fields.flag, "taxesIncluded")
    if connection is None or with_tax is None:
        return
    also.read("lines", check_whole, connection)
    read = partial(_line, lowered=is_lowered(fields), with_tax=with_tax)
    for line in also.rows("lines", also.read("lines", connection.listed, "nodes"), read):
        if line.quantity:
            yield line


def _line(row: Fields, *, lowered: bool, with_tax: bool) -> OrderLine:
    quantity, amount = bought(row, lowered=lowered, with_tax=with_tax)
    return OrderLine(
        product_id=number(row.child("product"), "Product") if row.has("product") else None,
        variation_id=number(row.child("variant"), "ProductVariant") if row.has("variant") else None,
        sku=row.text_or("sku"),
        name=row.text_or("name"),
        quantity=quantity,
        total=amount,
    )


def _customer(fields: Fields) -> Customer:
    email = fields.text_or("email")
    if not fields.has("customer"):
        return Customer(None, email, "")
    found = fields.child("customer")
    return Customer(number(found, "Customer"), email, found.text_or("displayName"))


def refund(fields: Fields) -> Refund:
    """Read one refund."""
    return Refund(
        number(fields, "Refund"),
        shop_money(fields, "totalRefundedSet"),
        fields.text_or("note"),
        Secondary().read("created", fields.gmt, "createdAt"),
    )


def event(fields: Fields) -> OrderNote:
    """Read an entry of an order's timeline, which only the staff sees."""
    created = Secondary().read("created", fields.gmt, "createdAt")
    return OrderNote(number(fields, None), fields.markup_or("message"), False, created)
