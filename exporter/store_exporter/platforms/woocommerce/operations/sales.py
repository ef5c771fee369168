"""The report of sales, added up from the orders themselves.

No report of the store is used. `reports/sales` reads the tables of posts, which have no orders
where these are in tables of their own, the default of new shops, and it keeps its responses for a
day. `wc-analytics` is filled by background jobs, which may not run, and stores amounts rounded to
what the shop displays. Both add up amounts of different currencies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from operator import itemgetter

from ....errors import StoreError
from ....net.plans import Plan, none_if
from ....spec.money import Money, Quantity
from ....spec.results import SoldProduct
from ...kit.operations.sales import Sales, SalesRequest, Sums, report_plan
from ...kit.reading.days import TimeRange
from ...kit.reading.fields import Fields
from .. import facts, local_dates, rounding
from ..api import SUMMING, V3, Api, between
from ..reading.order_state import MEMBERS, UNSOLD, is_sold, is_sub_order, order_status
from ..reading.totals import OrderTotals, read_amount

_UNPAID = (*UNSOLD, "on-hold")
_MEMBERS = f"status,line_items,{local_dates.members('date_created', 'date_paid')}"
_REFUND_MEMBERS = (
    f"id,parent_id,amount,line_items,shipping_lines,tax_lines,{local_dates.members('date_created')}"
)
_REFUND_LINES = ("line_items", "shipping_lines", "tax_lines")
_Refund = tuple[int, int, Fields]
"""A refund: its id, the id of its order, and the refund itself."""
_SAMPLED = 5
"""Number of orders after which the time for the others can be estimated."""


class _Sales(Sales):
    """The sums of orders and refunds.

    Attributes:
        reading: reads the totals of orders.
        is_sale: whether an order is a sale by the definition, of whatever day.
        orders: currency and sums of the sales that count or have refunds, by order id; the refunds
            that were added are in the sums.
    """

    def __init__(self, reading: OrderTotals, is_sale: Callable[[Fields], bool]) -> None:
        super().__init__()
        self.reading, self.is_sale = reading, is_sale
        self.orders: dict[int, tuple[str, Sums]] = {}

    def sell(self, order: Fields) -> None:
        """Add an order completely, or not at all if a part of it cannot be read."""
        number, currency = order.identifier(), order.currency("currency")
        if number in self.orders:
            return
        one = Sums(
            orders=1,
            items=_pieces(order.children("line_items")),
            gross=self.reading.total(order, currency).amount,
            tax=self.reading.tax(order, currency).amount,
            shipping=read_amount(order, "shipping_total"),
            discounts=read_amount(order, "discount_total"),
        )
        self.add(currency, one, list(_sold(order, currency)))
        self.orders[number] = currency, one

    def note(self, order: Fields) -> None:
        """Note an order of other days that has refunds, if it is a sale."""
        if is_sub_order(order) or not self.is_sale(order):
            return
        gross, tax, shipping = (
            read_amount(order, name) for name in ("total", "total_tax", "shipping_total")
        )
        one = Sums(
            items=_pieces(order.children("line_items")), gross=gross, tax=tax, shipping=shipping
        )
        self.orders[order.identifier()] = order.currency("currency"), one

    def refund(self, order: int, refund: Fields) -> None:
        """Add a refund, unless its order is no sale, or is in the trash or gone."""
        if order not in self.orders:
            return
        currency, left = self.orders[order]
        amount = abs(read_amount(refund, "amount"))
        # Plugins remove some of the lists.
        lines, shipping, taxes = (
            list(refund.children(name)) if refund.has(name) else [] for name in _REFUND_LINES
        )
        if amount == left.gross - left.refunds and not (lines or shipping or taxes):
            # The order's status was set to refunded, which refunds what is left without any lines.
            pieces, unearned = -left.items, left.tax + left.shipping - left.unearned
        else:
            pieces = _pieces(lines)
            unearned = _added_up(taxes, "tax_total", "shipping_tax_total")
            unearned += _added_up(shipping, "total")
        one = Sums(items=pieces, refunds=amount, unearned=unearned)
        self.add(currency, one)
        self.orders[order] = currency, left + one


def _pieces(lines: Iterable[Fields]) -> Quantity:
    return sum((line.quantity("quantity") for line in lines), 0)


def _sold(order: Fields, currency: str) -> Iterator[SoldProduct]:
    """Yield what was sold, except products that were deleted meanwhile, whose id is 0."""
    for line in order.children("line_items"):
        product, pieces = line.integer("product_id"), line.quantity("quantity")
        total = Money(read_amount(line, "total"), currency)
        if product:
            name = line.text_or("parent_name") or line.text_or("name")
            yield SoldProduct(product, name, line.text_or("sku"), pieces, total)


def _added_up(rows: Iterable[Fields], *names: str) -> Decimal:
    found = (abs(read_amount(row, name)) for row in rows for name in names)
    return sum(found, Decimal(0))


@report_plan(
    local_dates.time_zone,
    facts.currency,
    calls=(
        "GET /wc/v3/orders",
        facts.STATUSES,
        "GET /wc/v3/refunds",
        "GET /wc/v3/orders/{id}/refunds",
        local_dates.INDEX,
        *rounding.CALLS[:-1],
    ),
    errors=("response_too_large",),
    deadline=SUMMING,
)
def get_sales_report(api: Api, request: SalesRequest) -> Plan[Sales]:
    """There are two definitions of a sale: `created` takes orders by the day they were placed and
    counts unpaid ones that are on hold, `paid` takes them by the day of payment and does not count
    those. In statuses that plugins added, orders count if there is a payment. The API cannot find
    orders by their payment. So `paid` lacks an order that was placed earlier and paid without a
    change of its date of change, as some plugins and imports write it, and one that bears the date
    of a later day than the last of the report.

    The orders themselves are added up, as WooCommerce's own reports are empty, late or rounded in
    many shops. A store takes about a second for a hundred orders, and they get 2 minutes at most
    unless the client's policy allows more: as soon as it shows that the time is too short the
    result is response_too_large, with how many there are and how far it came. Orders that cannot be
    read are in no figure, and are named in `unreadable`. Nor are refunds of orders that are no sale
    by the definition, such as unpaid ones whose status was set to refunded. Before WooCommerce 7.6
    a partial refund leaves its order's date of change, and is found only if the order was changed
    since the first day of the report, or placed.
    """
    is_sale = _is_placed if request.definition == "created" else _is_paid
    sales = _Sales((yield from rounding.order_totals(api)), is_sale)
    sales.unreadable = yield from _add_orders(api, request, sales)
    sales.unreadable += yield from _add_refunds(api, request.when, sales)
    return sales


def _is_placed(order: Fields) -> bool:
    return is_sold(order) or order_status(order) == "refunded"


def _is_paid(order: Fields) -> bool:
    return order_status(order) not in _UNPAID and order.gmt_if_any("date_paid_gmt") is not None


def _add_orders(api: Api, request: SalesRequest, sales: _Sales) -> Plan[int]:
    """Add the orders of the period that count, and return how many cannot be read.

    The API cannot find orders by their payment. An order that was paid since a day was also changed
    since then, unless a plugin left the date of the change alone. Such an order is found if it was
    also placed since that day.
    """
    is_created, created = request.definition == "created", between(request.when)
    unchanged = {**created, "modified_before": created["before"]}
    queries = (created,) if is_created else (between(request.when, "modified_"), unchanged)
    dated = "date_created_gmt" if is_created else "date_paid_gmt"

    def add(status: Sequence[str]) -> Plan[int]:
        def sell(order: Fields) -> None:
            is_checked = is_created and status != facts.ANY
            if is_checked and order_status(order) not in (*status, *UNSOLD):
                # It was not requested: a plugin shows another status than the order has.
                raise order.invalid(f"status is {order.text('status')[:40]}")
            if sales.is_sale(order) and request.when.has(order.gmt(dated)):
                sales.sell(order)

        unreadable = 0
        for query in queries:
            listed = {**query, "status": ",".join(status)}
            found = yield from rounding.every_order(api, listed, _MEMBERS, sales.reading, sell)
            unreadable = max(unreadable, found)
        return unreadable

    return facts.in_statuses(api, UNSOLD if is_created else _UNPAID, add)


def _add_refunds(api: Api, when: TimeRange, sales: _Sales) -> Plan[int]:
    """Add the refunds of the period, whenever their orders were placed."""
    refunds: list[_Refund] = []
    query = {**between(when), "_fields": _REFUND_MEMBERS}

    def add(row: Fields) -> None:
        if when.has(row.gmt("date_created_gmt")):
            refunds.append((row.identifier(), row.identifier("parent_id"), row))

    listed = api.read_all(f"{V3}/refunds", query, "refunds", add)
    unreadable = yield from none_if(listed, "api_not_found")
    if unreadable is None:
        unreadable = yield from _find_refunds_by_order(api, when, refunds)
    unknown = {number for _, number, _ in refunds} - sales.orders.keys()
    members = f"currency,total,total_tax,shipping_total,line_items,status,{MEMBERS}"
    whose = {"_fields": f"id,{members},{local_dates.members('date_paid')}"}
    refunded = yield from api.get_by_ids(f"{V3}/orders", unknown, whose)
    unreadable += refunded.unreadable
    unclear = set()
    for order in refunded:
        try:
            sales.note(order)
        except StoreError:
            unclear.add(order.identifier())
    for _, number, refund in sorted(refunds, key=itemgetter(0)):
        try:
            sales.refund(number, refund)
        except StoreError:
            unreadable += 1
        unreadable += number in unclear
    return unreadable


def _find_refunds_by_order(api: Api, when: TimeRange, found: list[_Refund]) -> Plan[int]:
    """Find refunds in WooCommerce before 9.0, which has no list of them, if time allows it."""
    query = {**between(when, "modified_"), "_fields": f"id,refunds,{MEMBERS}"}
    orders: list[int] = []

    def add(order: Fields) -> None:
        if order.listed("refunds") and not is_sub_order(order):
            orders.append(order.identifier())

    unreadable = yield from api.read_all(f"{V3}/orders", query, "orders", add)
    began = api.monotonic()
    for done, number in enumerate(orders):
        now = api.monotonic()
        if done >= _SAMPLED and (now - began) / done * (len(orders) - done) > api.ends - now:
            message = (
                f"{len(orders)} orders have refunds, which are requested order by order before "
                f"WooCommerce 9.0; {done} took {now - began:.0f} s: ask for fewer days"
            )
            raise StoreError("response_too_large", message)

        def keep(row: Fields, number: int = number) -> None:
            if when.has(row.gmt("date_created_gmt")):
                found.append((row.identifier(), number, row))

        path, members = f"{V3}/orders/{number}/refunds", {"_fields": _REFUND_MEMBERS}
        unreadable += yield from api.read_all(path, members, "refunds", keep)
    return unreadable
