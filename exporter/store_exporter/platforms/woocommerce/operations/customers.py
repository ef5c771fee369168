"""Who bought most, added up from the orders themselves; `sales` says why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import CustomerSpend, Listing
from ...kit import checks
from ...kit.fields import Fields
from ...kit.money import exact, rounded
from ...kit.operations import plan
from .. import facts
from ..api import PAGE, SUMMING, V3, Api
from ..models import optional_id
from ..totals import MEMBERS, OrderTotals

_UNSOLD = ("pending", "failed", "cancelled", "checkout-draft", "auto-draft", "trash")
_ASKED = f"id,status,currency,{MEMBERS},customer_id,billing,refunds,date_created_gmt"


@dataclass(frozen=True, slots=True)
class _Order:
    """What counts of an order."""

    name: str
    country: str
    created: datetime
    spent: Money


@dataclass(slots=True)
class _Sale:
    """An order, None if it is no sale, and whose it is."""

    account: int | None
    email: str
    order: _Order | None = None
    is_readable: bool = True


@dataclass(slots=True)
class _Customer:
    """The orders of one customer.

    Attributes:
        email: the account's, or the one that a guest gave.
        orders: those that count.
    """

    email: str
    orders: list[_Order] = field(default_factory=list)

    def spend(self, currency: str) -> CustomerSpend:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for order in self.orders:
            sums[order.spent.currency] += order.spent.amount
        own = sum(order.spent.currency == currency for order in self.orders)
        total = exact(sums.pop(currency, Decimal(0)), currency)
        latest = max(self.orders, key=lambda order: order.created)
        return CustomerSpend(
            name=latest.name,
            email=self.email,
            country=latest.country,
            orders=len(self.orders),
            total=Money(total, currency),
            average=Money(rounded(total / max(own, 1), currency), currency),
            last_active=latest.created,
            other_currencies=tuple(
                Money(exact(amount, code), code) for code, amount in sorted(sums.items())
            ),
        )


@plan(
    Operations.get_customer_insights,
    calls=(
        "GET /wc/v3/orders",
        facts.STATUSES,
        "GET /wc/v3/customers?include=",
        *facts.TOTALS[:-1],
    ),
    errors=("response_too_large",),
    deadline=SUMMING,
)
def get_customer_insights(api: Api, limit: int = 10) -> Plan[Listing[CustomerSpend]]:
    """By what was spent in the shop's currency, refunds deducted; `total` is how many customers
    there are in all. Guests are customers by the address of their orders. Orders that are pending,
    failed or cancelled do not count.

    The orders themselves are added up, as WooCommerce's own figures are late or rounded in many
    shops. That takes a second for some hundred orders, and 2 minutes at most unless the
    client's policy allows more: as soon as it shows that the time is too short the answer is
    response_too_large, with how many there are and how far it came.
    """
    wanted = checks.limit(limit)
    status = yield from facts.statuses(api, without=_UNSOLD)
    reading = yield from facts.reading(api)
    sales: list[_Sale] = []

    def take(order: Fields) -> None:
        account, own = optional_id(order, "customer_id"), order.child("billing").text_or("email")
        sale = _Sale(account, own.strip())
        try:
            sale.order = _read(order, reading)
        except StoreError:
            sale.is_readable = False
        sales.append(sale)

    query = {"status": status, "_fields": _ASKED}
    if unknown := (yield from api.every(f"{V3}/orders", query, "orders", take)):
        message = f"{unknown} orders cannot be read, not even whose they are"
        raise StoreError("invalid_response", message)
    addresses = yield from _addresses(api, {sale.account for sale in sales if sale.account})
    found: dict[str, _Customer] = {}
    unreadable = set()
    for sale in sales:
        email = addresses.get(sale.account or 0, sale.email)
        key = email.casefold() or f"#{sale.account}"
        if not sale.is_readable:
            unreadable.add(key)
        elif sale.order is not None:
            found.setdefault(key, _Customer(email)).orders.append(sale.order)
    currency = yield from facts.currency(api)
    # A sum without one of its orders would be a wrong one.
    spends = [found[key].spend(currency) for key in found.keys() - unreadable]
    if unreadable and not spends:
        raise StoreError("invalid_response", "no customer has orders that can all be read")
    spends.sort(key=lambda spend: (-spend.total.amount, -spend.orders, spend.email))
    return Listing(tuple(spends[:wanted]), len(spends) + len(unreadable), len(unreadable))


def _read(order: Fields, reading: OrderTotals) -> _Order | None:
    """Read an order; None for one that is no sale."""
    if order.text("status") in _UNSOLD:
        return None
    currency = order.currency("currency")
    spent = reading.total(order, currency).amount
    for refund in order.children("refunds"):
        spent -= abs(refund.money("total", currency).amount)
    billing = order.child("billing")
    return _Order(
        name=f"{billing.text_or('first_name')} {billing.text_or('last_name')}".strip(),
        country=billing.text_or("country"),
        created=order.gmt("date_created_gmt"),
        spent=Money(spent, currency),
    )


def _addresses(api: Api, customers: set[int]) -> Plan[dict[int, str]]:
    """Return the addresses of accounts by their ids; those of deleted ones are missing."""
    found: dict[int, str] = {}
    numbers = sorted(customers)
    for start in range(0, len(numbers), PAGE):
        some = ",".join(map(str, numbers[start : start + PAGE]))
        query = {"include": some, "role": "all", "_fields": "id,email"}
        rows = yield from api.rows(f"{V3}/customers", query, limit=PAGE)
        for row in (Fields(item, "customer") for item in rows.items):
            found[row.identifier()] = row.text_or("email").strip()
    return found
