"""Operations about customers and sales: what the shop's owner wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import CustomerInsights, CustomerSpend, SoldProduct
from ...kit.graphql.documents import check_whole
from ...kit.operations import arguments
from ...kit.operations.customers import top_customers
from ...kit.operations.plans import plan
from ...kit.operations.sales import Sales, SalesRequest, Sums, report_plan
from ...kit.reading.days import TimeRange
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from ...kit.reading.money import average, rounded
from ..api import SHOWN_DAYS, Api
from ..reading import ids, order_state

_MOST_CUSTOMERS = 500
_MOST = 1000
_MOST_PAGES, _PAGE = 20, 250
"""Most pages of the list that are passed over to reach the orders of earlier days, and their size.
"""


@plan(Operations.get_customer_insights, calls=("admin Customers", "admin Shop"))
def get_customer_insights(api: Api, limit: int = 10) -> Plan[CustomerInsights]:
    """Those who spent most among the 500 customers that changed last.

    Shopify cannot sort customers by what they spent; if there are more, `complete` is False.
    """
    wanted = arguments.limit(limit)
    currency = yield from api.currency()
    read = partial(_customer, currency)
    found = yield from api.admin.listing(
        "Customers", "customers", {}, read, limit=_MOST_CUSTOMERS, ours=True
    )
    best = sorted(found, key=lambda row: row.total.amount, reverse=True)
    return top_customers(replace(found, items=tuple(best)), currency, wanted)


@report_plan(
    Api.zone,
    Api.currency,
    calls=(
        *("admin Shop", "admin AccessScopes", "admin OldestOrder"),
        *("admin OrderDates", "admin SalesPage"),
    ),
    errors=("response_too_large",),
)
def get_sales_report(api: Api, request: SalesRequest) -> Plan[Sales]:
    """Cancelled and test orders do not count. Orders count by the day they were placed, also if
    they were imported later, with all that was paid back of them since; `paid` leaves out what has
    not been paid. More than 1000 orders are response_too_large: request fewer days. `discounts`
    include those on delivery, and `tax` includes import duties. Products are counted by the first
    20 lines of each order. Orders that cannot be read are in no figure, and are named in
    `unreadable`. Days after which more than 5000 orders were placed are looked up in Shopify's
    search, which may leave out orders that are still to be paid. Days more than sixty days ago take
    the scope read_all_orders.
    """
    begin = request.when.begin.timestamp()
    if not (yield from api.shows_orders_since(begin)):
        message = (
            f"this app is shown no orders of more than {SHOWN_DAYS} days: request later days, or "
            "grant it the scope read_all_orders"
        )
        raise StoreError("forbidden", message)
    earlier = partial(order_state.is_before, begin)
    query, after = yield from _place(api, request.when)
    rows, complete, _ = yield from api.admin.nodes(
        "SalesPage", "orders", {"query": query}, limit=_MOST + 1, until=earlier, after=after
    )
    if not complete or len(rows) > _MOST:
        raise StoreError("response_too_large", f"orders: there are more than {_MOST}")
    sales = Sales()

    def add(order: Fields) -> None:
        if not request.when.has(order.gmt("processedAt")):
            return
        is_open = order.gmt_if_any("cancelledAt") is None and not order.flag("test")
        if is_open and (request.definition == "created" or order_state.is_paid(order)):
            # A shop may have had another currency once; its orders keep theirs.
            placed = ids.shop_money(order, "totalPriceSet", signed=True)
            sales.add(placed.currency, _sums(order, placed), list(_sold(order)))

    _, failures = readable(rows, "orders", add)
    sales.unreadable = len(failures)
    return sales


def _place(api: Api, when: TimeRange) -> Plan[tuple[str | None, str | None]]:
    """Return the search and the cursor with which the list of orders begins at some days' last.

    Orders that were placed later are passed over by their dates. A search may leave orders out; it
    is only used where there are too many.
    """
    end, after = when.end.timestamp(), None
    if end > api.now():
        return None, None
    for _ in range(_MOST_PAGES):
        data = yield from api.admin.ask("OrderDates", {"after": after}, first=_PAGE)
        orders = data.child("orders")
        for edge in orders.children("edges"):
            if edge.child("node").seconds("processedAt") < end:
                return None, after
            after = edge.opaque("cursor")
        if not orders.child("pageInfo").flag("hasNextPage"):
            return None, after
    return ids.within("processed_at", when), None


def _sums(order: Fields, placed: Money) -> Sums:
    """Read the sums of an order, without lines that were removed from it and never paid for.

    `placed` is its total with those lines.
    """
    currency = placed.currency

    def amount(fields: Fields, name: str) -> Decimal:
        # Duties, and taxes and discounts before returns, are null where there are none.
        return ids.shop_amount(fields, name, currency) if fields.has(name) else Decimal(0)

    tax = amount(order, "totalTaxSet") + amount(order, "originalTotalDutiesSet")
    tax_now = ids.shop_amount(order, "currentTotalTaxSet", currency)
    tax_now += amount(order, "currentTotalDutiesSet")
    shipping, shipping_now = _shipping(order, currency)
    pieces, discounts = "subtotalLineItemsQuantity", "totalDiscountsSet"
    if order_state.is_lowered(order):
        tax, shipping = tax_now, shipping_now
        pieces, discounts = "currentSubtotalLineItemsQuantity", "currentTotalDiscountsSet"
    refunds = ids.shop_amount(order, "totalRefundedSet", currency)
    # A refund that is pending lowers the current amounts at once, but not what was paid.
    unearned = tax - tax_now + shipping - shipping_now if refunds else Decimal(0)
    return Sums(
        orders=1,
        items=order.integer(pieces),
        gross=order_state.total(order).amount,
        tax=tax,
        shipping=shipping,
        discounts=amount(order, discounts),
        refunds=refunds,
        unearned=unearned,
    )


def _shipping(order: Fields, currency: str) -> tuple[Decimal, Decimal]:
    """Return the cost of delivery without tax: before refunds, and after them.

    Taxes are shown as they were before refunds; what is left is taxed at the same rate.
    """
    before = now = Decimal(0)
    with_tax, lines = order.flag("taxesIncluded"), order.child("shippingLines")
    check_whole(lines)
    for line in lines.children("nodes"):
        charged = ids.shop_amount(line, "discountedPriceSet", currency)
        left = ids.shop_amount(line, "currentDiscountedPriceSet", currency)
        taxes = line.children("taxLines") if with_tax else ()
        net = charged - sum(ids.shop_amount(tax, "priceSet", currency) for tax in taxes)
        if net < 0:
            raise line.invalid("more tax than it costs")
        before += net
        now += rounded(left * net / charged, currency) if charged else left
    return before, now


def _sold(order: Fields) -> Iterator[SoldProduct]:
    """Yield what was sold, except products that were deleted meanwhile, which have no id."""
    lowered, with_tax = order_state.is_lowered(order), order.flag("taxesIncluded")
    for line in order.nodes("lineItems"):
        title = line.text("title")
        pieces, money = order_state.bought(line, lowered=lowered, with_tax=with_tax)
        if line.has("product") and pieces:
            product = ids.number(line.child("product"), "Product")
            yield SoldProduct(product, title, line.text_or("sku"), pieces, money)


def _customer(currency: str, fields: Fields) -> CustomerSpend:
    """Read the purchases of one customer, perhaps in an earlier currency of the shop."""
    spent = ids.amount(fields.child("amountSpent"), signed=True)
    is_own = spent.currency == currency
    total = spent if is_own else Money(Decimal(0), currency)
    orders = fields.integer("numberOfOrders")
    address, latest = fields.at("defaultEmailAddress"), fields.at("lastOrder")
    return CustomerSpend(
        name=fields.text("displayName"),
        email=address.text_or("emailAddress") if address is not None else "",
        country="",
        orders=orders,
        total=total,
        average=average(total.amount, orders, total.currency),
        last_active=latest.gmt_if_any("createdAt") if latest is not None else None,
        other_currencies=() if is_own else (spent,),
    )
