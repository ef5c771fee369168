"""Operations about customers and sales: what the shop's owner wants to know."""

from __future__ import annotations

from datetime import date
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import CustomerSpend, Listing, SalesReport
from ...kit import checks, sales
from ...kit.fields import Fields
from ...kit.operations import plan
from .. import reports
from ..api import ANALYTICS, V3, Api
from ..models import listing
from ..product_lookup import CURRENCY


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
    return listing(rows, "customers", lambda fields: reports.customer(fields, currency))


@plan(
    Operations.get_sales_report,
    calls=(
        "GET /wc/v3/reports/sales",
        "GET /wc-analytics/reports/revenue/stats",
        "GET /wp-json/",
        CURRENCY,
    ),
)
def get_sales_report(
    api: Api,
    period: str = "week",
    first: date | str | None = None,
    last: date | str | None = None,
    definition: str = "created",
) -> Plan[SalesReport]:
    """There are two ideas of a sale, and they differ: `created` takes orders by the day they were
    placed and counts unpaid ones that are on hold, `paid` takes them by the day of payment, does
    not count those, and lags behind as it is filled by background jobs.
    """
    days = sales.asked(period, first, last, definition)
    return (yield from (_created(api, days) if definition == "created" else _paid(api, days)))


def _created(api: Api, days: sales.Days) -> Plan[SalesReport]:
    params: dict[str, Any] = {"date_min": days.first, "date_max": days.last}
    if days.first is None and days.period != "day":
        # Without any parameter the report is of today, in the shop's own time zone.
        params = {"period": days.period}
    if days.first is not None and days.last is None:
        params["date_max"] = sales.today(api.now(), (yield from api.zone()))
    body = yield from api.get(f"{V3}/reports/sales", params)
    if not isinstance(body, list) or len(body) != 1:
        raise StoreError("invalid_response", "the sales report is not a list of one")
    currency = yield from api.currency()
    return reports.created(Fields(body[0], "sales report"), currency)


def _paid(api: Api, days: sales.Days) -> Plan[SalesReport]:
    first, last = days.until(sales.today(api.now(), (yield from api.zone())))
    params = {"after": f"{first}T00:00:00", "before": f"{last}T23:59:59", "interval": "year"}
    body = yield from api.get(f"{ANALYTICS}/reports/revenue/stats", params)
    currency = yield from api.currency()
    return reports.paid(Fields(body, "revenue report"), currency, first, last)
