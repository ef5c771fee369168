"""Sales reports: the requested days, and the totals of the orders of these days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple, TypeVar

from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ....net.retry import DEADLINE
from ....spec.money import Money, Quantity
from ....spec.operations import Operations
from ....spec.results import SalesReport, SoldProduct
from ..connection import Api
from ..reading.days import TimeRange, today
from ..reading.money import normalized, rounded
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT", bound=Api)

PERIODS = ("day", "week", "month", "year")
DEFINITIONS = ("created", "paid")


class ReportDays(NamedTuple):
    """Requested days: a period up to today, or the first day and optionally the last.

    Attributes:
        period: one of `PERIODS`; used if there is no first day.
        first: the first day.
        last: the last day; today if it is None.
        definition: one of `DEFINITIONS`: which orders count.
    """

    period: str
    first: date | None
    last: date | None
    definition: str

    def until(self, today: date) -> tuple[date, date]:
        """Return the first and the last day."""
        begins = {
            "day": today,
            "week": today - timedelta(days=6),
            "month": today.replace(day=1),
            "year": today.replace(month=1, day=1),
        }
        return self.first or begins[self.period], self.last or today


def requested_days(
    period: str, first: date | str | None, last: date | str | None, definition: str
) -> ReportDays:
    """Return the requested days of a report.

    Raises:
        StoreError: invalid_request, they are not days, or there is no such period or definition.
    """
    begin, end = arguments.days(first, last)
    if period not in PERIODS:
        raise StoreError("invalid_request", f"period is not one of {', '.join(PERIODS)}")
    if definition not in DEFINITIONS:
        raise StoreError("invalid_request", "definition is neither created nor paid")
    if begin is None and end is not None:
        raise StoreError("invalid_request", "last needs first")
    return ReportDays(period, begin, end, definition)


MOST_PRODUCTS = 10
"""The most products that a report names."""


class SoldItems(NamedTuple):
    """Pieces of a product that were sold.

    Attributes:
        product: its id.
        name: its name.
        sku: as in the order; it may be a variation's.
        pieces: how many.
        total: after discounts, without tax.
    """

    product: int
    name: str
    sku: str
    pieces: Quantity
    total: Money


class TopProducts:
    """The sales of each product, in each currency."""

    def __init__(self) -> None:
        self._found: defaultdict[str, dict[int, SoldProduct]] = defaultdict(dict)

    def add(self, one: SoldItems) -> None:
        """Add a line of an order."""
        rows, currency = self._found[one.total.currency], one.total.currency
        before = rows.get(one.product)
        if before is None:
            before = SoldProduct(one.product, one.name, one.sku, 0, Money(Decimal(0), currency))
        total = before.total.amount + one.total.amount
        # Each variation of a product has its own SKU.
        sku = before.sku if before.sku == one.sku else ""
        items = before.items + one.pieces
        money = Money(normalized(total, currency), currency)
        rows[one.product] = SoldProduct(one.product, before.name, sku, items, money)

    def of(self, currency: str) -> tuple[SoldProduct, ...]:
        """Return the products with most pieces sold in a currency."""
        rows = self._found[currency].values()
        best = sorted(rows, key=lambda row: (-row.items, row.product_id))
        return tuple(best[:MOST_PRODUCTS])


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
        self, currency: str, tops: TopProducts, *, definition: str, first: date, last: date
    ) -> SalesReport:
        """Return the report; the average is rounded to the currency's decimals."""

        def money(amount: Decimal) -> Money:
            return Money(normalized(amount, currency), currency)

        average = rounded(self.gross / self.orders, currency) if self.orders else None
        extra = self.tax + self.shipping - self.unearned
        return SalesReport(
            definition=definition,
            first=first,
            last=last,
            orders=self.orders,
            items=self.items,
            gross=money(self.gross),
            net=money(self.gross - self.refunds - extra),
            average=None if average is None else Money(average, currency),
            refunds=money(self.refunds),
            tax=money(self.tax),
            shipping=money(self.shipping),
            discounts=money(self.discounts),
            top_products=tops.of(currency),
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
        self._tops = TopProducts()

    def add(self, currency: str, one: Sums, sold: Iterable[SoldItems] = ()) -> None:
        """Add an order, with its lines, or a refund."""
        self.sums[currency] += one
        for line in sold:
            self._tops.add(line)

    def report(self, currency: str, *, definition: str, first: date, last: date) -> SalesReport:
        """Return the report in the shop's currency, with the reports in others."""
        own, *others = (
            self.sums[code].report(code, self._tops, definition=definition, first=first, last=last)
            for code in (currency, *sorted(self.sums.keys() - {currency}))
        )
        return replace(own, other_currencies=tuple(others), unreadable=self.unreadable)


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
    deadline: float = DEADLINE,
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
            days = requested_days(period, first, last, definition)
            calendar = yield from zone(api)
            begin, end = days.until(today(api.store_now(), calendar))
            when = TimeRange.of(begin, end, calendar)
            sales = yield from sold(api, SalesRequest(when, definition))
            code = yield from currency(api)
            return sales.report(code, definition=definition, first=begin, last=end)

        return get_sales_report

    return planned
