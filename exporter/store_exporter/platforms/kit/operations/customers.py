"""The customers who spent most, summed from the orders themselves. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ....errors import StoreError
from ....spec.money import Money
from ....spec.results import CustomerInsights, CustomerSpend, InsightTotals, Listing
from ..reading.lists import extended, page_of
from ..reading.money import average, money_of, sums


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
        email: the address in the order; empty if it has none.
        order: the relevant data; None if it is not a sale.
        is_readable: whether it could be read.
    """

    account: int | None
    email: str
    order: Purchase | None = None
    is_readable: bool = True


@dataclass(slots=True)
class _Customer:
    """The orders of one customer that count, and the address of the account or the guest."""

    email: str
    orders: list[Purchase] = field(default_factory=list)

    def spend(self, currency: str) -> CustomerSpend:
        spent = sums(order.spent for order in self.orders)
        own = sum(order.spent.currency == currency for order in self.orders)
        total = spent.pop(currency, Money(Decimal(0), currency))
        latest = max(self.orders, key=lambda order: order.created)
        return CustomerSpend(
            name=latest.name,
            email=self.email,
            country=latest.country,
            orders=len(self.orders),
            total=total,
            average=average(total.amount, own, currency),
            last_active=latest.created,
            other_currencies=tuple(spent.values()),
        )


def insights(
    sales: Iterable[Sale], addresses: Mapping[int, str], currency: str, wanted: int
) -> CustomerInsights:
    """Return who spent most; customers with an unreadable order are left out and counted.

    Customers are compared in the shop's currency. `addresses` are the e-mail addresses of accounts.
    Guests, and accounts without one, are identified by the address in the order. An order with
    neither is a customer of its own, as nothing says that two are one person's.

    Raises:
        StoreError: invalid_response, every customer has orders that cannot be read.
    """
    found: dict[str, _Customer] = {}
    unreadable = set()
    for index, sale in enumerate(sales):
        email = addresses.get(sale.account or 0, sale.email)
        key = email.casefold() or f"#{sale.account or f'order {index}'}"
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
    is_whole = found.complete and not found.unreadable
    every = totals(found.items, currency) if is_whole else None
    return extended(CustomerInsights, page, totals=every)


def totals(customers: Sequence[CustomerSpend], currency: str) -> InsightTotals:
    buyers = [customer for customer in customers if customer.orders]
    spent = money_of(sum((buyer.total.amount for buyer in buyers), Decimal(0)), currency)
    others = sums(money for buyer in buyers for money in buyer.other_currencies)
    return InsightTotals(
        customers=len(buyers),
        returning=sum(buyer.orders > 1 for buyer in buyers),
        orders=sum(buyer.orders for buyer in buyers),
        spent=spent,
        average=average(spent.amount, len(buyers), currency),
        other_currencies=tuple(others.values()),
    )
