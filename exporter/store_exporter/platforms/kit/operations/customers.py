"""The customers who spent most, summed from the orders themselves. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal

from ....errors import StoreError
from ....spec.money import Money
from ....spec.results import CustomerInsights, CustomerSpend, InsightTotals, Listing
from ..reading.lists import page_of
from ..reading.money import normalized, rounded


@dataclass(frozen=True, slots=True)
class Purchase:
    """The relevant data of an order: who is billed, when it was placed, and how much was kept."""

    name: str
    country: str
    created: datetime
    spent: Money


@dataclass(slots=True)
class Sale:
    """An order and its customer.

    Attributes:
        account: id of the customer; None for a guest.
        email: the address in the order.
        order: the relevant data; None if it is not a sale.
        is_readable: whether it could be read.
    """

    account: int | None
    email: str
    order: Purchase | None = None
    is_readable: bool = True


@dataclass(slots=True)
class _Customer:
    """The orders of one customer.

    Attributes:
        email: of the account, or entered by the guest.
        orders: the orders that count.
    """

    email: str
    orders: list[Purchase] = field(default_factory=list)

    def spend(self, currency: str) -> CustomerSpend:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for order in self.orders:
            sums[order.spent.currency] += order.spent.amount
        own = sum(order.spent.currency == currency for order in self.orders)
        total = normalized(sums.pop(currency, Decimal(0)), currency)
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
                Money(normalized(amount, code), code) for code, amount in sorted(sums.items())
            ),
        )


def insights(
    sales: Iterable[Sale], addresses: Mapping[int, str], currency: str, wanted: int
) -> CustomerInsights:
    """Return who spent most; customers with an unreadable order are left out and counted.

    Customers are compared in the shop's currency. `addresses` are the e-mail addresses of accounts.
    Guests, and accounts without one, are identified by the address in the order.

    Raises:
        StoreError: invalid_response, every customer has orders that cannot be read.
    """
    found: dict[str, _Customer] = {}
    unreadable = set()
    for sale in sales:
        email = addresses.get(sale.account or 0, sale.email)
        key = email.casefold() or f"#{sale.account}"
        if not sale.is_readable:
            unreadable.add(key)
        elif sale.order is not None:
            found.setdefault(key, _Customer(email)).orders.append(sale.order)
    # A sum that lacks one of its orders would be wrong.
    spends = [found[key].spend(currency) for key in found.keys() - unreadable]
    if unreadable and not spends:
        raise StoreError("invalid_response", "no customer has orders that can all be read")
    spends.sort(key=lambda spend: (-spend.total.amount, -spend.orders, spend.email))
    found_all = Listing(tuple(spends), len(spends) + len(unreadable), len(unreadable))
    return top_customers(found_all, currency, wanted)


def top_customers(found: Listing[CustomerSpend], currency: str, wanted: int) -> CustomerInsights:
    """Return the first of all customers, who are sorted, with the totals of all of them.

    If some were left out, there are no totals.
    """
    page = page_of(found, 1, wanted)
    members = {each.name: getattr(page, each.name) for each in fields(Listing)}
    is_whole = found.complete and not found.unreadable
    members["totals"] = totals(found.items, currency) if is_whole else None
    return CustomerInsights(**members)


def totals(customers: Sequence[CustomerSpend], currency: str) -> InsightTotals:
    """Return the totals of customers."""
    buyers = [customer for customer in customers if customer.orders]
    others: defaultdict[str, Decimal] = defaultdict(Decimal)
    for money in (money for customer in buyers for money in customer.other_currencies):
        others[money.currency] += money.amount
    spent = normalized(sum((buyer.total.amount for buyer in buyers), Decimal(0)), currency)
    return InsightTotals(
        customers=len(buyers),
        returning=sum(buyer.orders > 1 for buyer in buyers),
        orders=sum(buyer.orders for buyer in buyers),
        spent=Money(spent, currency),
        average=Money(rounded(spent / max(len(buyers), 1), currency), currency),
        other_currencies=tuple(
            Money(normalized(others[code], code), code) for code in sorted(others)
        ),
    )
