"""Reads all orders of a query, for figures that are added up from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ....errors import StoreError
from ....net.plans import Plan
from ...kit.reading.fields import Fields
from .. import local_dates, rounding
from ..api import FULL, V3, Api
from ..reading import sub_orders
from ..reading.totals import MEMBERS, OrderTotals


def every_order(
    api: Api,
    query: Mapping[str, str],
    members: str,
    reading: OrderTotals,
    take: Callable[[Fields], None],
    *,
    dates: Collection[str],
) -> Plan[int]:
    """GET all orders of a query except sub-orders; see `every_row`.

    Only the members that their totals need are requested, because a large shop has thousands of
    orders. Orders in a currency with more decimals than the shop displays and than its own currency
    has need more members. Orders in other currencies are taken last while the rule for their totals
    is not known.

    Args:
        api: the store's API.
        query: which orders.
        members: the members to read besides totals and dates.
        reading: reads the totals.
        take: called with each order.
        dates: the dates to read, by their names in the shop's zone.
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
    unreadable = yield from every_row(api, path, wanted, dates, keep)
    wanted |= {**FULL, "_fields": f"{members},{MEMBERS},{_both(dates)}"}
    foreign += yield from api.get_by_ids(path, finer, wanted)
    yield from rounding.learn_foreign(api, reading, foreign)
    for order in (yield from local_dates.with_gmt_dates(api, foreign, dates)):
        try:
            take(order)
        except StoreError:
            unreadable += 1
    return unreadable


def every_row(
    api: Api,
    path: str,
    query: Mapping[str, str],
    dates: Collection[str],
    take: Callable[[Fields], None],
) -> Plan[int]:
    """GET all rows of a list, with their dates in GMT even if a plugin removes these.

    See `rest.Api.read_all`. Rows whose dates had to be filled in are taken last.

    Args:
        api: the store's API.
        path: path of the list; its last part is the name of its items.
        query: which rows, and in `_fields` their members besides the dates.
        dates: the dates to read, by their names in the shop's zone, such as `date_paid`.
        take: called with each row.
    """
    lacking: list[Fields] = []

    def keep(row: Fields) -> None:
        if local_dates.lacks_gmt_dates(row.raw, dates):
            lacking.append(row)
        else:
            take(row)

    wanted = {**query, "_fields": f"{query['_fields']},{_both(dates)}"}
    unreadable = yield from api.read_all(path, wanted, path.rpartition("/")[2], keep)
    for row in (yield from local_dates.with_gmt_dates(api, lacking, dates)):
        try:
            take(row)
        except StoreError:
            unreadable += 1
    return unreadable


def _both(dates: Collection[str]) -> str:
    return ",".join(f"{name},{name}_gmt" for name in dates)
