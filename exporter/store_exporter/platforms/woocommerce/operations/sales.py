"""The report of sales, added up from the orders themselves.

No report of the store is asked. `reports/sales` reads the tables of posts, which have no orders
where these are in tables of their own, the default of new shops, and it keeps its answers for a
day. `wc-analytics` is filled by background jobs, which may not run, and stores amounts rounded to
what the shop displays. Both add up amounts of different currencies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money, Quantity
from ....spec.results import SalesReport
from ...kit.fields import Fields
from ...kit.money import exact, rounded
from ...kit.sales import Days, report_plan, today
from .. import facts
from ..api import PAGE, SUMMING, V3, Api, gmt
from ..totals import MEMBERS, OrderTotals

_CREATED = ("completed", "processing", "on-hold", "refunded")
_UNPAID = ("pending", "on-hold", "failed", "cancelled", "checkout-draft", "auto-draft", "trash")
_ASKED = f"id,status,currency,{MEMBERS},date_created_gmt,date_paid_gmt"
_REFUND_MEMBERS = "id,parent_id,date_created_gmt,amount,line_items,shipping_lines,tax_lines"
_MOST_REFUNDED = 50
_SECOND = timedelta(seconds=1)


class _Time(NamedTuple):
    """From one moment up to another, which is not part of it."""

    begin: datetime
    end: datetime

    def has(self, moment: datetime | None) -> bool:
        return moment is not None and self.begin <= moment < self.end

    def after(self) -> str:
        """Return the second before it, as the store leaves out the moment that it is given."""
        return gmt((self.begin - _SECOND).timestamp())

    def before(self) -> str:
        return gmt(self.end.timestamp())


@dataclass(slots=True)
class _Sums:
    """What orders and refunds in one currency add up to."""

    orders: int = 0
    items: Quantity = 0
    amounts: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@report_plan(
    calls=(
        "GET /wc/v3/orders",
        "GET /wc/v3/reports/orders/totals",
        "GET /wc/v3/refunds",
        "GET /wc/v3/orders/{id}/refunds",
        "GET /wp-json/",
        *facts.TOTALS[:-1],
    ),
    errors=("response_too_large",),
    deadline=SUMMING,
)
def get_sales_report(api: Api, days: Days) -> Plan[SalesReport]:
    """There are two ideas of a sale, and they differ: `created` takes orders by the day they were
    placed and counts unpaid ones that are on hold, `paid` takes them by the day of payment and
    does not count those. Statuses that plugins added count as paid where there is a payment.

    The orders themselves are added up, as WooCommerce's own reports are empty, late or rounded in
    many shops; those of a long period take a minute, and 2 minutes at most. More than 5000 orders
    are response_too_large: ask for fewer days.
    """
    zone = yield from facts.zone(api)
    first, last = days.until(today(api.now(), zone))
    when = _Time(_midnight(first, zone), _midnight(last + timedelta(days=1), zone))
    if days.definition == "created":
        orders = yield from _created(api, when)
    else:
        orders = yield from _paid(api, when)
    reading = yield from facts.reading(api)
    sums: defaultdict[str, _Sums] = defaultdict(_Sums)
    for order in orders:
        _add_order(sums[order.currency("currency")], order, reading)
    yield from _add_refunds(api, when, orders, sums)
    currency = yield from facts.currency(api)
    own = sums.pop(currency, _Sums())
    others = tuple(
        _report(sums[other], other, days.definition, first, last) for other in sorted(sums)
    )
    report = _report(own, currency, days.definition, first, last)
    return replace(report, other_currencies=others)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _created(api: Api, when: _Time) -> Plan[list[Fields]]:
    """Return the orders that were placed then, as WooCommerce's own sales report chooses them."""
    query = {"status": ",".join(_CREATED), "after": when.after(), "before": when.before()}
    orders = yield from _orders(api, query)
    return [
        order
        for order in orders
        if order.text("status") in _CREATED and when.has(order.gmt("date_created_gmt"))
    ]


def _paid(api: Api, when: _Time) -> Plan[list[Fields]]:
    """Return the orders that were paid then.

    The API does not find orders by their payment. What was paid since a day was changed since then
    too, unless a plugin left the date of the change alone; such orders are found when they were
    also placed since that day.
    """
    status = yield from facts.statuses(api, without=_UNPAID)
    changed = {"modified_after": when.after(), "before": when.before()}
    unchanged = {"after": when.after(), "before": when.before(), "modified_before": when.before()}
    found: dict[int, Fields] = {}
    for query in (changed, unchanged):
        for order in (yield from _orders(api, {**query, "status": status})):
            is_paid = order.text("status") not in _UNPAID
            if is_paid and when.has(order.gmt_if_any("date_paid_gmt")):
                found[order.identifier()] = order
    return list(found.values())


