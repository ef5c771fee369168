"""Reads all orders of a query, for figures that are added up from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ....errors import StoreError
from ....net.plans import Plan
from ...kit.reading.fields import Fields
from .. import rounding
from ..api import V3, Api
from ..reading import order_state
from ..reading.totals import OrderTotals


def every_order(
    api: Api,
    query: Mapping[str, str],
    members: str,
    reading: OrderTotals,
    take: Callable[[Fields], None],
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
            # Its parts are requested by its id, which is an error if it is none.
            order.identifier()
            later.append(order)
        else:
            take(order)

    members = f"id,currency,{order_state.MEMBERS},{members},{reading.members}"
    wanted = {**query, "_fields": members}
    unreadable = yield from api.read_all(f"{V3}/orders", wanted, "orders", keep)
    for order in (yield from rounding.with_parts(api, reading, later, wanted)):
        try:
            take(order)
        except StoreError:
            unreadable += 1
    return unreadable
