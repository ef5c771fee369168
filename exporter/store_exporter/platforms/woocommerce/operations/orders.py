"""Operations on orders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import tzinfo

from ....errors import StoreError
from ....net.plans import Plan, none_if
from ....spec.results import Cancellation, Listing, Order, OrderNote, Refund, RefundStatus
from ...kit.operations import arguments, order_numbers, orders
from ...kit.operations.order_plans import order_plans
from ...kit.operations.orders import OrdersRequest
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows, matching
from ...kit.rest.responses import RestPage
from .. import facts, local_dates, rounding
from ..api import PAGE, V3, Api, between
from ..order_search import belongs, orders_of
from ..reading import order_results
from ..reading.order_state import (
    HIDDEN,
    MEMBERS,
    has_sub_orders,
    is_sub_order,
    order_status,
)
from ..reading.totals import OrderTotals

_LOOKUP = (
    "GET /wc/v3/orders/{id}",
    "GET /wc/v3/orders?search=",
    "GET /wc/v3/customers?email=",
    "GET /wc/v3/orders?customer=",
    local_dates.INDEX,
    *rounding.CALLS,
)


class _Orders(orders.Orders[Api]):
    """The orders of the REST API; `reading` reads their totals."""

    cancellable = ("pending", "on-hold", "processing")

    reading: OrderTotals

    def prepare(self) -> Plan[None]:
        # Without the shop's zone only the dates are unknown.
        self.api.needs_dates = False
        self.reading = yield from rounding.order_totals(self.api)

    def zone(self) -> Plan[tzinfo]:
        return local_dates.time_zone(self.api)

    def numbered(self, number: str, email: str | None) -> Plan[Fields | None]:
        """Return the order with a number.

        The number is the id unless a plugin numbers orders its own way; then the id of one order
        can be the number of another, and the number counts.
        """
        if (identifier := arguments.identifier_in(number)) is not None:
            found = yield from self._by_id(identifier)
            if found is not None and order_results.order_number(found) == number:
                return found if belongs(found, email) else None
        # Whether the store's search knows a plugin's numbers depends on the plugin and on how
        # orders are stored; with Sequential Order Numbers only the shop's own pages find them.
        # Without it, an address leads to the shopper's own orders, and the sequence of the numbers
        # leads to all others.
        rows = yield from self.api.rows(f"{V3}/orders", {"search": number}, limit=PAGE)
        yield from rounding.learn_rules(self.api, self.reading, rows.items)
        for candidate in rows.objects(f"order {number}"):
            if str(candidate.raw("number")) == number and belongs(candidate, email):
                return candidate
        if email is None:
            place = yield from order_numbers.find_by_place(
                self._numbers, number, PAGE, order_results.order_number
            )
            return None if place is None else (yield from self._by_id(place))
        own = yield from self.newest(email, PAGE)
        return next((order for order in own if str(order.raw("number")) == number), None)

    def _numbers(self, page: int) -> Plan[RestPage]:
        query = {"orderby": "id", "order": "desc", "per_page": PAGE, "page": page}
        return self.api.page(f"{V3}/orders", {**query, "_fields": "id,number"})

    def _by_id(self, number: int) -> Plan[Fields | None]:
        asked = self.api.get_object(f"{V3}/orders/{number}", f"order {number}")
        found = yield from none_if(asked, "not_found")
        if found is not None:
            yield from rounding.learn_rules(self.api, self.reading, [found])
        return found

    def newest(self, email: str, wanted: int) -> Plan[list[Fields]]:
        rows = yield from orders_of(self.api, self.reading, email, wanted)
        if not rows.items and rows.total is None:
            message = "the store counts orders for the address, but none that it sends is theirs"
            raise StoreError("invalid_response", message)
        return list(rows.objects("order"))[:wanted]

    def read(self, found: Fields, *, with_customer: bool) -> Order:
        return order_results.read_order(found, self.reading, with_customer=with_customer)

    def check(self, order: int | str | None, email: str | None) -> Plan[Order]:
        """Return an order, with the parcels of WooCommerce's own fulfilments."""
        found = yield from super().check(order, email)
        if "tracking" in found.unreadable:
            # Where they were switched off again, or need other rights, the others are known.
            with suppress(StoreError):
                rows = yield from self.api.page(f"{V3}/orders/{found.id}/fulfillments")
                return order_results.with_fulfilments(found, rows)
        return found

    def listed(self, request: OrdersRequest) -> Plan[Listing[Order]]:
        """Orders that were placed with the address or by the customer who has it. The store's
        search finds longer addresses that end alike, too: the first 1,000 orders that it finds are
        looked at, as far as time allows. If there are more, `complete` is False. The parcels of
        WooCommerce's own fulfilments are only in `check_order`; here `tracking` is `unreadable`.
        """
        narrowed = yield from self._narrowed(request)
        # The result includes the sum of all orders if they fit on one page.
        wanted = max(request.reach, PAGE)
        asked = orders_of(self.api, self.reading, request.email, wanted, narrowed)
        rows = yield from facts.unless_unknown(asked, None)
        if rows is None:
            facts.forget_statuses(self.api)
            yield from self._narrowed(request)
            # Only the report knows the status, so no order can be found in it.
            return Listing((), total=0)
        found = rows.listing("orders", lambda fields: self.read(fields, with_customer=True))
        return matching(found, request.has)

    def _narrowed(self, request: OrdersRequest) -> Plan[dict[str, str]]:
        """Return the parameters of the status, which must be one of the shop's, and of the days."""
        query: dict[str, str] = {}
        if request.status is not None:
            known = yield from facts.order_statuses(self.api, without=HIDDEN)
            if request.status not in known:
                message = f"the shop has no status {request.status}, only {', '.join(known)}"
                raise StoreError("invalid_input", message)
            query["status"] = request.status
        return query if request.when is None else query | between(request.when)

    def notes(self, found: Fields, *, private: bool) -> Plan[Listing[OrderNote]]:
        """The notes that the shopper was sent, or all of them."""
        kind = "any" if private else "customer"
        path = f"{V3}/orders/{found.identifier()}/notes"
        found_notes = yield from self.api.page(path, {"type": kind})
        notes = Rows(found_notes.items).listing("notes", order_results.read_note)
        kept = [note for note in notes if private or note.for_customer]
        return replace(notes, items=tuple(sorted(kept, key=orders.age)), total=len(kept))

    def refunds(self, found: Fields) -> Plan[RefundStatus]:
        """The order's own refunds. If it has none, those of its sub-orders: a marketplace's vendor
        refunds his part, and some plugins copy that to the order.
        """
        number, currency = found.identifier(), found.currency("currency")
        refunds = yield from self._refunds_of(number, currency)
        if not refunds and has_sub_orders(found):
            query = {"parent": number, "_fields": f"id,{MEMBERS}"}
            parts = (yield from self.api.rows(f"{V3}/orders", query)).whole("sub-orders")
            for part in parts.fields("sub-orders"):
                if is_sub_order(part) and part.identifier("parent_id") == number:
                    refunds += yield from self._refunds_of(part.identifier(), currency)
        return orders.refund_status(number, self.reading.total(found, currency), refunds)

    def _refunds_of(self, number: int, currency: str) -> Plan[list[Refund]]:
        rows = yield from self.api.rows(f"{V3}/orders/{number}/refunds")
        # A sum needs each of its parts: one that cannot be read fails the operation.
        items = rows.whole("refunds").items
        return [order_results.read_refund(Fields(row, "refund"), currency) for row in items]

    def cancel(
        self, found: Fields, reason: str | None, *, with_customer: bool
    ) -> Plan[Cancellation]:
        """From pending, on-hold and processing. The store restocks the goods and notifies the
        customer.
        """
        number, status = found.identifier(), order_status(found)
        self.check_cancellable(number, status)
        # A subscription can be requested as if it were an order, and a change makes it one.
        query = {"status": status, "_fields": "id"}
        if not (yield from self.api.get_by_ids(f"{V3}/orders", {number}, query)):
            message = f"{number} is no order, but may be a subscription, which is not changed here"
            raise StoreError("invalid_state", message)
        path = f"{V3}/orders/{number}"
        changed = yield from self.api.change(path, {"status": "cancelled"})
        cancelled = self.read(Fields(changed, f"order {number}"), with_customer=with_customer)
        if cancelled.id != number:
            raise StoreError(
                "invalid_response", f"the response for order {number} has order {cancelled.id}"
            )
        if cancelled.status != "cancelled":
            raise StoreError("invalid_state", f"order {number} is {cancelled.status} now")
        noted = reason is not None and (yield from _note(self.api, number, reason))
        return Cancellation(cancelled, noted)