def _orders(api: Api, query: Mapping[str, str]) -> Plan[list[Fields]]:
    rows = yield from api.every(f"{V3}/orders", {**query, "_fields": _ASKED}, "orders")
    return [Fields(row, "order") for row in rows]


def _add_order(sums: _Sums, order: Fields, reading: OrderTotals) -> None:
    currency = order.currency("currency")
    sums.orders += 1
    sums.items += _pieces(order)
    sums.amounts["total"] += reading.total(order, currency).amount
    sums.amounts["total_tax"] += reading.tax(order, currency).amount
    for name in ("shipping_total", "discount_total"):
        sums.amounts[name] += order.money(name, currency).amount


def _pieces(order: Fields) -> Quantity:
    return sum((line.quantity("quantity") for line in order.children("line_items")), 0)


def _add_refunds(
    api: Api, when: _Time, orders: list[Fields], sums: Mapping[str, _Sums]
) -> Plan[None]:
    """Add what was paid back then, whenever its order was placed."""
    refunds = yield from _refunds(api, when)
    currencies = {order.identifier(): order.currency("currency") for order in orders}
    unknown = sorted({number for number, _ in refunds} - set(currencies))
    for start in range(0, len(unknown), PAGE):
        some = ",".join(map(str, unknown[start : start + PAGE]))
        query = {"include": some, "_fields": "id,currency"}
        for row in (yield from api.every(f"{V3}/orders", query, "orders")):
            order = Fields(row, "order")
            currencies[order.identifier()] = order.currency("currency")
    for number, refund in refunds:
        currency = currencies.get(number)
        if currency is None:
            # Its order is in the trash or gone, and so is its sale.
            continue
        own = sums[currency]
        own.items += _pieces(refund)
        own.amounts["refunds"] += abs(refund.money("amount", currency).amount)
        for line in refund.children("tax_lines"):
            for name in ("tax_total", "shipping_tax_total"):
                own.amounts["untaxed"] += abs(line.money(name, currency).amount)
        for line in refund.children("shipping_lines"):
            own.amounts["unshipped"] += abs(line.money("total", currency).amount)


def _refunds(api: Api, when: _Time) -> Plan[list[tuple[int, Fields]]]:
    """Return what was paid back then, each refund with the id of its order."""
    query = {"after": when.after(), "before": when.before(), "_fields": _REFUND_MEMBERS}
    try:
        rows = yield from api.every(f"{V3}/refunds", query, "refunds")
    except StoreError as error:
        if error.error_type != "api_not_found":
            raise
        found = yield from _refunds_by_order(api, when)
    else:
        refunds = (Fields(row, "refund") for row in rows)
        found = [(refund.identifier("parent_id"), refund) for refund in refunds]
    return [(number, row) for number, row in found if when.has(row.gmt("date_created_gmt"))]


def _refunds_by_order(api: Api, when: _Time) -> Plan[list[tuple[int, Fields]]]:
    """Do the same before WooCommerce 9.0, which has no list of refunds.

    Raises:
        StoreError: response_too_large, more orders were refunded than are asked for one by one.
    """
    query = {"modified_after": when.after(), "before": when.before(), "_fields": "id,refunds"}
    rows = yield from api.every(f"{V3}/orders", query, "orders")
    orders = [order for order in (Fields(row, "order") for row in rows) if order.listed("refunds")]
    if len(orders) > _MOST_REFUNDED:
        message = f"more than {_MOST_REFUNDED} orders have refunds: ask for fewer days"
        raise StoreError("response_too_large", message)
    found = []
    for order in orders:
        number = order.identifier()
        path = f"{V3}/orders/{number}/refunds"
        rows = yield from api.every(path, {"_fields": _REFUND_MEMBERS}, "refunds")
        found += [(number, Fields(row, "refund")) for row in rows]
    return found


def _report(sums: _Sums, currency: str, definition: str, first: date, last: date) -> SalesReport:
    def money(amount: Decimal) -> Money:
        return Money(exact(amount, currency), currency)

    amounts = sums.amounts
    gross, tax, shipping = (amounts[n] for n in ("total", "total_tax", "shipping_total"))
    kept = gross - amounts["refunds"]
    extra = tax - amounts["untaxed"] + shipping - amounts["unshipped"]
    return SalesReport(
        definition=definition,
        first=first,
        last=last,
        orders=sums.orders,
        items=sums.items,
        gross=money(gross),
        net=money(kept - extra),
        average=Money(rounded(gross / sums.orders, currency), currency) if sums.orders else None,
        refunds=money(amounts["refunds"]),
        tax=money(tax),
        shipping=money(shipping),
        discounts=money(amounts["discount_total"]),
    )
