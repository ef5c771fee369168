"""An order of Shopify's list as the ledger takes it. No I/O.

Money is what was received and what was paid back, in the shop's own currency, by the date of each
payment: an order that is imported today may have been paid years ago. Its total says nothing of
that: an order that is edited is paid in the rest, one that is authorised is captured in parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ....errors import StoreError
from ...kit.order_book.accounts import CountedOrder, CountedRefund, Payment
from ...kit.order_book.counters import FAILED, PAID, method_label
from ...kit.order_book.settling import settled_payments, settled_refunds
from ...kit.reading.fields import Fields
from ..reading import ids, order_state

STATUSES = order_state.STATUSES


class Longer(NamedTuple):
    """A document that shows more of an order than the list or the document before.

    Attributes:
        name: of the document.
        points: that it costs at most, by the rules that Shopify documents.
        shown: how many of some things are shown without it; where there are so many, some may lack.
    """

    name: str
    points: float
    shown: Mapping[str, int]


LONGER = (
    Longer("OrderHistory", 240.0, {"transactions": 10, "fulfillments": 5}),
    Longer("LongOrderHistory", 960.0, {"transactions": 60, "fulfillments": 50}),
)
"""In which sequence an order is requested that has many payments or parcels."""
_MOST = 250
_CHANGE = "CHANGE"
_KINDS = (*order_state.PAYMENTS, _CHANGE, "AUTHORIZATION", "EMV_AUTHORIZATION", "REFUND", "VOID")
_RESULTS = ("AWAITING_RESPONSE", "ERROR", "FAILURE", "PENDING", "SUCCESS", "UNKNOWN")
_TRIED = (*order_state.PAYMENTS, "AUTHORIZATION", "EMV_AUTHORIZATION")
_ENDED = {"SUCCESS": PAID, "FAILURE": FAILED, "ERROR": FAILED}


def is_cut_short(row: Fields, shown: Mapping[str, int]) -> bool:
    """Whether an order may have more payments or parcels than it shows, which are so many."""
    return any(len(row.listed(name)) >= limit for name, limit in shown.items())


def read_order(row: Fields, began: int) -> CountedOrder | None:
    """Read one order; None for a test order.

    Args:
        row: the order.
        began: Unix time at which counting began; what was paid before is left out.

    Raises:
        StoreError: invalid_response; response_too_large, it has more payments than one response
            shows.
    """
    if row.flag("test"):
        return None
    total = ids.shop_money(row, "totalPriceSet", signed=True)
    if len(row.listed("transactions")) >= _MOST:
        raise StoreError("response_too_large", f"{row.where}: there are {_MOST} payments or more")
    is_paid = order_state.is_paid(row)
    payments = _payments(row, total.currency, is_paid=is_paid)
    refunds = tuple(_refunds(row, total.currency))
    created = min(
        [row.seconds("createdAt"), row.seconds("processedAt"), *(p.when for p in payments)]
    )
    paid = max((payment.when for payment in payments), default=created) if is_paid else None
    status = order_state.status(row)
    return CountedOrder(
        id=str(ids.number(row, "Order")),
        status=status,
        currency=total.currency,
        total=total.amount,
        created=created,
        modified=row.seconds("updatedAt"),
        paid=paid,
        entered=_entered(row, status, paid, refunds),
        refunds=refunds,
        payments=tuple(payment for payment in payments if payment.when >= began),
        attempts=_attempts(row),
    )


def _payments(row: Fields, currency: str, *, is_paid: bool) -> list[Payment]:
    """Return what was received, which is what Shopify calls the total received, less change."""
    payments, tests = [], Decimal(0)
    for transaction in row.children("transactions"):
        kind, result = _ended(transaction)
        if kind not in (*order_state.PAYMENTS, _CHANGE) or result != PAID:
            continue
        amount = ids.shop_amount(transaction, "amountSet", currency, signed=kind == _CHANGE)
        if kind == _CHANGE:
            amount = -abs(amount)
        if transaction.flag("test"):
            tests += amount
        else:
            payments.append(Payment(amount, _when(transaction)))
    received = ids.shop_amount(row, "totalReceivedSet", currency) - tests
    processed = row.seconds("processedAt")
    return settled_payments(payments, received, is_paid=is_paid, processed=processed)


def _ended(transaction: Fields) -> tuple[str, str | None]:
    """Return the kind of a transaction, and how it ended: `PAID`, `FAILED`, or None for not yet.

    Raises:
        StoreError: invalid_response.
    """
    status = transaction.one_of_or("status", _RESULTS, "UNKNOWN")
    return transaction.one_of_or("kind", _KINDS, ""), _ENDED.get(status)


def _attempts(row: Fields) -> dict[tuple[str, str], int]:
    """Return when it was last tried to pay, by gateway and by how that ended.

    What is only authorised has been paid as far as the gateway goes. What is pending has not ended.
    """
    found: dict[tuple[str, str], int] = {}
    for transaction in row.children("transactions"):
        kind, result = _ended(transaction)
        if kind not in _TRIED or transaction.flag("test"):
            continue
        gateway = transaction.text_or("gateway")
        if result and gateway:
            attempt = method_label(gateway), result
            found[attempt] = max(found.get(attempt, 0), _when(transaction))
    return found


def _refunds(row: Fields, currency: str) -> list[CountedRefund]:
    """Return what was paid back, which is what Shopify calls the total refunded.

    A refund that is pending or failed is none. The shop's currency at another day's rate, or what
    was paid back outside Shopify, makes the total another than that of the transactions.
    """
    found, others, last = [], Decimal(0), 0
    for transaction in row.children("transactions"):
        kind, ended = _ended(transaction)
        if kind != "REFUND" or ended == FAILED:
            continue
        amount, last = (
            ids.shop_amount(transaction, "amountSet", currency),
            max(last, _when(transaction)),
        )
        if ended == PAID and not transaction.flag("test"):
            found.append(
                CountedRefund(
                    str(ids.number(transaction, "OrderTransaction")), amount, _when(transaction)
                )
            )
        else:
            others += amount
    refunded = ids.shop_amount(row, "totalRefundedSet", currency)
    when = last or row.seconds("updatedAt")
    return settled_refunds(found, refunded, others=others, when=when)


def _when(transaction: Fields) -> int:
    return transaction.seconds(order_state.dated(transaction))


def _entered(
    row: Fields, status: str, paid: int | None, refunds: tuple[CountedRefund, ...]
) -> dict[str, int]:
    """Return when the order is known to have entered a status; who is completed was processed."""
    entered = {} if paid is None else {"processing": paid}
    if paid is not None and order_state.is_delivered(row):
        parcels = [parcel.seconds("createdAt") for parcel in row.children("fulfillments")]
        entered["completed"] = max([paid, *parcels])
    if status == "cancelled":
        entered["cancelled"] = row.seconds("cancelledAt")
    dates = [refund.created for refund in refunds if refund.created is not None]
    if status == "refunded" and dates:
        entered["refunded"] = max(dates)
    return entered
