"""Sales and customers, from WooCommerce's reports. No I/O."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ...spec.money import Money
from ...spec.results import CustomerSpend, SalesReport
from ..kit.fields import Fields

_CENT = Decimal("0.01")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _average(gross: Money, orders: int) -> Money | None:
    if not orders:
        return None
    return Money((gross.amount / orders).quantize(_CENT, ROUND_HALF_UP), gross.currency)


def created(fields: Fields, currency: str) -> SalesReport:
    """Read `reports/sales`: by the day on which orders were placed.

    Its `total_sales` has the refunds of these days deducted already.
    """
    by_day = fields.child("totals")
    days = sorted(day for day in map(_day, by_day.names()) if day is not None)
    orders = fields.integer("total_orders")
    refunds = fields.money_number("total_refunds", currency)
    gross = Money(fields.money("total_sales", currency).amount + refunds.amount, currency)
    return SalesReport(
        definition="created",
        first=days[0] if days else None,
        last=days[-1] if days else None,
        orders=orders,
        items=fields.quantity("total_items"),
        gross=gross,
        net=fields.money("net_sales", currency),
        average=_average(gross, orders),
        refunds=refunds,
        tax=fields.money("total_tax", currency),
        shipping=fields.money("total_shipping", currency),
        discounts=fields.money("total_discount", currency),
    )


def paid(fields: Fields, currency: str, first: date, last: date) -> SalesReport:
    """Read `wc-analytics` revenue: by the day on which orders were paid."""
    totals = fields.child("totals")
    orders = totals.integer("orders_count")
    refunds = totals.money_number("refunds", currency)
    # Its own `gross_sales` is without tax and shipping and before coupons: not what is paid.
    gross = Money(totals.money_number("total_sales", currency).amount + refunds.amount, currency)
    return SalesReport(
        definition="paid",
        first=first,
        last=last,
        orders=orders,
        items=totals.quantity("num_items_sold"),
        gross=gross,
        net=totals.money_number("net_revenue", currency),
        average=_average(gross, orders),
        refunds=refunds,
        tax=totals.money_number("taxes", currency),
        shipping=totals.money_number("shipping", currency),
        discounts=totals.money_number("coupons", currency),
    )


def customer(fields: Fields, currency: str) -> CustomerSpend:
    """Read one row of wc-analytics' customers.

    The date of the last order is in the store's own time without saying which, and is left out.
    """
    return CustomerSpend(
        name=fields.text_or("name"),
        email=fields.text_or("email"),
        country=fields.text_or("country"),
        orders=fields.integer("orders_count"),
        total=fields.money_number("total_spend", currency),
        average=fields.money_number("avg_order_value", currency),
        last_active=fields.gmt_if_any("date_last_active_gmt"),
    )
