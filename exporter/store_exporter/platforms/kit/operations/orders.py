"""Finding the order that a shopper means, and no one else's; what was paid back of one.

Order numbers can be guessed. Therefore an order that is asked for by its number alone comes without
its customer, and with an e-mail address only when that is the order's own: to everybody else it is
not there.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import (
    Cancellation,
    CustomerOrders,
    Listing,
    Order,
    OrderNote,
    OrderSummary,
    Refund,
    RefundStatus,
)
from ..connection import Api
from ..reading.days import TimeRange
from ..reading.fields import Fields
from ..reading.lists import page_of
from ..reading.money import normalized
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT", bound=Api)
_STATUS = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
_UNSOLD = ("pending", "failed", "cancelled")
"""Statuses of orders for which nothing was paid that stays."""


class OrdersRequest(NamedTuple):
    """Which orders of a customer are asked for.

    Attributes:
        email: the customer's, in lower case.
        status: that they have; None for any.
        when: the time in which they were placed; None for any.
        limit: orders on a page.
        page: its number, from 1.
    """

    email: str
    status: str | None
    when: TimeRange | None
    limit: int
    page: int

    @property
    def reach(self) -> int:
        """How many orders have to be read for the page."""
        return self.limit * self.page

    def has(self, order: Order) -> bool:
        """Whether an order of the customer is one of them."""
        in_time = self.when is None or self.when.has(order.created)
        return in_time and self.status in (None, order.status)


class Orders(ABC, Generic[ApiT]):
    """The orders of a store, for one operation. A platform says how its API finds and shows them.

    Args:
        api: the platform's API.
    """

    cancellable: ClassVar[tuple[str, ...]]
    """Statuses from which an order can be cancelled."""

    def __init__(self, api: ApiT) -> None:
        self.api = api

    @abstractmethod
    def zone(self) -> Plan[tzinfo]:
        """Return the time zone of the shop's calendar."""

    @abstractmethod
    def numbered(self, number: str, email: str | None) -> Plan[Fields | None]:
        """Return the order with a number if it is the shopper's, else None.

        Args:
            number: without the sign # before it.
            email: in lower case, that the order must have; None for any.
        """

    @abstractmethod
    def newest(self, email: str, wanted: int) -> Plan[Sequence[Fields]]:
        """Return the newest orders of an address, at most so many."""

    @abstractmethod
    def read(self, found: Fields, *, with_customer: bool) -> Order:
        """Read an order; who placed it only when that was asked for."""

    @abstractmethod
    def listed(self, asked: OrdersRequest) -> Plan[Listing[Order]]:
        """Return orders of an address as results, newest first.

        They reach to the end of the page that is asked for at least, and may be more; `total` is
        how many match, where all of them were looked at.
        """

    @abstractmethod
    def notes(self, found: Fields, *, private: bool) -> Plan[Listing[OrderNote]]:
        """Return the notes on an order, oldest first; the staff's as well if `private`."""

    @abstractmethod
    def refunds(self, found: Fields) -> Plan[RefundStatus]:
        """Return what was paid back of an order, by `refund_status`."""

    @abstractmethod
    def cancel(
        self, found: Fields, reason: str | None, *, with_customer: bool
    ) -> Plan[Cancellation]:
        """Cancel an order that `check_cancellable` lets pass.

        Args:
            found: the order.
            reason: for the staff, trimmed; None for none.
            with_customer: as in `read`.
        """

    def check_status(self, status: object) -> str:
        """Return a status of orders if it can be one.

        Raises:
            StoreError: invalid_request.
        """
        if not isinstance(status, str) or not _STATUS.fullmatch(status):
            raise StoreError("invalid_request", "status is not a word such as processing")
        return status

    def prepare(self) -> Plan[None]:
        """Learn what reading orders takes; nothing where it takes nothing."""
        yield from ()

    def find(self, order: int | str, email: str | None) -> Plan[Fields]:
        """Return the order with a number such as 1001 or #1001, if it is the shopper's.

        Raises:
            StoreError: not_found.
        """
        if isinstance(order, bool) or not isinstance(order, (int, str)):
            raise StoreError("invalid_request", "order is neither a number nor a string")
        number = arguments.text(str(order), "order").lstrip("#").strip()
        address = None if email is None else arguments.email(email)
        if number:
            yield from self.prepare()
        found = (yield from self.numbered(number, address)) if number else None
        if found is None:
            # The same words whether there is no such order or it is somebody else's.
            message = f"there is no order {str(order)[:40]} for this customer"
            raise StoreError("not_found", message)
        return found

    def check(self, order: int | str | None, email: str | None) -> Plan[Order]:
        """Return an order by its number, or the latest of an address.

        Raises:
            StoreError: not_found; invalid_request, neither was given.
        """
        if order is not None:
            found = yield from self.find(order, email)
            return self.read(found, with_customer=email is not None)
        if email is None:
            raise StoreError("invalid_request", "check_order takes an order, an email or both")
        address = arguments.email(email)
        yield from self.prepare()
        latest = yield from self.newest(address, 1)
        if not latest:
            raise StoreError("not_found", "there is no order for this customer")
        return self.read(latest[0], with_customer=True)

    def check_cancellable(self, number: int | str, status: str) -> None:
        """Refuse to cancel an order in another status than those that allow it.

        Raises:
            StoreError: invalid_state.
        """
        if status not in self.cancellable:
            raise StoreError("invalid_state", f"order {number} is {status} and cannot be cancelled")


