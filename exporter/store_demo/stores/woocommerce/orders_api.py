"""`wc/v3` about who bought: orders, refunds, notes, customers and coupons."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from .answers import ApiError, Call, Document, Reply, invalid_parameter, link, no_route, paged
from .dates import changed_within
from .shop import PAID, STATUSES, Shop

_ROOT = "/wp-json/wc/v3"
_ORDERS: dict[str, Callable[[Document], Any]] = {
    "date": lambda order: (order["date_created_gmt"], order["id"]),
    "modified": lambda order: (order["date_modified_gmt"], order["id"]),
    "modified locally": lambda order: (order["date_modified"], order["id"]),
    "id": lambda order: order["id"],
}
_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
"""What WordPress takes for an address (`is_email`)."""


def _with_links(shop: Shop, order: Document) -> Document:
    path = f"{_ROOT}/orders/{order['id']}"
    links = link(shop.base, path)
    templates = f"{shop.base}{path}/actions/email_templates"
    links["email_templates"] = [{"embeddable": True, "href": templates}]
    if order["customer_id"]:
        links["customer"] = [{"href": f"{shop.base}{_ROOT}/customers/{order['customer_id']}"}]
    return {**order, "_links": links}


def _statuses(shop: Shop, call: Call) -> set[str]:
    wanted = call.values("status") or ["any"]
    known = [one for one in STATUSES if one != "checkout-draft" or shop.habits.has_drafts]
    for status in wanted:
        if status not in (*known, "any", "trash"):
            names = ", ".join(("any", "trash", *known))
            raise invalid_parameter(
                "status", f"status[0] is not one of {names}.", "rest_not_in_enum"
            )
    if "trash" in wanted and shop.habits.trash != 200:
        raise ApiError(shop.habits.trash, "internal_server_error", "The trash cannot be listed.")
    # "any" means every status except the drafts of the checkout.
    return set(STATUSES) - {"checkout-draft"} if "any" in wanted else set(wanted)


def _searchable(order: Document) -> str:
    billing = " ".join(str(value) for value in order["billing"].values())
    names = " ".join(line["name"] for line in order["line_items"])
    return f"{order['id']} {billing} {names}".lower()


def orders(shop: Shop, call: Call) -> Reply:
    """GET orders. Without `status` the drafts of the checkout are left out."""
    call = shop.habits.asked(call, hpos=shop.hpos)
    statuses = _statuses(shop, call)
    if shop.habits.lists_drafts and not call.values("status"):
        statuses |= {"checkout-draft"}
    search = call.params.get("search", "").lower()
    customer = call.params.get("customer")
    ids, others = call.values("include"), call.values("exclude")
    parents = call.values("parent")
    passes = changed_within(shop, call)
    kept = [
        order
        for order in shop.orders.values()
        if order["status"] in statuses
        and (not ids or str(order["id"]) in ids)
        and str(order["id"]) not in others
        and (not parents or str(order["parent_id"]) in parents)
        and (customer is None or str(order["customer_id"]) == customer)
        and search in _searchable(order)
        and passes(order)
        and order["id"] not in shop.habits.subscriptions
    ]
    if shop.habits.finds_nothing(search, hpos=shop.hpos):
        kept = []
    if shop.habits.needs_dates and not any("after" in n or "before" in n for n in call.params):
        kept = []
    name = call.params.get("orderby", "date")
    if name not in _ORDERS:
        reason = "orderby is not one of date, id, include, title, slug, and modified."
        raise invalid_parameter("orderby", reason, "rest_not_in_enum")
    if name == "modified" and not shop.hpos:
        # WordPress sorts posts by the column `post_modified`, in the shop's own zone.
        name = "modified locally"
    kept.sort(key=_ORDERS[name], reverse=call.params.get("order", "desc") == "desc")
    extra = {"dp": str(shop.decimals), "context": "view"}
    if not call.values("status"):
        extra["status[0]"] = "any"
    reply = paged(call, kept, shop.base, extra)
    if shop.hpos and not reply.body:
        # Seen in 11.0.1: tables of their own count no orders beyond the last page.
        reply.headers |= {"X-WP-Total": "0", "X-WP-TotalPages": "0"}
    reply.body = [shop.habits.rounded(call, _with_links(shop, order)) for order in reply.body]
    return shop.habits.told(reply)


def _order(shop: Shop, order_id: str, status: int = 404) -> Document:
    order = shop.orders.get(int(order_id))
    if order is None:
        raise ApiError(status, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
    return order


def order(shop: Shop, call: Call, order_id: str) -> Reply:
    """GET, PUT, POST orders/{id}."""
    found = _order(shop, order_id, 404 if call.method == "GET" else 400)
    if call.method != "GET":
        changes = {k: v for k, v in (call.body or {}).items() if k in found}
        if changes.get("status", "pending") not in STATUSES:
            names = ", ".join(STATUSES)
            raise invalid_parameter("status", f"status is not one of {names}.", "rest_not_in_enum")
        shop.edit_order(found["id"], **changes)
        shop.habits.subscriptions.discard(found["id"])
    return Reply(shop.habits.rounded(call, _with_links(shop, shop.orders[found["id"]])))


def notes(shop: Shop, call: Call, order_id: str) -> Reply:
    """GET, POST orders/{id}/notes; the list comes whole, without totals."""
    found = shop.orders.get(int(order_id))
    if found is None:
        raise ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
    path = f"{_ROOT}/orders/{order_id}"
    if call.method == "POST":
        body = call.body or {}
        note = shop.add_note(
            found["id"], str(body.get("note", "")), for_customer=bool(body.get("customer_note"))
        )
        return Reply(_child(shop, note, f"{path}/notes"), 201)
    return Reply([_child(shop, note, f"{path}/notes") for note in shop.notes[found["id"]]])


def _child(shop: Shop, row: Document, path: str) -> Document:
    """Return a note or refund as the API sends it; it cannot be changed, only deleted."""
    up = path.rsplit("/", 1)[0]
    links = link(shop.base, f"{path}/{row['id']}", up=up, allow="GET, DELETE")
    return {**row, "_links": links}


def refunds(shop: Shop, call: Call, order_id: str) -> Reply:
    """GET, POST orders/{id}/refunds; the list of an unknown order is empty."""
    path = f"{_ROOT}/orders/{order_id}"
    found = shop.orders.get(int(order_id))
    if call.method == "POST":
        if found is None:
            # WooCommerce gives the status as an integer here, which WordPress turns into a 500.
            raise ApiError(500, "woocommerce_rest_invalid_order_id", "Invalid order ID.", 404)
        body = call.body or {}
        try:
            amount = Decimal(str(body.get("amount", "")))
            row = shop.refund(found["id"], amount, str(body.get("reason", "")))
        except (InvalidOperation, ValueError):
            code = "woocommerce_rest_cannot_create_order_refund"
            raise ApiError(500, code, "Invalid refund amount.", 500) from None
        return Reply(_child(shop, row, f"{path}/refunds"), 201)
    rows = reversed(shop.refunds.get(int(order_id), []))
    return paged(call, [_child(shop, row, f"{path}/refunds") for row in rows], shop.base)


def fulfilments(shop: Shop, call: Call, order_id: str) -> Reply:
    """GET orders/{id}/fulfillments, which is off by default."""
    del call
    if int(order_id) not in shop.fulfilments:
        raise no_route()
    return Reply(shop.fulfilments[int(order_id)])


def all_refunds(shop: Shop, call: Call) -> Reply:
    """GET refunds, of every order."""
    if shop.habits.version < (9, 0):
        raise no_route()
    passes = changed_within(shop, call)
    rows = [
        _child(shop, {**row, "parent_id": number}, f"{_ROOT}/orders/{number}/refunds")
        for number, refunds in shop.refunds.items()
        for row in refunds
        if passes(row)
    ]
    rows.sort(key=lambda row: row["id"], reverse=call.params.get("order", "desc") == "desc")
    return paged(call, rows, shop.base)


def customers(shop: Shop, call: Call) -> Reply:
    """GET customers; only registered ones, sorted by name."""
    email = call.params.get("email")
    if email is not None and not _EMAIL.fullmatch(email):
        raise invalid_parameter("email", "Invalid email address.", "rest_invalid_email")
    search = call.params.get("search", "").lower()
    ids = call.values("include")
    rows = [
        {**row, "_links": link(shop.base, f"{_ROOT}/customers/{row['id']}")}
        for row in sorted(shop.customers.values(), key=lambda c: c["username"])
        if (email is None or row["email"].lower() == email.lower())
        and (not ids or str(row["id"]) in ids)
        and search in f"{row['email']} {row['username']}".lower()
    ]
    return paged(call, rows, shop.base)


def customer(shop: Shop, _: Call, customer_id: str) -> Reply:
    """GET wc/v2/customers/{id}, which adds up what was spent as it is stored."""
    found = shop.customers.get(int(customer_id))
    if found is None:
        raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    spent = (
        Decimal(order["total"])
        for order in shop.orders.values()
        if order["customer_id"] == found["id"] and order["status"] in PAID
    )
    return Reply({**found, "total_spent": f"{sum(spent, Decimal(0)):.2f}"})


def coupons(shop: Shop, call: Call) -> Reply:
    """GET coupons; an unknown code is an empty list."""
    code = call.params.get("code")
    rows = [
        {**row, "_links": link(shop.base, f"{_ROOT}/coupons/{row['id']}")}
        for row in sorted(shop.coupons.values(), key=lambda c: -c["id"])
        if code is None or row["code"] == code.lower()
    ]
    return paged(call, rows, shop.base)
