"""The customers who bought most, added up from the orders themselves; `sales` says why."""

from __future__ import annotations

from collections.abc import Sequence

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import CustomerInsights
from ...kit.operations import arguments
from ...kit.operations.customers import Purchase, Sale, insights
from ...kit.operations.plans import plan
from ...kit.reading.fields import Fields
from ...kit.reading.people import full_name
from .. import facts, local_dates, rounding
from ..api import SUMMING, V3, Api
from ..reading.order_state import UNSOLD, order_status
from ..reading.totals import OrderTotals, read_refunded

_MEMBERS = f"status,customer_id,billing,refunds,{local_dates.members('date_created')}"

_ERASED = "deleted@site.invalid"
"""What WordPress writes in place of an address when it erases a person."""


@plan(
    Operations.get_customer_insights,
    calls=(
        "GET /wc/v3/orders",
        facts.STATUSES,
        local_dates.INDEX,
        "GET /wc/v3/customers?include=",
        *rounding.CALLS[:-1],
    ),
    errors=("response_too_large",),
    deadline=SUMMING,
)
def get_customer_insights(api: Api, limit: int = 10) -> Plan[CustomerInsights]:
    """By what was spent in the shop's currency, refunds deducted; `total` is how many customers
    there are in all. Guests are customers by the address of their orders; an order without one, or
    whose customer was erased, is a customer of its own. Orders that are pending, failed or
    cancelled do not count. Customers with an order that cannot be read are left out. So is an
    order that does not show whose it is, as a customer of its own, though it may be one of the
    others'.

    The orders themselves are added up, as WooCommerce's own figures are late or rounded in many
    shops. A store takes about a second for a hundred orders, and they get 2 minutes at most unless
    the client's policy allows more: as soon as it shows that the time is too short the result is
    response_too_large, with how many there are and how far it came.
    """
    wanted = arguments.limit(limit)
    reading = yield from rounding.order_totals(api)
    sales: list[Sale] = []

    def add(order: Fields) -> None:
        billing = _billing(order)
        email = billing.text_or("email").strip()
        sale = Sale(None, "" if email == _ERASED else email)
        try:
            sale.account = order.identifier_if_any("customer_id")
            if sale.account is None and not billing.names():
                raise StoreError("invalid_response", f"{order.where}: nothing shows whose it is")
            sale.order = _read(order, billing, reading)
        except StoreError:
            sale.is_readable = False
        sales.append(sale)

    def read(status: Sequence[str]) -> Plan[int]:
        sales.clear()  # of what was read before a later page was refused
        query = {"status": ",".join(status)}
        return rounding.every_order(api, query, _MEMBERS, reading, add)

    unknown = yield from facts.in_statuses(api, UNSOLD, read)
    sales += [Sale(None, "", is_readable=False)] * unknown
    accounts = {sale.account for sale in sales if sale.account}
    of_accounts = {"role": "all", "_fields": "id,email"}
    # Those of deleted accounts are missing.
    addresses = {
        row.identifier(): row.text_or("email").strip()
        for row in (yield from api.get_by_ids(f"{V3}/customers", accounts, of_accounts))
    }
    return insights(sales, addresses, (yield from facts.currency(api)), wanted)


def _billing(order: Fields) -> Fields:
    """Return the billing address of an order; empty if it is hidden."""
    try:
        return order.child("billing")
    except StoreError:
        return Fields({}, order.where)


def _read(order: Fields, billing: Fields, reading: OrderTotals) -> Purchase | None:
    """Read an order; None if its status does not count as a sale."""
    if order_status(order) in UNSOLD:
        return None
    currency = order.currency("currency")
    spent = reading.total(order, currency).amount
    for refund in order.children("refunds"):
        spent -= read_refunded(refund, "total")
    return Purchase(
        name=full_name(billing),
        country=billing.text_or("country"),
        created=order.gmt("date_created_gmt"),
        spent=Money(spent, currency),
    )
