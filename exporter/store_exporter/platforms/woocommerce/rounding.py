"""Learns from a shop's settings and orders how to read the totals of its orders, and reads many."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain, combinations
from typing import Any

from ...errors import StoreError
from ...net.plans import Plan
from ..kit.connection import fact
from ..kit.reading.fields import Fields
from ..kit.reading.lists import partly_read
from . import facts
from .api import PAGE, STORE, V3, Api
from .reading import order_state, totals
from .reading.order_state import CURRENT, PAID, order_status
from .reading.totals import OrderTotals, RoundingRule

_V2 = "/wp-json/wc/v2"
_ORDERS = f"{V3}/orders"
_SAMPLE = f"id,currency,customer_id,{totals.MEMBERS}"
_ROUNDED = Decimal("0.005")
"""Tolerance of a customer's total, which has two decimals in every shop."""
_FEWER = 10
"""Orders that are read at each end if a full page is too much for a store."""
_MOST_CUSTOMERS = 3
_MOST_STATUSES = 6
CALLS = (
    *(facts.SETTINGS, "GET /wc/store/v1/cart"),
    *("GET /wc/v3/settings/tax/{id}", "GET /wc/v3/orders", "GET /wc/v2/customers/{id}"),
)
"""Calls that `order_totals` makes: from the third on only where few decimals are displayed."""
_AT_SUBTOTAL = f"{V3}/settings/tax/woocommerce_tax_round_at_subtotal"


@fact
def order_totals(api: Api) -> Plan[OrderTotals]:
    """Return how to read the totals of the shop's orders."""
    shop = yield from facts.money_settings(api)
    found = OrderTotals((yield from _decimals(api, shop)), shop.currency)
    if found.by_parts:
        yield from _learn(api, found, found.own, otherwise=0)
    return found


def _decimals(api: Api, shop: facts.MoneySettings) -> Plan[int]:
    """Return to how many decimals WooCommerce rounds totals.

    Plugins and themes change that without changing the setting (the filter
    `wc_get_price_decimals`). Carts are written with as many.
    """
    try:
        cart = yield from api.get_object(f"{STORE}/cart", "the cart", {"_fields": "totals"})
        return cart.child("totals").integer("currency_minor_unit")
    except StoreError:
        # The Store API may be closed to visitors.
        return shop.decimals


def has_other_settings(api: Api) -> Plan[bool]:
    """Request the settings that `order_totals` goes by anew; return whether they are others.

    It learns the new ones when it is needed next.
    """
    known = yield from order_totals(api)
    facts.forget_money(api)
    shop = yield from facts.money_settings(api)
    if ((yield from _decimals(api, shop)), shop.currency) == (known.shown, known.currency):
        return False
    api.facts.forget(order_totals)
    return True


def learn_rules(api: Api, reading: OrderTotals, rows: Iterable[Any]) -> Plan[None]:
    """Learn how totals were made if orders need it: in other currencies, or a shop's first ones.

    What is learnt is put into `reading`. The orders are as they came, with their parts.
    """
    rows = list(rows)
    # If nothing shows the rule of other currencies, assume that of plugins for several currencies.
    for rule, otherwise in ((reading.own, 0), (reading.foreign, math.inf)):
        orders = reading.under(rule, rows)
        if rule.is_known or not orders:
            continue
        yield from _learn_subtotal(api, reading)
        if any(map(reading.is_ambiguous, orders)):
            yield from _learn(api, reading, rule, otherwise=otherwise, orders=orders)


def with_parts(
    api: Api, reading: OrderTotals, orders: Sequence[Fields], query: Mapping[str, Any]
) -> Plan[list[Fields]]:
    """Return orders with their parts if their totals need these; learn what else they need.

    `query` has the parameters of these orders, with the members besides the parts. An order that
    was changed or removed meanwhile stays as it came first.
    """
    lacking = {order.identifier() for order in orders if reading.lacks_parts(order)}
    wanted = {**query, "_fields": f"{query['_fields']},{totals.PARTS}"}
    whole = {row.identifier(): row for row in (yield from api.get_by_ids(_ORDERS, lacking, wanted))}
    found = [whole.get(order.identifier(), order) for order in orders]
    yield from learn_rules(api, reading, found)
    return found


