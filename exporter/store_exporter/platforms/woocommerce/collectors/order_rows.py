"""Reads orders of WooCommerce's list for the ledger, or raises invalid_response. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ....errors import StoreError
from ...kit.order_book.accounts import CountedOrder, CountedRefund
from ...kit.order_book.counters import OTHER
from ...kit.reading.fields import Fields
from .. import local_dates
from ..reading import order_state
from ..reading.totals import OrderTotals, read_amount

# Without line items and addresses a page costs the store a tenth of the work, and no customer's
# name ever reaches the exporter.
FIELDS = (
    f"id,status,currency,total,refunds,payment_method,{order_state.MEMBERS},"
    f"{local_dates.members(*local_dates.DATES)}"
)
_MOST_REFUNDS = 200
_METHOD = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII | re.IGNORECASE)
_PAID = (*order_state.PAID, "refunded")
"""Statuses in which orders have a date of payment, or null if they were free or imported."""
_NO_ORDERS = (*order_state.HIDDEN, "draft", "new")
"""Lists of older versions contain some of them."""


def read_counted_order(
    row: Fields, changed: int | None, reading: OrderTotals
) -> CountedOrder | None:
    """Read one order; None for drafts, sub-orders and what is in the trash.

    WooCommerce sets the date of payment when an order first reaches a paid status; for cash on
    delivery that is when it is completed. A draft that becomes an order keeps its first date.

    `changed` is when the order last changed, in Unix seconds, if it says so.
    """
    status = order_state.order_status(row)
    if status in _NO_ORDERS or order_state.is_sub_order(row):
        return None
    for name in ("date_created_gmt", *(("date_paid_gmt",) if status in _PAID else ())):
        # Where a plugin removed it, the order would be taken for one without it.
        row.gmt_if_any(name)
    refunds = tuple(_refund(refund, "total") for refund in row.children("refunds"))
    if len(refunds) > _MOST_REFUNDS:
        raise StoreError("invalid_response", f"{row.where}: there are {len(refunds)} refunds")
    created, paid, completed = (
        row.seconds_if_any(name)
        for name in ("date_created_gmt", "date_paid_gmt", "date_completed_gmt")
    )
    currency = row.currency("currency")
    return CountedOrder(
        id=str(row.identifier()),
        status=order_state.status_label(status, order_state.ENTERED),
        currency=currency,
        total=reading.total(row, currency).amount,
        # An order without its own date counts by the dates of its payment and completion.
        created=created or 0,
        modified=changed or max(created or 0, paid or 0, completed or 0),
        paid=paid,
        entered={} if completed is None else {"completed": completed},
        refunds=refunds,
        method=_method(row.raw("payment_method")),
    )


def _method(name: Any) -> str:
    """Return a payment gateway's id as a label; "" for an order that was entered by hand."""
    if name in (None, False, ""):
        return ""
    return name if isinstance(name, str) and _METHOD.fullmatch(name) else OTHER


def _refund(row: Fields, name: str) -> CountedRefund:
    # The list of orders shows refunds as negative totals.
    return CountedRefund(str(row.identifier()), abs(read_amount(row, name)))


def read_counted_refunds(rows: Iterable[Fields]) -> list[CountedRefund]:
    """Read an order's own list of refunds, which shows when each was made."""
    return [
        replace(_refund(row, "amount"), created=row.seconds("date_created_gmt")) for row in rows
    ]