def _note(api: Api, number: int, reason: str) -> Plan[bool]:
    """Add a note for the staff; False if that fails, since the order is cancelled all the same."""
    note = {"note": f"Cancelled: {reason[:1000]}", "customer_note": False}
    try:
        yield from api.create(f"{V3}/orders/{number}/notes", note)
    except StoreError:
        return False
    return True


_BY_EMAIL = ("GET /wc/v3/customers?email=", "GET /wc/v3/orders?search=")
PLANNED = order_plans(
    _Orders,
    {
        "check_order": (*_LOOKUP, "GET /wc/v3/orders/{id}/fulfillments"),
        "get_customer_orders": (
            *_BY_EMAIL,
            "GET /wc/v3/orders?customer=",
            facts.STATUSES,
            local_dates.INDEX,
            *rounding.CALLS,
        ),
        "get_order_notes": (*_LOOKUP, "GET /wc/v3/orders/{id}/notes"),
        "check_refund_status": (
            *_LOOKUP,
            "GET /wc/v3/orders/{id}/refunds",
            "GET /wc/v3/orders?parent=",
        ),
        "cancel_order": (
            *_LOOKUP,
            "GET /wc/v3/orders?include=",
            "POST /wc/v3/orders/{id}",
            "POST /wc/v3/orders/{id}/notes",
        ),
    },
)
