"""Operations about the shop: delivery, payment, coupons, customers and sales."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ....errors import StoreError
from ...described import operation
from ...fields import Fields
from ...money import Money
from ...plans import Plan
from ...results import (
    Coupon,
    CustomerSpend,
    Listing,
    PaymentMethod,
    SalesReport,
    ShippingInfo,
    ShippingMethod,
)
from .. import checks, coupons, models, reports
from ..api import ANALYTICS, V3, Api
from ..models import listing

_CURRENCY = "GET /wc/v3/settings/general/woocommerce_currency"
_ZONES = ("GET /wc/v3/shipping/zones", "GET /wc/v3/shipping/zones/{id}/methods", _CURRENCY)
_MOST_ZONES = 20
PERIODS = ("day", "week", "month", "year")


def _zones(api: Api) -> Plan[list[tuple[int, str]]]:
    """Return id and name of the zones; zone 0 is everywhere else."""
    rows = yield from api.rows(f"{V3}/shipping/zones", limit=_MOST_ZONES + 1)
    if len(rows.items) > _MOST_ZONES:
        raise StoreError("response_too_large", f"there are more than {_MOST_ZONES} zones")
    zones = [Fields(row, "zone") for row in rows.items]
    return [(zone.integer("id"), zone.text("name")) for zone in zones]


def _methods(api: Api, zone_id: int, name: str) -> Plan[list[ShippingMethod]]:
    """Return the methods of a zone that are on."""
    currency = yield from api.currency()
    rows = yield from api.rows(f"{V3}/shipping/zones/{zone_id}/methods", limit=100)
    found = [
        models.shipping_method(Fields(row, f"method of zone {name}"), name, currency)
        for row in rows.items
    ]
    return [method for enabled, method in found if enabled]


@operation(
    "Tells where and how the shop delivers and from which order value on for nothing.",
    parameters={},
    calls=_ZONES,
    example="store.get_shipping_info().free_from",
)
def get_shipping_info(api: Api) -> Plan[ShippingInfo]:
    """Return the ways of delivery by zone, and where free delivery begins."""
    zones = {}
    for number, name in (yield from _zones(api)):
        zones[name] = tuple((yield from _methods(api, number, name)))
    currency = yield from api.currency()
    free = [
        method.minimum.amount if method.minimum else Decimal(0)
        for methods in zones.values()
        for method in methods
        if method.kind == "free_shipping" and not method.needs_coupon
    ]
    return ShippingInfo(zones, Money(min(free), currency) if free else None)


@operation(
    "Lists the ways of delivery.",
    parameters={"zone": "Id or name of a zone; all zones without it."},
    errors=("not_found",),
    calls=_ZONES,
    example='store.get_shipping_methods(zone="UK")',
)
def get_shipping_methods(api: Api, zone: int | str | None = None) -> Plan[Listing[ShippingMethod]]:
    """List the ways of delivery that are switched on."""
    zones = yield from _zones(api)
    if zone is not None:
        wanted = str(zone).strip().casefold()
        zones = [(i, name) for i, name in zones if wanted in (str(i), name.casefold())]
        if not zones:
            raise StoreError("not_found", f"there is no zone {str(zone)[:40]}")
    found: list[ShippingMethod] = []
    for number, name in zones:
        found += yield from _methods(api, number, name)
    return Listing(tuple(found), len(found))


@operation(
    "Lists the ways to pay.",
    parameters={},
    calls=("GET /wc/v3/payment_gateways",),
    example="store.get_payment_methods()",
)
def get_payment_methods(api: Api) -> Plan[Listing[PaymentMethod]]:
    """List the ways to pay that are switched on."""
    rows = yield from api.rows(f"{V3}/payment_gateways", limit=100)
    found = [models.payment_method(Fields(row, "payment gateway")) for row in rows.items]
    methods = tuple(method for enabled, method in found if enabled)
    return Listing(methods, len(methods))


@operation(
    "Returns a coupon if it is good now, and says why not otherwise.",
    parameters={
        "code": "The code, upper or lower case.",
        "subtotal": "Value of the goods, to check the minimum and maximum spend.",
        "email": "The shopper's address, to check whom it is for and how often it was used.",
    },
    errors=("invalid_coupon", "invalid_input"),
    calls=("GET /wc/v3/coupons?code=", _CURRENCY),
    example='store.validate_coupon("SAVE10", subtotal="80.00").percent',
)
def validate_coupon(
    api: Api,
    code: str,
    subtotal: Decimal | float | str | None = None,
    email: str | None = None,
) -> Plan[Coupon]:
    """Return a coupon that is good.

    It can still be refused for a certain cart: `restricted` says whether it is for some products
    or customers only. Applying it to the cart is the last word.

    Raises:
        StoreError: invalid_coupon; its `code` says why: coupon_unknown, coupon_expired,
            coupon_usage_limit, coupon_usage_limit_per_user, coupon_minimum_spend,
            coupon_maximum_spend, coupon_email, coupon_unpublished.
    """
    wanted = checks.text(code, "code")
    value = checks.amount(subtotal, "subtotal")
    address = None if email is None else checks.email(email)
    rows = yield from api.rows(f"{V3}/coupons", {"code": wanted}, limit=10)
    for row in rows.items:
        fields = Fields(row, f"coupon {wanted}")
        if fields.text("code").casefold() == wanted.casefold():
            currency = yield from api.currency()
            return coupons.coupon(fields, currency, now=api.now(), subtotal=value, email=address)
    raise coupons.refused("unknown", f"there is no coupon {wanted}")


@operation(
    "Lists the customers who spent most.",
    parameters={"limit": "The most customers to return."},
    calls=("GET /wc-analytics/reports/customers", _CURRENCY),
    example="store.get_customer_insights(limit=3)",
)
def get_customer_insights(api: Api, limit: int = 10) -> Plan[Listing[CustomerSpend]]:
    """List the customers who spent most, refunds deducted; `total` is how many there are in all.

    The store keeps these figures by background jobs, so that they lag behind the orders, by up to
    12 hours in new shops and for ever where its jobs are stuck.
    """
    wanted = checks.limit(limit)
    params = {"orderby": "total_spend", "order": "desc"}
    rows = yield from api.rows(f"{ANALYTICS}/reports/customers", params, limit=wanted)
    currency = yield from api.currency()
    return listing(rows, "customers", lambda fields: reports.customer(fields, currency))


@operation(
    "Reports the sales of a period.",
    parameters={
        "period": "day, week (the last seven days), month or year, up to today.",
        "first": "The first day, as YYYY-MM-DD, instead of a period.",
        "last": "The last day; today without it.",
        "definition": "created counts orders by the day they were placed, paid when paid.",
    },
    calls=(
        "GET /wc/v3/reports/sales",
        "GET /wc-analytics/reports/revenue/stats",
        "GET /wp-json/",
        _CURRENCY,
    ),
    example='store.get_sales_report("month").gross',
)
def get_sales_report(
    api: Api,
    period: str = "week",
    first: date | str | None = None,
    last: date | str | None = None,
    definition: str = "created",
) -> Plan[SalesReport]:
    """Report sales in the shop's currency, by days of the shop's own calendar.

    There are two ideas of a sale, and they differ: `created` takes orders by the day they were
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
