"""Operations about customers and sales: what the shop's owner wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import (
    CustomerSpend,
    Listing,
    SalesReport,
)
from ...kit import checks
from ...kit.fields import Fields
from ...kit.lists import listing
from ...kit.operations import plan
from ...kit.sales import Days, report_plan, today
from .. import ids, order_models
from ..api import Api

_MOST_CUSTOMERS = 500
_MOST_ORDERS = 1000


@plan(Operations.get_customer_insights, calls=("admin Customers",))
def get_customer_insights(api: Api, limit: int = 10) -> Plan[Listing[CustomerSpend]]:
    """Those who spent most among the 500 customers that changed last.

    Shopify cannot sort customers by what they spent; where there are more, `complete` is False.
    """
    wanted = checks.limit(limit)
    nodes, complete, _ = yield from api.admin.nodes(
        "Customers", "customers", {}, limit=_MOST_CUSTOMERS
    )
    found = listing(nodes, "customers", _customer)
    best = sorted(found, key=lambda row: row.total.amount, reverse=True)
    total = len(nodes) if complete else None
    return Listing(tuple(best[:wanted]), total, found.unreadable, complete)


@report_plan(calls=("admin Shop", "admin SalesPage"), errors=("response_too_large",))
def get_sales_report(api: Api, days: Days) -> Plan[SalesReport]:
    """Cancelled and test orders do not count. `paid` leaves out what has not been paid. More than
    1000 orders are response_too_large: ask for fewer days.
    """
    zone = yield from api.zone()
    begin, end = days.until(today(api.now(), zone))
    since = datetime(begin.year, begin.month, begin.day, tzinfo=zone)
    until = datetime(end.year, end.month, end.day, tzinfo=zone) + timedelta(days=1)
    query = f"created_at:>='{since.isoformat()}' AND created_at:<'{until.isoformat()}'"
    nodes, complete, _ = yield from api.admin.nodes(
        "SalesPage", "orders", {"query": query}, limit=_MOST_ORDERS
    )
    if not complete:
        raise StoreError("response_too_large", f"there are more than {_MOST_ORDERS} orders")
    currency = yield from api.currency()
    orders = [Fields(row, f"orders[{index}]") for index, row in enumerate(nodes)]
    return _report(orders, currency, days.definition, begin, end)


_NULLABLE = ("totalTaxSet", "totalDiscountsSet")
_SUMS = {
    "gross": "totalPriceSet",
    "refunds": "totalRefundedSet",
    "tax": "totalTaxSet",
    "shipping": "totalShippingPriceSet",
    "discounts": "totalDiscountsSet",
}


def _report(
    orders: Sequence[Fields], currency: str, definition: str, first: date, last: date
) -> SalesReport:
    """Add up orders.

    Raises:
        StoreError: invalid_response; an order that cannot be read makes the sums wrong.
    """
    counted = [
        order
        for order in orders
        if order.gmt_if_any("cancelledAt") is None
        and not order.flag("test")
        and (definition == "created" or order_models.is_paid(order))
    ]
    sums = {
        name: Money(sum((_part(order, key, currency) for order in counted), Decimal(0)), currency)
        for name, key in _SUMS.items()
    }
    gross, refunds = sums["gross"], sums["refunds"]
    net = gross.amount - refunds.amount - sums["tax"].amount - sums["shipping"].amount
    average = Money(gross.amount / len(counted), currency) if counted else None
    return SalesReport(
        definition=definition,
        first=first,
        last=last,
        orders=len(counted),
        items=sum(order.integer("subtotalLineItemsQuantity") for order in counted),
        gross=gross,
        net=Money(net, currency),
        average=average,
        refunds=refunds,
        tax=sums["tax"],
        shipping=sums["shipping"],
        discounts=sums["discounts"],
    )


def _part(order: Fields, name: str, currency: str) -> Decimal:
    """Return one amount of an order; taxes and discounts are null where there are none."""
    if name in _NULLABLE and not order.has(name):
        return Decimal(0)
    money = ids.shop_money(order, name)
    if money.currency != currency:
        raise StoreError("invalid_response", f"{order.where}: {name} is in {money.currency}")
    return money.amount


def _customer(fields: Fields) -> CustomerSpend:
    """Read what one customer has bought."""
    total, orders = ids.amount(fields.child("amountSpent")), fields.integer("numberOfOrders")
    address = fields.child("defaultEmailAddress") if fields.has("defaultEmailAddress") else None
    latest = fields.child("lastOrder") if fields.has("lastOrder") else None
    return CustomerSpend(
        name=fields.text("displayName"),
        email=address.text_or("emailAddress") if address is not None else "",
        country="",
        orders=orders,
        total=total,
        average=Money(total.amount / orders if orders else Decimal(0), total.currency),
        last_active=latest.gmt_if_any("createdAt") if latest is not None else None,
    )
