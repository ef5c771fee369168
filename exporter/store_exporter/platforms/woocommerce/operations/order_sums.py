"""All orders of a query, for figures that are added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ....errors import StoreError
from ....net.plans import Plan
from ...kit.reading.fields import Fields
from .. import facts
from ..api import FULL, V3, Api
from ..reading.totals import MEMBERS, OrderTotals


def every_order(
    api: Api,
    query: Mapping[str, str],
    members: str,
    reading: OrderTotals,
    take: Callable[[Fields], None],
) -> Plan[int]:
    """GET all orders of a query; see `rest.Api.every`.

    They are requested with no more than their totals need, as a large shop has thousands. That is
    more for those in a currency with more decimals than the shop displays and than its own has.

    Args:
        api: the store's API.
        query: which orders.
        members: what is read of them besides their totals.
        reading: reads the totals.
        take: takes each order.
    """
    finer: set[int] = set()

    def keep(order: Fields) -> None:
        if reading.lacks_parts(order):
            finer.add(order.identifier())
        else:
            take(order)

    wanted = {**query, "_fields": f"id,currency,{members},{reading.members}"}
    unreadable = yield from api.read_all(f"{V3}/orders", wanted, "orders", keep)
    wanted |= {**FULL, "_fields": f"id,currency,{members},{MEMBERS}"}
    foreign = yield from api.get_by_ids(f"{V3}/orders", finer, wanted)
    yield from facts.learn_foreign(api, reading, foreign)
    for order in foreign:
        try:
            take(order)
        except StoreError:
            unreadable += 1
    return unreadable
