"""Finding the order that a shopper means, and no one else's."""

from __future__ import annotations

from typing import Any

from ...errors import StoreError
from ...net.plans import Plan
from ..kit import checks
from ..kit.fields import Fields
from .api import V3, Api, Rows

ORDER = "Number of the order, as the shopper knows it."
EMAIL = "E-mail address that the order must have; without one the caller vouches for the shopper."
LOOKUP = (
    "GET /wc/v3/orders/{id}",
    "GET /wc/v3/orders?search=",
    "GET /wc/v3/customers?email=",
    "GET /wc/v3/orders?customer=",
)
_HIDDEN = ("checkout-draft", "trash", "auto-draft")
_MOST = 100


def _missing(order: int | str) -> StoreError:
    # The same words whether there is no such order or it is somebody else's.
    return StoreError("not_found", f"there is no order {str(order)[:40]} for this customer")


def _belongs(order: Fields, email: str | None) -> bool:
    if order.text("status") in _HIDDEN:
        return False
    return email is None or order.child("billing").text("email").strip().casefold() == email


def find_order(api: Api, order: int | str, email: str | None) -> Plan[Fields]:
    """Return the order with a number, if it is the shopper's.

    The number is the id unless a plugin numbers orders its own way; then the id of one order can
    be the number of another, and the number counts.

    Raises:
        StoreError: not_found.
    """
    if isinstance(order, bool) or not isinstance(order, (int, str)):
        raise StoreError("invalid_request", "order is neither a number nor a text")
    number = checks.text(str(order), "order").lstrip("#").strip()
    address = None if email is None else checks.email(email)
    if not number:
        raise _missing(order)
    if number.isascii() and number.isdigit() and int(number[:18]) > 0 and len(number) < 18:
        found = yield from _by_id(api, int(number))
        if found is not None and found.text("number") == number:
            if _belongs(found, address):
                return found
            raise _missing(order)
    found = yield from _by_search(api, number, address)
    if found is None:
        raise _missing(order)
    return found


def _by_search(api: Api, number: str, email: str | None) -> Plan[Fields | None]:
    """Return the order with a number that is not its id.

    Whether the store's search knows a plugin's numbers is up to the plugin, for each way of storing
    orders anew; an address leads to the shopper's own orders without it.
    """
    rows = yield from api.rows(f"{V3}/orders", {"search": number}, limit=_MOST)
    if (found := _numbered(rows, number, email)) is not None or email is None:
        return found
    return _numbered((yield from orders_of(api, email, _MOST)), number, None)


def _numbered(rows: Rows, number: str, email: str | None) -> Fields | None:
    for row in rows.items:
        candidate = Fields(row, f"order {number}")
        if candidate.text("number") == number and _belongs(candidate, email):
            return candidate
    return None


def _by_id(api: Api, number: int) -> Plan[Fields | None]:
    try:
        body = yield from api.get(f"{V3}/orders/{number}")
    except StoreError as error:
        if error.error_type == "not_found":
            return None
        raise
    return Fields(body, f"order {number}")


def orders_of(api: Api, email: str, wanted: int) -> Plan[Rows]:
    """Return the newest orders of an address: as a customer's and as a guest's.

    Caches and firewalls that drop the query make the store answer with everybody's, so that
    nothing is believed to match that does not.
    """
    found: dict[int, tuple[str, Any]] = {}
    most = max(wanted, _MOST)
    customer = yield from _customer_id(api, email)
    complete = True
    for query in ({"search": email}, {"customer": customer}):
        if None in query.values():
            continue
        rows = yield from api.rows(f"{V3}/orders", query, limit=most)
        # A search can be cut off by orders that only mention the address.
        complete = complete and (rows.total is None or rows.total <= most)
        for row in rows.items:
            fields = Fields(row, "order")
            mine = customer is not None and fields.integer("customer_id") == customer
            if _belongs(fields, None if mine else email):
                found[fields.identifier()] = (fields.text("date_created_gmt"), row)
    newest = sorted(found.items(), key=lambda item: (item[1][0], item[0]), reverse=True)
    return Rows([row for _, (_, row) in newest[:wanted]], len(found) if complete else None)


def _customer_id(api: Api, email: str) -> Plan[int | None]:
    """Return the id of the customer who has an address, None if nobody has."""
    rows = yield from api.rows(f"{V3}/customers", {"email": email, "role": "all"}, limit=10)
    for row in rows.items:
        customer = Fields(row, "customer")
        if customer.text("email").strip().casefold() == email:
            return customer.identifier()
    return None