def every_order(
    api: Api,
    query: Mapping[str, str],
    members: str,
    reading: OrderTotals,
    add: Callable[[Fields], None],
) -> Plan[int]:
    """GET all orders of a query except sub-orders; see `rest.Api.read_all`.

    Besides the `members`, only those are requested that the orders' totals need, because a large
    shop has thousands of orders. Orders in a currency with more decimals than the shop displays and
    than its own currency has need more members. Orders in other currencies are taken last while the
    rule for their totals is not known.
    """
    later: list[Fields] = []

    def keep(order: Fields) -> None:
        if order_state.is_sub_order(order):
            return
        is_open = not reading.foreign.is_known and reading.under(reading.foreign, [order])
        if is_open or reading.lacks_parts(order):
            # Its parts are requested by its id, so an invalid id is an error.
            order.identifier()
            later.append(order)
        else:
            add(order)

    members = f"id,currency,{order_state.MEMBERS},{members},{reading.members}"
    wanted = {**query, "_fields": members}
    unreadable = yield from api.read_all(_ORDERS, wanted, "orders", keep)
    _, failures = partly_read((yield from with_parts(api, reading, later, wanted)), "orders", add)
    return unreadable + len(failures)


def _learn(
    api: Api,
    reading: OrderTotals,
    rule: RoundingRule,
    *,
    otherwise: float,
    orders: Sequence[Fields] = (),
) -> Plan[None]:
    """Learn one of the two rules; `otherwise` is the id that is taken if nothing shows it.

    `orders` are some of the shop's under that rule.
    """
    yield from _learn_subtotal(api, reading)
    sample = [*orders, *reading.under(rule, (yield from _sample(api)))]
    below, doubtful = totals.learn_rounding(reading, sample)
    finer = (yield from _by_customers(api, reading, doubtful)) if doubtful else False
    rule.is_guess, rule.is_known = finer is None, bool(sample)
    rule.finer_below = math.inf if finer else max(below, otherwise if finer is None else 0)


def _sample(api: Api) -> Plan[list[Any]]:
    """Return the oldest and the newest orders; fewer if a page is too much for the store."""
    size = api.page_sizes.limit(_ORDERS, PAGE)
    try:
        return (yield from _ends(api, size))
    except StoreError as error:
        if error.error_type != "timeout" and api.page_sizes.smaller(_ORDERS, size, error) is None:
            raise
    return (yield from _ends(api, _FEWER))


def _ends(api: Api, size: int) -> Plan[list[Any]]:
    """Return `size` of the oldest and `size` of the newest orders, with their parts."""
    query = {"orderby": "id", "per_page": size, "_fields": _SAMPLE}
    found: list[Any] = []
    for order in ("asc", "desc"):
        found += (yield from api.page(_ORDERS, {**query, "order": order})).items
    return found


def _learn_subtotal(api: Api, reading: OrderTotals) -> Plan[None]:
    if reading.at_subtotal is None:
        rule = yield from api.get_object(_AT_SUBTOTAL, "the setting", {"_fields": "id,value"})
        reading.at_subtotal = rule.raw("value") == "yes"


def _by_customers(api: Api, reading: OrderTotals, doubtful: Sequence[Fields]) -> Plan[bool | None]:
    """Learn it from the totals of customers, which the store adds up from amounts as stored.

    (`WC_Customer_Data_Store::get_total_spent` rounds only the sum.) Returns whether the doubtful
    orders were made with more decimals than are displayed; None if no customer shows it.
    """
    customers = (order.integer_or("customer_id") for order in reversed(doubtful))
    accounts = dict.fromkeys(one for one in customers if one > 0)
    for customer in list(accounts)[:_MOST_CUSTOMERS]:
        path, query = f"{_V2}/customers/{customer}", {"_fields": "total_spent"}
        own = {"customer": customer, "_fields": f"status,{_SAMPLE}"}
        try:
            spent = (yield from api.get_object(path, "the customer", query)).decimal("total_spent")
            orders = (yield from api.rows(_ORDERS, own)).whole("orders").fields("orders")
            finer, made = (_is_spent(spent, one, orders) for one in reading.either())
        except StoreError:
            continue
        if finer != made:
            return finer
    return None


def _is_spent(spent: Decimal, reading: OrderTotals, orders: Sequence[Fields]) -> bool:
    """Whether a customer's orders with a paid status add up to the store's total of the customer.

    Statuses of plugins may count as paid or not, so every combination of them is tried.
    """
    sums: dict[str, Decimal] = {}
    for order in orders:
        status, total = order_status(order), reading.total(order, order.currency("currency"))
        sums[status] = sums.get(status, Decimal(0)) + total.amount
    paid = sum((sums.pop(status, Decimal(0)) for status in PAID), Decimal(0))
    others = [amount for status, amount in sums.items() if status not in CURRENT][:_MOST_STATUSES]
    chosen = chain.from_iterable(combinations(others, n) for n in range(len(others) + 1))
    return any(abs(sum(some, paid) - spent) <= _ROUNDED for some in chosen)
