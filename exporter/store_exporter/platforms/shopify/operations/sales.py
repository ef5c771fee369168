"""Operations about customers and sales: what the shop's owner wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import CustomerInsights, CustomerSpend
from ...kit.operations import arguments
from ...kit.operations.customers import top_customers
from ...kit.operations.plans import plan
from ...kit.operations.sales import Sales, SalesRequest, SoldItems, Sums, report_plan
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from ...kit.reading.money import rounded
from ..api import Api
from ..reading import ids, order_results

_MOST_CUSTOMERS = 500
_MOST = 1000
_SUMS = {
    "gross": "totalPriceSet",
    "refunds": "totalRefundedSet",
    "tax": "totalTaxSet",
    "shipping": "totalShippingPriceSet",
    "discounts": "totalDiscountsSet",
}
_NULLABLE = ("totalTaxSet", "totalDiscountsSet")


@plan(Operations.get_customer_insights, calls=("admin Customers", "admin Shop"))
def get_customer_insights(api: Api, limit: int = 10) -> Plan[CustomerInsights]:
    """Those who spent most among the 500 customers that changed last.

    Shopify cannot sort customers by what they spent; where there are more, `complete` is False.
    """
    wanted = arguments.limit(limit)
    found = yield from api.admin.listing(
        "Customers", "customers", {}, _customer, limit=_MOST_CUSTOMERS, ours=True
    )
    best = sorted(found, key=lambda row: row.total.amount, reverse=True)
    currency = yield from api.currency()
    return top_customers(replace(found, items=tuple(best)), currency, wanted)


@report_plan(
    Api.zone,
    Api.currency,
    calls=("admin Shop", "admin SalesPage"),
    errors=("response_too_large",),
)
def get_sales_report(api: Api, request: SalesRequest) -> Plan[Sales]:
    """Cancelled and test orders do not count. `paid` leaves out what has not been paid. More than
    1000 orders are response_too_large: ask for fewer days. Products are counted by the first 20
    lines of each order, with tax where prices include it. Orders that cannot be read are in no
    figure, and are named in `unreadable`.
    """
    query = {"query": ids.created(request.when)}
    rows = yield from api.admin.all_nodes("SalesPage", "orders", query, limit=_MOST)
    currency = yield from api.currency()
    sales = Sales()

    def take(order: Fields) -> None:
        is_open = order.gmt_if_any("cancelledAt") is None and not order.flag("test")
        if is_open and (request.definition == "created" or order_results.is_paid(order)):
            sales.add(currency, _sums(order, currency), list(_sold(order)))

    _, failures = readable(rows, "orders", take)
    sales.unreadable = len(failures)
    return sales


def _sums(order: Fields, currency: str) -> Sums:
    """Read what an order comes to.

    Raises:
        StoreError: invalid_response.
    """
    amounts = {}
    for name, member in _SUMS.items():
        # Taxes and discounts are null where there are none.
        if member in _NULLABLE and not order.has(member):
            continue
        money = ids.shop_money(order, member)
        if money.currency != currency:
            raise StoreError("invalid_response", f"{order.where}: {member} is in {money.currency}")
        amounts[name] = money.amount
    return Sums(orders=1, items=order.integer("subtotalLineItemsQuantity"), **amounts)


def _sold(order: Fields) -> Iterator[SoldItems]:
    """Yield what was sold; of a product that was deleted since there is no id."""
    for line in order.nodes("lineItems"):
        money, pieces = ids.shop_money(line, "discountedTotalSet"), line.integer("quantity")
        title = line.text("title")
        if line.has("product"):
            product = ids.number(line.child("product"))
            yield SoldItems(product, title, line.text_or("sku"), pieces, money)


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
        average=Money(rounded(total.amount / (orders or 1), total.currency), total.currency),
        last_active=latest.gmt_if_any("createdAt") if latest is not None else None,
    )
