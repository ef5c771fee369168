"""The plans of the operations on orders, made of what a platform's `Orders` find and show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Cancellation, CustomerOrders, Listing, Order, OrderNote, RefundStatus
from .orders import ApiT, Orders
from .plans import Planned, plan


def order_plans(
    kind: Callable[[ApiT], Orders[ApiT]], calls: Mapping[str, tuple[str, ...]]
) -> tuple[Planned[..., Any], ...]:
    """Return the plans of the operations on orders, in the order of `Operations`.

    The docstrings of the own `listed`, `notes`, `refunds` and `cancel` of the platform's orders are
    notes. `calls` are API calls by the operation's name.
    """
    own: Any = kind

    @plan(Operations.check_order, calls=calls["check_order"])
    def check_order(
        api: ApiT, order: int | str | None = None, email: str | None = None
    ) -> Plan[Order]:
        return kind(api).check(order, email)

    @plan(Operations.get_customer_orders, calls=calls["get_customer_orders"], notes_of=own.listed)
    def get_customer_orders(
        api: ApiT,
        email: str,
        limit: int = 10,
        *,
        status: str | None = None,
        first: date | str | None = None,
        last: date | str | None = None,
        page: int = 1,
    ) -> Plan[CustomerOrders]:
        return kind(api).of_customer(email, status, (first, last), limit, page)

    @plan(Operations.get_order_notes, calls=calls["get_order_notes"], notes_of=own.notes)
    def get_order_notes(
        api: ApiT, order: int | str, email: str | None = None, private: bool = False
    ) -> Plan[Listing[OrderNote]]:
        known = kind(api)
        return (yield from known.notes((yield from known.find(order, email)), private=private))

    @plan(Operations.check_refund_status, calls=calls["check_refund_status"], notes_of=own.refunds)
    def check_refund_status(
        api: ApiT, order: int | str, email: str | None = None
    ) -> Plan[RefundStatus]:
        known = kind(api)
        return (yield from known.refunds((yield from known.find(order, email))))

    @plan(Operations.cancel_order, calls=calls["cancel_order"], notes_of=own.cancel)
    def cancel_order(
        api: ApiT, order: int | str, reason: str | None = None, email: str | None = None
    ) -> Plan[Cancellation]:
        known = kind(api)
        found = yield from known.find(order, email)
        why = (reason or "").strip() or None
        return (yield from known.cancel(found, why, with_customer=email is not None))

    return check_order, get_customer_orders, get_order_notes, check_refund_status, cancel_order
