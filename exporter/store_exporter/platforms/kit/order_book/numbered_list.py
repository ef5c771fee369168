"""A list of orders with numbered pages: what is requested of it, and the reading of a page."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from ....contract import Response, Run
from ....errors import StoreError
from ....net.plans import Plan
from ..reading.fields import Fields
from ..rest.responses import RestPage, server_time
from .accounts import CountedOrder, CountedRefund
from .book import ApiT, OrderBook
from .pages import OrderPage
from .progress import ReadingProgress
from .single_orders import read_singly
from .walk import WalkQuery

NEWEST = 25
"""The number of newest ids requested, unless there are more new ones."""
_NOTHING: tuple[Any, ...] = (None, False, [])
"""What a plugin of PHP that returns nothing leaves in place of an order."""


@dataclass(slots=True)
class ListedOrders:
    """A page of orders, the total number of matches if the store reports it, and the response."""

    page: OrderPage
    total: int | None
    response: Response


class NumberedList(OrderBook[ApiT, ReadingProgress]):
    """The requests of an order book; a platform says what they are and how an order is read.

    Attributes:
        size: the most orders on a page; fewer if the store does not send more in time.
        hides_refunds: whether a refund may leave its order's time of change as it is, by the orders
            that were read; None before the first. Orders from before counting began are then
            remembered too, and all are read again sooner.
    """

    changed: str
    """The member of an order with its time of change."""
    numbers_refunds_with_orders: ClassVar[bool] = False
    """Whether orders and refunds are numbered in one sequence, so that an id shows how old a refund
    is. Otherwise the dates of all refunds of old orders are requested."""
    trash: ClassVar[Mapping[str, Any]] = {}
    """The parameters for deleted orders; empty if the platform does not list them."""
    too_old = "the list of orders ignores the requested time of change"
    """The error message for a store that does not search by times of change."""

    def __init__(self, api: ApiT, run: Run) -> None:
        super().__init__(api, run)
        self.size = api.page_sizes.limit(self.path, self.options.size)
        self.hides_refunds: bool | None = None

    @property
    @abstractmethod
    def path(self) -> str:
        """The path of the list of orders, for which page sizes are remembered."""

    @abstractmethod
    def by_change(self, size: int, query: WalkQuery | None = None) -> Mapping[str, Any]:
        """Return the parameters for the orders of a query; without one, for the latest changes."""

    @abstractmethod
    def newest(self, size: int, page: int = 1, exclude: Sequence[str] = ()) -> Mapping[str, Any]:
        """Return the parameters for the orders by id, the largest first, without some ids."""

    @abstractmethod
    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Any]:
        """Return the parameters for orders with these ids, at most a page of them."""

    @abstractmethod
    def orders(self, params: Mapping[str, Any]) -> Plan[RestPage]:
        """Request a page of the orders."""

    def ids_of(self, params: Mapping[str, Any]) -> Plan[RestPage]:
        """Request a page with only the ids and times of change of its orders."""
        return self.orders(params)

    @abstractmethod
    def one_order(self, order_id: str) -> Plan[Any]:
        """Request one order.

        Raises:
            StoreError: not_found, the order was deleted.
        """

    @abstractmethod
    def refunds_of(self, order_id: str) -> Plan[list[CountedRefund]]:
        """Request the refunds of an order, with their dates."""

    @abstractmethod
    def order(self, row: Fields, changed: int | None) -> CountedOrder | None:
        """Read an order, given when it last changed; None for a draft or a deleted order."""

    def ask(self, params: Mapping[str, Any]) -> Plan[ListedOrders]:
        """Read any page of the orders."""
        return self._listed((yield from self.orders(params)))

    def _listed(self, rows: RestPage) -> ListedOrders:
        page = self.read_page(rows.name, rows.items)
        self.place.lists_others |= page.lists_others(server_time(rows.response) or self.run.now())
        return ListedOrders(page, rows.total, rows.response)

    def ask_sized(
        self, params: Callable[[int], Mapping[str, Any]], most: int | None = None
    ) -> Plan[ListedOrders]:
        """Read a page of `size` orders, or of `most`; fewer if the store takes too long.

        `params` returns the parameters for a page size. A smaller page with the same number begins
        with earlier orders, so none is skipped. If a small page fails too, its orders are read one
        by one.
        """
        sizes = self.api.page_sizes
        size = self.size if most is None else sizes.limit(self.path, most)
        while True:
            try:
                return (yield from self.ask(params(size)))
            except StoreError as error:
                smaller = sizes.smaller(self.path, size, error)
                if smaller is None:
                    rows, failed = yield from read_singly(self, params(size), error)
                    listed = self._listed(rows)
                    listed.page.unreadable |= failed
                    return listed
                size = smaller
                self.size = min(self.size, size)

    def ask_by_ids(self, ids: Sequence[str]) -> Plan[tuple[Sequence[str], ListedOrders]]:
        """Read as many of these orders as the store sends in time; return their ids too."""
        listed = yield from self.ask_sized(lambda size: self.by_ids(ids[:size]))
        return ids[: self.size], listed

    def ask_newest(self) -> Plan[ListedOrders]:
        """Read a page of the newest ids.

        Raises:
            StoreError: invalid_response, there are orders on it and none has an id.
        """
        listed = yield from self.ask_sized(self.newest, NEWEST)
        if listed.page.problems and not listed.page.newest:
            raise next(iter(listed.page.problems.values()))
        return listed

    def read_page(self, name: str, items: Sequence[Any]) -> OrderPage:
        """Read the orders on a page; invalid ones are left out and reported.

        If there are no orders on it but something else, that raises invalid_response.
        """
        page = OrderPage()
        if items and not any(isinstance(item, dict) or item in _NOTHING for item in items):
            Fields(items[0], f"{name}[0]")
        for index, item in enumerate(items):
            number = ""
            try:
                row = Fields.row(item, name, index)
                number = str(row.identifier())
                if number in page.ids:
                    # The query of a plugin may find an order twice.
                    continue
                self._read_order(page, number, row)
            except StoreError as error:
                if number:
                    page.unreadable[number] = error
                else:
                    number = self._nameless(page, item)
                    page.problems[number] = error
            page.ids.append(number)
        return page

    def _read_order(self, page: OrderPage, number: str, row: Fields) -> None:
        when: int | None = None
        # The time decides how far the list was read, even if nothing else of the order is readable.
        with suppress(StoreError):
            when = row.seconds(self.changed)
            page.changed.append(when)
        order = self.order(row, when)
        if order is None:
            page.others[number] = when
        else:
            page.orders.append(order)

    def _nameless(self, page: OrderPage, item: Any) -> str:
        """Return a text for an entry without an id, by which a later reading knows it again."""
        text = f"?{str(item.get(self.changed))[:40] if isinstance(item, dict) else ''}"
        return f"{text}.{sum(one.startswith(text) for one in page.problems)}"
