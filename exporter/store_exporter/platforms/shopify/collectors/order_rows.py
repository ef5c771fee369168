"""An order of Shopify's list as the ledger wants it. No I/O."""

from __future__ import annotations

from ....errors import StoreError
from ...kit.accounts import Order, Refund
from ...kit.fields import Fields
from .. import ids, order_models

STATUSES = ("pending", "processing", "completed", "cancelled", "refunded", "failed")
# How many of each the list asks for. A list that is full may lack some.
_SHORT = {"refunds": 10, "transactions": 5, "fulfillments": 5}
_MOST = 250
_PAYMENTS = ("CAPTURE", "SALE")


def is_cut_short(row: Fields) -> bool:
    """Whether an order of the list may have more refunds, payments or parcels than it shows."""
    return any(len(row.listed(name)) >= limit for name, limit in _SHORT.items())


def read_order(row: Fields) -> Order | None:
    """Read one order; None for a test order.

    Raises:
        StoreError: invalid_response; response_too_large, it has more refunds than one answer shows.
    """
    if row.flag("test"):
        return None
    total = ids.shop_money(row, "totalPriceSet")
    if total.amount < 0:
        raise StoreError("invalid_response", f"{row.where}: the total is negative")
    if len(row.listed("refunds")) >= _MOST:
        raise StoreError("response_too_large", f"{row.where}: there are {_MOST} refunds or more")
    created = row.seconds("createdAt")
    paid = _paid(row, created) if order_models.is_paid(row) else None
    status = order_models.status(row)
    refunds = tuple(_refund(refund, total.currency) for refund in row.children("refunds"))
    return Order(
        id=str(ids.number(row)),
        status=status,
        currency=total.currency,
        total=total.amount,
        created=created,
        modified=row.seconds("updatedAt"),
        paid=paid,
        entered=_entered(row, status, paid, refunds),
        refunds=refunds,
    )


def _paid(row: Fields, created: int) -> int:
    """Return when an order was paid in full: at its last payment; one for nothing, at once."""
    times = [
        payment.seconds("processedAt" if payment.has("processedAt") else "createdAt")
        for payment in row.children("transactions")
        if payment.text("kind") in _PAYMENTS and payment.text("status") == "SUCCESS"
    ]
    return max(times, default=created)


def _entered(
    row: Fields, status: str, paid: int | None, refunds: tuple[Refund, ...]
) -> dict[str, int]:
    """Return when the order is known to have entered a status; who is completed was processed."""
    entered = {} if paid is None else {"processing": paid}
    if paid is not None and order_models.is_delivered(row):
        parcels = [parcel.seconds("createdAt") for parcel in row.children("fulfillments")]
        entered["completed"] = max([paid, *parcels])
    if status == "cancelled":
        entered["cancelled"] = row.seconds("cancelledAt")
    dates = [refund.created for refund in refunds if refund.created is not None]
    if status == "refunded" and dates:
        entered["refunded"] = max(dates)
    return entered


def _refund(row: Fields, currency: str) -> Refund:
    money = ids.shop_money(row, "totalRefundedSet")
    if money.currency != currency or money.amount < 0:
        raise StoreError("invalid_response", f"{row.where}: a refund of {money}")
    created = row.seconds_if_any("createdAt")
    return Refund(str(ids.number(row)), money.amount, created)
