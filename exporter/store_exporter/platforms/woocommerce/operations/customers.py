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
from ..api import PAGE, V3, Api
from ..models import optional_id
from ..product_lookup import CURRENCY

_UNSOLD = ("pending", "failed", "cancelled", "checkout-draft", "auto-draft", "trash")
_MEMBERS = "id,status,currency,total,customer_id,billing,refunds,date_created_gmt"


@dataclass(frozen=True, slots=True)
class _Order:
    """What counts of an order."""

    customer: int | None
    email: str
    name: str
    country: str
    created: datetime
    spent: Money


@dataclass(slots=True)
class _Customer:
    """The orders of one customer, oldest first, and the account's address if there is one."""

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
            email=self.email or latest.email,
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
    calls=("GET /wc/v3/orders", "GET /wc/v3/customers?include=", CURRENCY),
    errors=("response_too_large",),
)
def get_customer_insights(api: Api, limit: int = 10) -> Plan[Listing[CustomerSpend]]:
    """By what was spent in the shop's currency, refunds deducted; `total` is how many customers
    there are in all. Guests are customers by the address of their orders. Orders that are pending,
    failed or cancelled do not count.

    The orders themselves are added up, as WooCommerce's own figures are late or rounded in many
    shops. More than 5000 orders are response_too_large.
    """
    wanted = checks.limit(limit)
    query = {"status": "any", "_fields": _MEMBERS}
    rows = yield from api.every(f"{V3}/orders", query, "orders")
    orders: list[_Order] = []
    unreadable = 0
    for row in rows:
        try:
            order = _read(Fields(row, "order"))
        except StoreError:
            unreadable += 1
            continue
        if order is not None:
            orders.append(order)
    if unreadable and not orders:
        raise StoreError("invalid_response", "none of the orders can be read")
    addresses = yield from _addresses(api, {o.customer for o in orders if o.customer is not None})
    found: dict[str, _Customer] = {}
    for order in orders:
        email = addresses.get(order.customer or 0, order.email)
        key = email.casefold() or f"#{order.customer}"
        found.setdefault(key, _Customer(email)).orders.append(order)
    currency = yield from api.currency()
    spends = [customer.spend(currency) for customer in found.values()]
    spends.sort(key=lambda spend: (-spend.total.amount, -spend.orders, spend.email))
    return Listing(tuple(spends[:wanted]), len(spends), unreadable)


def _read(fields: Fields) -> _Order | None:
    """Read an order; None for one that is no sale."""
    if fields.text("status") in _UNSOLD:
        return None
    currency = fields.currency("currency")
    spent = fields.money("total", currency).amount
    for refund in fields.children("refunds"):
        spent -= abs(refund.money("total", currency).amount)
    billing = fields.child("billing")
    return _Order(
        customer=optional_id(fields, "customer_id"),
        email=billing.text_or("email").strip(),
        name=f"{billing.text_or('first_name')} {billing.text_or('last_name')}".strip(),
        country=billing.text_or("country"),
        created=fields.gmt("date_created_gmt"),
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
