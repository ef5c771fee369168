"""Reads orders of Shopify's list for the ledger. No I/O.

Money is what was received and what was paid back, in the shop's own currency, by the date of each
payment: an order that is imported today may have been paid years ago. The order's total does not
show that: the rest of an edited order is paid later, and an authorised order is captured in parts.
"""

from __future__ import annotations

from decimal import Decimal

from ....errors import StoreError
from ...kit.order_book.accounts import CountedOrder, CountedRefund, Payment
from ...kit.order_book.counters import FAILED, PAID, method_label
from ...kit.order_book.settling import settled_payments, settled_refunds
from ...kit.order_book.walk import DAY
from ...kit.reading.fields import Fields
from ..reading import ids, order_state

_LISTED = {"transactions": 10, "fulfillments": 5}
"""How many of each the list of orders shows; an order with so many may have more."""
_MOST = 250
_AT_ONCE = 60
"""Seconds within which an import writes down an order and what became of it."""
_CHANGE = "CHANGE"
_KINDS = (*order_state.PAYMENTS, _CHANGE, "AUTHORIZATION", "EMV_AUTHORIZATION", "REFUND", "VOID")
_RESULTS = ("AWAITING_RESPONSE", "ERROR", "FAILURE", "PENDING", "SUCCESS", "UNKNOWN")
_TRIED = (*order_state.PAYMENTS, "AUTHORIZATION", "EMV_AUTHORIZATION")
_ENDED = {"SUCCESS": PAID, "FAILURE": FAILED, "ERROR": FAILED}


def is_cut_short(row: Fields) -> bool:
    """Whether an order shows as many payments or parcels as the list can; requested alone, more."""
    return any(len(row.listed(name)) == most for name, most in _LISTED.items())


def read_order(row: Fields, began: int) -> CountedOrder | None:
    """Read one order; None for a test order.

    Payments before the Unix time `began` and before the order's record are imported, and left out.

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
    written = row.seconds("createdAt")
    created = min([written, row.seconds("processedAt"), *(p.when for p in payments)])
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
        payments=tuple(payment for payment in payments if payment.when >= min(began, written)),
        attempts=_attempts(row),
    )


def _payments(row: Fields, currency: str, *, is_paid: bool) -> list[Payment]:
    """Return the payments of an order, less change; they add up to Shopify's total received."""
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
            payments.append(Payment(amount, _when(row, transaction)))
    received = ids.shop_amount(row, "totalReceivedSet", currency) - tests
    processed = row.seconds("processedAt")
    return settled_payments(payments, received, is_paid=is_paid, processed=processed)


def _ended(transaction: Fields) -> tuple[str, str | None]:
    """Return a transaction's kind and how it ended: `PAID`, `FAILED`, or None if it has not."""
    status = transaction.one_of_or("status", _RESULTS, "UNKNOWN")
    return transaction.one_of_or("kind", _KINDS, ""), _ENDED.get(status)


def _attempts(row: Fields) -> dict[tuple[str, str], int]:
    """Return the time of the last attempt to pay, by gateway and by how the attempt ended.

    An authorisation counts as paid, because the gateway has accepted it. A pending one has not
    ended.
    """
    found: dict[tuple[str, str], int] = {}
    for transaction in row.children("transactions"):
        kind, result = _ended(transaction)
        if kind not in _TRIED or transaction.flag("test"):
            continue
        gateway = transaction.text_or("gateway")
        if result and gateway:
            attempt = method_label(gateway), result
            found[attempt] = max(found.get(attempt, 0), _when(row, transaction))
    return found


def _refunds(row: Fields, currency: str) -> list[CountedRefund]:
    """Return the refunds of an order; they add up to Shopify's total refunded.

    Pending and failed refunds do not count. The total differs from the sum of the transactions if
    another day's exchange rate applies, or if money was paid back outside Shopify.
    """
    found, others, last = [], Decimal(0), 0
    for transaction in row.children("transactions"):
        kind, ended = _ended(transaction)
        if kind != "REFUND" or ended == FAILED:
            continue
        amount = ids.shop_amount(transaction, "amountSet", currency)
        when = _when(row, transaction)
        last = max(last, when)
        number = str(ids.number(transaction, "OrderTransaction"))
        made = amount if ended == PAID and not transaction.flag("test") else Decimal(0)
        # A pending one is known from now on, and so counts when it succeeds, at whatever date.
        found.append(CountedRefund(number, made, when))
        others += amount - made
    refunded = ids.shop_amount(row, "totalRefundedSet", currency)
    return settled_refunds(found, refunded, others=others, when=last or row.seconds("updatedAt"))


def _when(row: Fields, transaction: Fields) -> int:
    return _with_order(row, transaction.seconds(order_state.dated(transaction)))


def _with_order(row: Fields, made: int) -> int:
    """Return when something happened: with its order, if it came undated with an import."""
    processed, written = row.seconds("processedAt"), row.seconds("createdAt")
    return processed if processed < written - DAY <= made < written + _AT_ONCE else made


def _entered(
    row: Fields, status: str, paid: int | None, refunds: tuple[CountedRefund, ...]
) -> dict[str, int]:
    """Return the known times at which the order entered a status; completed implies processing."""
    entered = {} if paid is None else {"processing": paid}
    if paid is not None and order_state.is_delivered(row):
        parcels = [parcel.seconds("createdAt") for parcel in row.children("fulfillments")]
        entered["completed"] = max([paid, *(_with_order(row, made) for made in parcels)])
    if status == "cancelled":
        entered["cancelled"] = _with_order(row, row.seconds("cancelledAt"))
    dates = [refund.created for refund in refunds if refund.created is not None]
    if status == "refunded" and dates:
        entered["refunded"] = max(dates)
    return entered
