"""Operations about customers and sales: what the shop's owner wants to know."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import CustomerSpend, Listing, SalesReport
from ...kit import checks
from ...kit.fields import Fields
from ...kit.operations import plan
from .. import reports
from ..api import ANALYTICS, V3, Api
from ..models import listing
from ..product_lookup import CURRENCY

PERIODS = ("day", "week", "month", "year")


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
    begin, end = checks.day(first, "first"), checks.day(last, "last")
    if period not in PERIODS:
        raise StoreError("invalid_request", f"period is not one of {', '.join(PERIODS)}")
    if begin is None and end is not None:
        raise StoreError("invalid_request", "last needs first")
    if begin is not None and end is not None and begin > end:
        raise StoreError("invalid_request", "first is after last")
    if definition == "created":
        return (yield from _created(api, period, begin, end))
    if definition == "paid":
        return (yield from _paid(api, period, begin, end))
    raise StoreError("invalid_request", "definition is neither created nor paid")


def _created(api: Api, period: str, first: date | None, last: date | None) -> Plan[SalesReport]:
    params: dict[str, Any] = {"date_min": first, "date_max": last}
    if first is None and period != "day":
        # Without any parameter the report is of today, in the shop's own time zone.
        params = {"period": period}
    if first is not None and last is None:
        params["date_max"] = yield from _today(api)
    body = yield from api.get(f"{V3}/reports/sales", params)
    if not isinstance(body, list) or len(body) != 1:
        raise StoreError("invalid_response", "the sales report is not a list of one")
    currency = yield from api.currency()
    return reports.created(Fields(body[0], "sales report"), currency)


def _today(api: Api) -> Plan[date]:
    zone = yield from api.zone()
    return datetime.fromtimestamp(api.now(), zone).date()


def _paid(api: Api, period: str, first: date | None, last: date | None) -> Plan[SalesReport]:
    today = yield from _today(api)
    begins = {
        "day": today,
        "week": today - timedelta(days=6),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }
    begin, end = first or begins[period], last or today
    params = {"after": f"{begin}T00:00:00", "before": f"{end}T23:59:59", "interval": "year"}
    body = yield from api.get(f"{ANALYTICS}/reports/revenue/stats", params)
    currency = yield from api.currency()
    return reports.paid(Fields(body, "revenue report"), currency, begin, end)
