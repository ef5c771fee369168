"""Finds the orders of an e-mail address, as a customer's and as a guest's.

The store searches for a text in the addresses of all orders. So it also finds those of longer
addresses that end alike, and with its full-text index, which ignores words of two letters, those of
everybody with the same provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...errors import StoreError
from ...net.plans import Plan, none_if
from ..kit.operations import arguments
from ..kit.reading.fields import Fields
from ..kit.reading.lists import Rows
from . import facts, local_dates, rounding
from .api import PAGE, V3, Api
from .reading.order_state import HIDDEN, MEMBERS, is_sub_order
from .reading.totals import OrderTotals

_WHOSE = f"id,status,customer_id,billing,{MEMBERS},{local_dates.members('date_created')}"
_AMPLE = 3
"""A page more is requested if this many times the time that one took is left."""

Own = tuple[str, int, Any]
"""An order of somebody: its date, its id, and the order itself."""


def customer_id(api: Api, email: str) -> Plan[int | None]:
    """Return the id of the customer who has an address, None if nobody has."""
    query = {"email": email, "role": "all"}
    asked = api.rows(f"{V3}/customers", query, limit=10)
    # WordPress refuses what it takes for no address, as one with an umlaut: nobody can have it.
    rows = (yield from none_if(asked, "rest_invalid_param", about="email")) or Rows()
    for customer in rows.objects("customer"):
        if customer.text_or("email").strip().casefold() == email:
            return customer.identifier()
    return None


def orders_of(
    api: Api,
    reading: OrderTotals,
    email: str,
    wanted: int,
    narrowed: Mapping[str, str] | None = None,
) -> Plan[Rows]:
    """Return the newest orders of an address: as a customer's and as a guest's.

    They are at least `wanted`, if there are so many. `narrowed` are further parameters.

    If a cache or firewall drops the query, the store sends everybody's orders. So each order is
    checked, and those that do not match are left out.
    """
    found: dict[int, Own] = {}
    customer = yield from customer_id(api, email)
    searched = yield from facts.words_to_search(api, email)
    complete = True

    def owned(items: Sequence[Any]) -> list[Own]:
        return list(_own(items, email, customer))

    for query in ({"customer": customer}, {"search": searched}):
        if None in query.values():
            continue
        # A store takes long to show an order, so none is requested twice.
        known = ",".join(str(key) for key in found if key > 0)
        params = {**query, **(narrowed or {}), "exclude": known}
        # Two show whether the newest come first, as in all versions but 7.1 and 7.2.
        for most in sorted({max(2, wanted), max(wanted, PAGE)}):
            rows = yield from _read(api, reading, params, most)
            own = owned(rows.items)
            dates = [created for created, *_ in own]
            # A search can be cut off by orders that only mention the address.
            is_enough = len(own) >= wanted and dates == sorted(dates, reverse=True)
            if is_enough or len(rows.items) < most:
                break
        # The store may count orders that it does not show.
        is_whole = rows.total is None or rows.total <= len(rows.items)
        if not is_whole and not is_enough and len(rows.items) == most:
            own, is_whole = yield from _sought(api, reading, params, wanted, owned)
        complete = complete and is_whole
        found |= {key: (created, key, row) for created, key, row in own}
    newest = sorted(found.values(), key=lambda item: item[:2], reverse=True)
    return Rows([row for *_, row in newest], len(found) if complete else None, complete)


def _read(api: Api, reading: OrderTotals, params: Mapping[str, Any], most: int) -> Plan[Rows]:
    rows = yield from api.rows(f"{V3}/orders", params, limit=most)
    yield from rounding.learn_rules(api, reading, rows.items)
    return rows


def _sought(
    api: Api,
    reading: OrderTotals,
    params: Mapping[str, Any],
    wanted: int,
    owned: Callable[[Sequence[Any]], list[Own]],
) -> Plan[tuple[list[Own], bool]]:
    """Return somebody's orders among the first 1,000 that are found, or fewer in time.

    Also returned is whether they are all. First it is only requested whose orders they are; `owned`
    chooses those that are wanted.
    """
    began, pages = api.left(), 0

    def is_late() -> bool:
        nonlocal pages
        pages += 1
        return api.left() < _AMPLE * (began - api.left()) / pages

    whose = {**params, "_fields": _WHOSE}
    rows = yield from api.rows(f"{V3}/orders", whose, limit=arguments.MOST_ITEMS, is_late=is_late)
    own = sorted(owned(rows.items), key=lambda item: item[:2])
    is_whole = rows.complete and (rows.total is None or rows.total <= len(rows.items))
    newest = [str(key) for _, key, _ in own if key > 0][-max(wanted, PAGE) :]
    chosen: list[Any] = []
    for start in range(0, len(newest), PAGE):
        include = {"include": ",".join(newest[start : start + PAGE])}
        chosen += (yield from _read(api, reading, include, PAGE)).items
    return owned(chosen), is_whole and len(newest) == len(own)


def _own(items: Sequence[Any], email: str, customer: int | None) -> Iterator[Own]:
    """Yield the orders of an address or customer."""
    unknown = 0
    for row in items:
        try:
            fields = Fields(row, "order")
            key = fields.identifier()
            mine = customer is not None and fields.integer_or("customer_id") == customer
            theirs = belongs(fields, None if mine else email)
        except StoreError:
            # It may be theirs: the list reports it as unreadable, and shows nothing of it.
            unknown -= 1
            yield "", unknown, None
            continue
        # A shopper sees the placed order, not the vendors' shares of it.
        if theirs and not is_sub_order(fields):
            yield fields.text_or("date_created_gmt"), key, row


def belongs(order: Fields, email: str | None) -> bool:
    """Whether an order is one that a shopper sees, and has the e-mail address if one is given."""
    if order.text_or("status").removeprefix("wc-") in HIDDEN:
        return False
    if email is None:
        return True
    billing = Fields(order.raw("billing") or {}, "billing")
    return billing.text_or("email").strip().casefold() == email