def refund_status(order_id: int, total: Money, refunds: Iterable[Refund]) -> RefundStatus:
    """Return what was paid back of an order in all; each refund of it must be there."""
    newest = sorted(refunds, key=lambda refund: (refund.created, refund.id), reverse=True)
    refunded = sum((refund.amount.amount for refund in newest), Decimal(0))
    status = "none" if refunded <= 0 else "full" if refunded >= total.amount else "partial"
    return RefundStatus(order_id, status, total, Money(refunded, total.currency), tuple(newest))


def _on_page(found: Listing[Order], asked: OrdersRequest) -> CustomerOrders:
    page = page_of(found, asked.page, asked.limit)
    every = found.complete and not found.unreadable and found.total == len(found)
    members = {each.name: getattr(page, each.name) for each in fields(Listing)}
    members["summary"] = summary(found.items) if every else None
    return CustomerOrders(**members)


def summary(orders: Sequence[Order]) -> OrderSummary:
    """Return what orders come to."""
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        if order.status not in _UNSOLD:
            spent[order.total.currency] += order.total.amount - order.refunded.amount
    dates = [order.created for order in orders if order.created is not None]
    return OrderSummary(
        orders=len(orders),
        spent=tuple(Money(normalized(spent[code], code), code) for code in sorted(spent)),
        first=min(dates, default=None),
        last=max(dates, default=None),
    )


def order_plans(
    kind: Callable[[ApiT], Orders[ApiT]], calls: Mapping[str, tuple[str, ...]]
) -> tuple[Planned[..., Any], ...]:
    """Return the plans of the operations on orders, in the order of `Operations`.

    Args:
        kind: the platform's orders. The docstrings of its own `listed`, `notes`, `refunds` and
            `cancel` are notes.
        calls: API calls by the operation's name.
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
        size, known = arguments.limit(limit), kind(api)
        arguments.items_to_read(size, page)
        begin, end = arguments.days(first, last)
        chosen = None if status is None else known.check_status(status)
        address, when = arguments.email(email), None
        if begin is not None or end is not None:
            when = TimeRange.up_to(begin, end, api.now(), (yield from known.zone()))
        asked = OrdersRequest(address, chosen, when, size, page)
        yield from known.prepare()
        return _on_page((yield from known.listed(asked)), asked)

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
