"""Operations about customers and sales: what the shop's owner wants to know."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import CustomerSpend, Listing, SalesReport
from ...kit import checks
from ...kit.fields import Fields
from ...kit.operations import plan
from ...kit.sales import Days, report_plan, today
from ..api import ANALYTICS, V3, Api
from ..product_lookup import CURRENCY

_CENT = Decimal("0.01")


@plan(Operations.get_customer_insights, calls=("GET /wc-analytics/reports/customers", CURRENCY))
def get_customer_insights(api: Api, limit: int = 10) -> Plan[Listing[CustomerSpend]]:
    """Refunds are deducted; `total` is how many customers there are in all.

    The store keeps these figures by background jobs, so that they lag behind the orders, by up to
    12 hours in new shops and for ever where its jobs are stuck.
    """
    wanted = checks.limit(limit)
    params = {"orderby": "total_spend", "order": "desc"}
    rows = yield from api.rows(f"{ANALYTICS}/reports/customers", params, limit=wanted)
    currency = yield from api.currency()
    return rows.listing("customers", lambda fields: _customer(fields, currency))


@report_plan(
    calls=(
        "GET /wc/v3/reports/sales",
        "GET /wc-analytics/reports/revenue/stats",
        "GET /wp-json/",
        CURRENCY,
    )
)
def get_sales_report(api: Api, days: Days) -> Plan[SalesReport]:
    """There are two ideas of a sale, and they differ: `created` takes orders by the day they were
    placed and counts unpaid ones that are on hold, `paid` takes them by the day of payment, does
    not count those, and lags behind as it is filled by background jobs.
    """
    return _created(api, days) if days.definition == "created" else _paid(api, days)


def _created(api: Api, days: Days) -> Plan[SalesReport]:
    params: dict[str, Any] = {"date_min": days.first, "date_max": days.last}
    if days.first is None and days.period != "day":
        # Without any parameter the report is of today, in the shop's own time zone.
        params = {"period": days.period}
    if days.first is not None and days.last is None:
        params["date_max"] = today(api.now(), (yield from api.zone()))
    body = yield from api.get(f"{V3}/reports/sales", params)
    if not isinstance(body, list) or len(body) != 1:
        raise StoreError("invalid_response", "the sales report is not a list of one")
    currency = yield from api.currency()
    return _read_created(Fields(body[0], "sales report"), currency)


def _paid(api: Api, days: Days) -> Plan[SalesReport]:
    first, last = days.until(today(api.now(), (yield from api.zone())))
    params = {"after": f"{first}T00:00:00", "before": f"{last}T23:59:59", "interval": "year"}
    body = yield from api.get(f"{ANALYTICS}/reports/revenue/stats", params)
    currency = yield from api.currency()
    return _read_paid(Fields(body, "revenue report"), currency, first, last)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _average(gross: Money, orders: int) -> Money | None:
    if not orders:
        return None
    return Money((gross.amount / orders).quantize(_CENT, ROUND_HALF_UP), gross.currency)


def _read_created(fields: Fields, currency: str) -> SalesReport:
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


def _read_paid(fields: Fields, currency: str, first: date, last: date) -> SalesReport:
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


def _customer(fields: Fields, currency: str) -> CustomerSpend:
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
