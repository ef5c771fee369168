"""Reads all orders of a query, for figures that are added up from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ....errors import StoreError
from ....net.plans import Plan
from ...kit.reading.fields import Fields
from .. import rounding
from ..api import FULL, V3, Api
from ..reading import sub_orders
from ..reading.totals import MEMBERS, OrderTotals


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
    finer: set[int] = set()
    foreign: list[Fields] = []

    def keep(order: Fields) -> None:
        if sub_orders.is_sub_order(order):
            return
        if reading.lacks_parts(order):
            finer.add(order.identifier())
        elif not reading.knows_foreign and reading.of_kind([order], is_foreign=True):
            foreign.append(order)
        else:
            take(order)

    path, members = f"{V3}/orders", f"id,currency,{sub_orders.MEMBERS},{members}"
    wanted = {**query, "_fields": f"{members},{reading.members}"}
    unreadable = yield from api.read_all(path, wanted, "orders", keep)
    wanted |= {**FULL, "_fields": f"{members},{MEMBERS}"}
    foreign += yield from api.get_by_ids(path, finer, wanted)
    yield from rounding.learn_foreign(api, reading, foreign)
    for order in foreign:
        try:
            take(order)
        except StoreError:
            unreadable += 1
    return unreadable
