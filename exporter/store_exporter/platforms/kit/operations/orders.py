"""Finds the order that a shopper means, but nobody else's order; and its refunds.

Order numbers can be guessed. Therefore the result for a number alone does not contain the customer.
With an e-mail address, an order is only found if the address is the order's own.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import ClassVar, Generic, NamedTuple, TypeVar

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
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
from ..reading.lists import extended, page_of
from ..reading.money import sums
from . import arguments

ApiT = TypeVar("ApiT", bound=Api)
_STATUS = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
_UNSOLD = ("pending", "failed", "cancelled")
"""Statuses of orders without a payment that the shop keeps."""


class OrdersRequest(NamedTuple):
    """Which orders of a customer are requested.

    Attributes:
        email: the customer's, in lower case.
        status: of the orders; None for any.
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
        """How many orders must be read for the page."""
        return self.limit * self.page

    def has(self, order: Order) -> bool:
        """Whether an order of the customer matches the request."""
        in_time = self.when is None or self.when.has(order.created)
        return in_time and self.status in (None, order.status)


class Orders(ABC, Generic[ApiT]):
    """The orders of a store, for one operation; a platform adds how it finds and shows them."""

    cancellable: ClassVar[tuple[str, ...]]
    """Statuses from which an order can be cancelled."""
    unseen: ClassVar[str] = ""
    """What to add where no order is found: which ones the platform may not show."""

    def __init__(self, api: ApiT) -> None:
        self.api = api

    @abstractmethod
    def zone(self) -> Plan[tzinfo]:
        """Return the time zone of the shop's calendar."""

    @abstractmethod
    def numbered(self, number: str, email: str | None) -> Plan[Fields | None]:
        """Return the order with a number, which has no sign # before it, else None.

        With an address, in lower case, the order must have it.
        """

    @abstractmethod
    def newest(self, email: str, wanted: int) -> Plan[Sequence[Fields]]:
        """Return the newest orders of an address, at most so many."""

    @abstractmethod
    def read(self, found: Fields, *, with_customer: bool) -> Order:
        """Read an order; include the customer only if requested."""

    @abstractmethod
    def listed(self, request: OrdersRequest) -> Plan[Listing[Order]]:
        """Return orders of an address as results, newest first.

        They include at least everything up to the end of the requested page, and may be more;
        `total` is the number that match, if all of them were read.
        """

    @abstractmethod
    def notes(self, found: Fields, *, private: bool) -> Plan[Listing[OrderNote]]:
        """Return the notes on an order, oldest first; the staff's as well if `private`."""

    @abstractmethod
    def refunds(self, found: Fields) -> Plan[RefundStatus]:
        """Return the refunds of an order, by `refund_status`."""

    @abstractmethod
    def cancel(
        self, found: Fields, reason: str | None, *, with_customer: bool
    ) -> Plan[Cancellation]:
        """Cancel an order that `check_cancellable` accepts; the reason is for the staff."""

    def check_status(self, status: object) -> str:
        """Return a status of orders if it can be one.

        It is invalid_request if it is not a word, and invalid_input if the platform has no such
        status.

        Raises:
            StoreError: invalid_request, it is not a word; invalid_input, the platform has no such
                status.
        """
        if not isinstance(status, str) or not _STATUS.fullmatch(status):
            raise StoreError("invalid_request", "status is not a word such as processing")
        return status

    def prepare(self) -> Plan[None]:
        """Request what is needed to read orders; by default nothing."""
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
            # The message is the same whether the order does not exist or is somebody else's.
            message = f"there is no order {str(order)[:40]} for this customer{self.unseen}"
            raise StoreError("not_found", message)
        return found

    def check(self, order: int | str | None, email: str | None) -> Plan[Order]:
        """Return an order by its number, or the latest of an address.

        Raises:
            StoreError: not_found; invalid_request, neither was supplied.
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
            raise StoreError("not_found", f"there is no order for this customer{self.unseen}")
        return self.read(latest[0], with_customer=True)

    def of_customer(
        self,
        email: str,
        status: str | None,
        days: tuple[date | str | None, date | str | None],
        limit: int,
        page: int,
    ) -> Plan[CustomerOrders]:
        """Return a page of a customer's orders, newest first; pages are numbered from 1.

        A status or a first and a last day may be requested; None is any.

        Raises:
            StoreError: invalid_request, one of these is not valid.
        """
        size = arguments.limit(limit)
        arguments.items_to_read(size, page)
        begin, end = arguments.days(*days)
        chosen = None if status is None else self.check_status(status)
        address, when = arguments.email(email), None
        if begin is not None or end is not None:
            when = TimeRange.up_to(begin, end, self.api.store_now(), (yield from self.zone()))
        request = OrdersRequest(address, chosen, when, size, page)
        yield from self.prepare()
        return _on_page((yield from self.listed(request)), request)

    def check_cancellable(self, number: int | str, status: str) -> None:
        """Refuse to cancel an order whose status does not allow it, with invalid_state.

        Raises:
            StoreError: invalid_state.
        """
        if status not in self.cancellable:
            raise StoreError("invalid_state", f"order {number} is {status} and cannot be cancelled")


def age(entry: OrderNote | Refund) -> tuple[datetime, int]:
    """Return the sort key of notes and refunds: oldest first, those without a date before all."""
    return entry.created or datetime.min.replace(tzinfo=UTC), entry.id


def refund_status(
    order_id: int, total: Money, refunds: Iterable[Refund], refunded: Decimal | None = None
) -> RefundStatus:
    """Return the total refund of an order; all of its refunds must be supplied.

    `refunded` is the total refund as the store reports it; None for the sum of `refunds`.
    """
    newest = sorted(refunds, key=age, reverse=True)
    if refunded is None:
        refunded = sum((refund.amount.amount for refund in newest), Decimal(0))
    status = "none" if refunded <= 0 else "full" if refunded >= total.amount else "partial"
    return RefundStatus(order_id, status, total, Money(refunded, total.currency), tuple(newest))


def _on_page(found: Listing[Order], request: OrdersRequest) -> CustomerOrders:
    page = page_of(found, request.page, request.limit)
    every = found.complete and not found.unreadable and found.total == len(found)
    every = every and all(order.refunded is not None for order in found)
    return extended(CustomerOrders, page, summary=summary(found.items) if every else None)


def summary(orders: Sequence[Order]) -> OrderSummary:
    """Return the totals of orders whose refunds are all known."""
    spent = sums(
        Money(order.total.amount - order.refunded.amount, order.total.currency)
        for order in orders
        if order.status not in _UNSOLD and order.refunded is not None
    )
    dates = [order.created for order in orders if order.created is not None]
    return OrderSummary(
        orders=len(orders),
        spent=tuple(spent.values()),
        first=min(dates, default=None),
        last=max(dates, default=None),
    )
