"""Sales reports: the requested days, and the totals of the orders of these days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from typing import NamedTuple, TypeVar

from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ....spec.money import Money, Quantity
from ....spec.operations import Operations
from ....spec.results import SalesReport, SoldProduct
from ..connection import Api
from ..reading.days import TimeRange, today
from ..reading.money import average, money_of
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT", bound=Api)

PERIODS: Mapping[str, Callable[[date], date]] = {
    "day": lambda today: today,
    "week": lambda today: today - timedelta(days=6),
    "month": lambda today: today.replace(day=1),
    "year": lambda today: today.replace(month=1, day=1),
}
"""The first day of each period up to today."""
DEFINITIONS = ("created", "paid")
MOST_PRODUCTS = 10
"""The most products that a report names."""


def requested_days(
    period: str, first: date | str | None, last: date | str | None
) -> Callable[[date], tuple[date, date]]:
    """Return a function that takes today's date, and returns the first and the last day.

    They are those of a period up to today, or from the first day up to the last, or today.

    Raises:
        StoreError: invalid_request, they are not days, or there is no such period.
    """
    begin, end = arguments.days(first, last)
    arguments.choice(period, "period", PERIODS)
    if begin is None and end is not None:
        raise StoreError("invalid_request", "last needs first")
    return lambda today: (begin or PERIODS[period](today), end or today)


@dataclass(slots=True)
class Sums:
    """Totals of sales in one currency.

    Attributes:
        orders: the number of orders.
        items: the number of pieces.
        gross: the sum of the orders' totals, tax and shipping included.
        tax: included in `gross`.
        shipping: included in `gross`, without tax.
        discounts: of coupons.
        refunds: the amount refunded.
        unearned: the tax and shipping that were refunded.
    """

    orders: int = 0
    items: Quantity = 0
    gross: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    discounts: Decimal = Decimal(0)
    refunds: Decimal = Decimal(0)
    unearned: Decimal = Decimal(0)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def report(
        self,
        currency: str,
        sold: Iterable[SoldProduct],
        *,
        definition: str,
        first: date,
        last: date,
    ) -> SalesReport:
        """Return the report; the average is rounded to the currency's decimals.

        `sold` are the products; those with most pieces sold are named.
        """
        money = partial(money_of, currency=currency)
        extra = self.tax + self.shipping - self.unearned
        best = sorted(sold, key=lambda row: (-row.items, row.product_id))[:MOST_PRODUCTS]
        return SalesReport(
            definition=definition,
            first=first,
            last=last,
            orders=self.orders,
            items=self.items,
            gross=money(self.gross),
            net=money(self.gross - self.refunds - extra),
            average=average(self.gross, self.orders, currency) if self.orders else None,
            refunds=money(self.refunds),
            tax=money(self.tax),
            shipping=money(self.shipping),
            discounts=money(self.discounts),
            top_products=tuple(replace(row, total=money(row.total.amount)) for row in best),
        )


class Sales:
    """Totals of orders and refunds, by currency.

    Attributes:
        sums: by the code of the currency.
        unreadable: how many orders and refunds are not counted because they cannot be read.
    """

    def __init__(self) -> None:
        self.sums: defaultdict[str, Sums] = defaultdict(Sums)
        self.unreadable = 0
        self._sold: defaultdict[str, dict[int, SoldProduct]] = defaultdict(dict)

    def add(self, currency: str, one: Sums, sold: Iterable[SoldProduct] = ()) -> None:
        """Add an order, with the products in its lines, or a refund."""
        self.sums[currency] += one
        known = self._sold[currency]
        for line in sold:
            before = known.get(line.product_id)
            known[line.product_id] = line if before is None else _added(before, line)

    def report(self, currency: str, *, definition: str, first: date, last: date) -> SalesReport:
        """Return the report in the shop's currency, with the reports in others."""
        own, *others = (
            self.sums[code].report(
                code, self._sold[code].values(), definition=definition, first=first, last=last
            )
            for code in (currency, *sorted(self.sums.keys() - {currency}))
        )
        return replace(own, other_currencies=tuple(others), unreadable=self.unreadable)


def _added(before: SoldProduct, line: SoldProduct) -> SoldProduct:
    return replace(
        before,
        # Each variation of a product has its own SKU.
        sku=before.sku if before.sku == line.sku else "",
        items=before.items + line.items,
        total=Money(before.total.amount + line.total.amount, before.total.currency),
    )


class SalesRequest(NamedTuple):
    """Which sales are requested.

    Attributes:
        when: the time of its days.
        definition: one of `DEFINITIONS`: which orders count.
    """

    when: TimeRange
    definition: str


def report_plan(
    zone: Callable[[ApiT], Plan[tzinfo]],
    currency: Callable[[ApiT], Plan[str]],
    *,
    calls: tuple[str, ...],
    errors: tuple[ErrorName, ...] = (),
    deadline: float | None = None,
) -> Callable[[Callable[[ApiT, SalesRequest], Plan[Sales]]], Planned[..., SalesReport]]:
    """Make a function that sums sales the plan of get_sales_report.

    `zone` and `currency` request the time zone of the shop's calendar and its currency. The other
    arguments are those of `plan`.
    """

    def planned(sold: Callable[[ApiT, SalesRequest], Plan[Sales]]) -> Planned[..., SalesReport]:
        @plan(
            Operations.get_sales_report,
            calls=calls,
            errors=errors,
            notes_of=sold,
            deadline=deadline,
        )
        def get_sales_report(
            api: ApiT,
            period: str = "week",
            first: date | str | None = None,
            last: date | str | None = None,
            definition: str = "created",
        ) -> Plan[SalesReport]:
            days = requested_days(period, first, last)
            arguments.choice(definition, "definition", DEFINITIONS)
            calendar = yield from zone(api)
            begin, end = days(today(api.store_now(), calendar))
            when = TimeRange.of(begin, end, calendar)
            sales = yield from sold(api, SalesRequest(when, definition))
            code = yield from currency(api)
            return sales.report(code, definition=definition, first=begin, last=end)

        return get_sales_report

    return planned
