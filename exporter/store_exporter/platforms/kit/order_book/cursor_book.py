"""The order book of a platform whose list of orders has cursors and is sorted by time of change.

A cursor holds its place by that order: what changes meanwhile moves to the end and is met there. A
pass goes on over several runs by its saved cursor, so that it gets ahead however many orders
changed in one second. The next pass begins a little before the latest change that was seen, as a
store's search lags behind its records.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ....contract import Run
from ....errors import StoreError
from ....net.plans import Plan
from ..graphql.bucket import QueryCostError
from ..graphql.documents import NodePage
from ..reading.fields import Fields
from .accounts import CountedOrder
from .book import ApiT, OrderBook

_KNOWN_AT_FIRST = 100
_LOOKED_FOR = 100
"""Remembered orders of which one run asks whether they are still there."""
_TRIED_AGAIN = 5
"""Orders that could not be read and that one run asks for again."""
_OF_ONE = ("invalid_response", "response_too_large")
"""Types of errors that are one order's."""


@dataclass(slots=True)
class Pass:
    """Where the reading stands.

    Attributes:
        begin: the pass reads orders changed at or after this Unix time.
        newest: the latest time of change seen.
        after: cursor at which the pass goes on; None when it is over.
        pages: that the pass has read.
        mark: a cursor of the pass that should never come again.
        is_cut: whether there is more to read and no cursor to it.
    """

    begin: int
    newest: int
    after: str | None = None
    pages: int = 0
    mark: str | None = None
    is_cut: bool = False

    def start(self, begin: int) -> None:
        """Begin a pass at a Unix time."""
        self.begin, self.pages, self.mark = begin, 0, None
        self.after, self.is_cut = None, False

    def go_on(self, after: str | None) -> None:
        """Note where the next page begins.

        Pages that come again would be read for ever. One cursor in memory is enough to notice: it
        is replaced after 1, 2, 4, 8… pages, so that it stands in the circle before long (Brent's
        algorithm).

        Raises:
            StoreError: invalid_response, the page has been read; the next pass begins anew.
        """
        if after is not None and after == self.mark:
            self.after = None
            raise StoreError(
                "invalid_response", "the list of orders: the cursor goes back to an earlier page"
            )
        self.after, self.is_cut = after, False
        self.pages += 1
        if self.pages & (self.pages - 1) == 0:
            self.mark = after

    def to_document(self) -> dict[str, Any]:
        """Return the pass as JSON types."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pass:
        """Return the pass that was saved.

        Raises:
            ValueError: it makes no sense.
        """
        after = document["after"]
        if after is not None and not isinstance(after, str):
            raise ValueError("the cursor is not a string")
        mark = document.get("mark")
        return cls(
            int(document["begin"]),
            int(document["newest"]),
            after,
            int(document.get("pages", 0)),
            mark if isinstance(mark, str) else None,
            bool(document.get("is_cut")),
        )


class CursorBook(OrderBook[ApiT, Pass]):
    """The order book of a store, kept by passes over its list of orders.

    Attributes:
        beside: errors beside pages of which every order can be read nevertheless.
        cuts: pages of this run that had no cursor to the next one.
    """

    place_name = "pass"

    def __init__(self, api: ApiT, run: Run) -> None:
        super().__init__(api, run)
        self.beside: list[StoreError] = []
        self.cuts = 0
        self._read_now: set[str] = set()

    @abstractmethod
    def latest(self, size: int, after: str | None) -> Plan[NodePage]:
        """Ask for a page of all orders, the latest change first."""

    @abstractmethod
    def changed(self, since: int, size: int, after: str | None) -> Plan[NodePage]:
        """Ask for a page of the orders changed at or after a Unix time, the earliest first."""

    @abstractmethod
    def node(self, order_id: str) -> Plan[Any]:
        """Ask for one order by its id in the ledger; None where it is not there."""

    @abstractmethod
    def id_of(self, row: Fields) -> str:
        """Return the id that an order has in the ledger."""

    @abstractmethod
    def order(self, row: Fields) -> Plan[CountedOrder | None]:
        """Read an order, asking for more of it if need be; None for one that does not count."""

    @abstractmethod
    def absent(self, known: Sequence[str]) -> Plan[Mapping[str, bool]]:
        """Ask for orders by their ids in the ledger.

        Returns:
            For each that was asked for, whether it is deleted: not there, though it would be shown.
        """

    @abstractmethod
    def kept_back(self) -> Sequence[StoreError]:
        """Return the errors of single places in the answers of this run."""

    def first_place(self, since: int) -> Pass:
        """Return the pass that reads everything changed after a time."""
        return Pass(since, since + self.options.overlap)

    def saved_place(self, document: Any) -> Pass:
        """Return the pass that was saved."""
        return Pass.from_document(document)

    @property
    def backlog(self) -> int:
        """1 while orders are left: a cursor does not say how many, only that there are some."""
        return int(self.place.after is not None or self.place.is_cut)

    def begin(self) -> Plan[None]:
        """Begin after the latest change; remember the latest orders as they are."""
        nodes: list[Any] = []
        after: str | None = None
        while len(nodes) < _KNOWN_AT_FIRST:
            page = yield from self.latest(_KNOWN_AT_FIRST - len(nodes), after)
            nodes += page.items
            after = page.after
            if after is None or not page.items:
                break
        orders = yield from self._read(nodes)
        changed = max((order.modified for order in orders), default=0)
        began = min(changed, int(self.run.now()))
        self.start(began, Pass(began, began), orders)

    def walk(self) -> Plan[None]:
        """Read on, until the end or until this run has read what one run may."""
        place = self.place
        yield from self._try_again()
        if not self.backlog:
            # What shows a time in the future must not hide what changes until then.
            latest = min(place.newest, int(self.run.now()))
            place.start(max(0, latest - self.options.overlap, min(latest, self.ledger.floor)))
        left = self.options.size * self.options.pages
        while left > 0:
            page = yield from self._page(min(self.options.size, left))
            orders = yield from self._read(page.items)
            for order in orders:
                self.ledger.apply(order)
                place.newest = max(place.newest, order.modified)
            try:
                place.go_on(page.after)
                if page.is_cut:
                    self._go_on_by_date(page, orders)
            finally:
                self.ledger.forget(place.begin)
                self.save()
            if not self.backlog:
                break
            left -= max(1, len(page.items))
        yield from self._look_for_deleted()
        self.save()

    def _go_on_by_date(self, page: NodePage, orders: Sequence[CountedOrder]) -> None:
        """Go on at the last change on a page that has no cursor to the next one.

        Raises:
            StoreError: invalid_response, that is where the page begins already.
        """
        last = max((order.modified for order in orders), default=0)
        if last <= self.place.begin:
            page.checked()
        self.cuts += 1
        self.place.start(last)
        self.place.is_cut = True

    def _look_for_deleted(self) -> Plan[None]:
        """Ask for the longest unread orders, as what is deleted is in no list."""
        known = self.ledger.longest_unread(_LOOKED_FOR)
        for order_id, is_deleted in (yield from self.absent(known)).items() if known else ():
            # A list that lags behind may still show what is gone; it counts once the list agrees.
            if is_deleted and order_id not in self._read_now:
                self.ledger.gone(order_id)
            else:
                self.ledger.touch(order_id)

    def _page(self, size: int) -> Plan[NodePage]:
        place = self.place
        try:
            return (yield from self.changed(place.begin, size, place.after))
        except StoreError as error:
            if error.error_type == "invalid_request" and place.after is not None:
                # Should the store not know a cursor any more, the next run begins a new pass.
                place.after = None
                self.save()
            raise

    def _read(self, nodes: list[Any]) -> Plan[list[CountedOrder]]:
        """Read a page; an order that makes no sense is left out, reported, and read again later.

        Raises:
            StoreError: what stands beside the page, where it explains why an order lacks something.
        """
        orders: list[CountedOrder] = []
        for index, node in enumerate(nodes):
            try:
                order = yield from self.order(Fields.row(node, "orders", index))
            except StoreError as error:
                # That one order is too dear to be asked for must not keep back the others.
                dear = isinstance(error, QueryCostError)
                if not dear and error.error_type not in _OF_ONE:
                    raise
                if self.beside:
                    raise self.beside[0] from None
                self._leave_out(node, error)
                continue
            if order is not None:
                self.unreadable.pop(order.id, None)
                self._read_now.add(order.id)
                orders.append(order)
        self.seen += len(orders)
        return orders

    def _leave_out(self, node: Any, error: StoreError) -> None:
        """Report an order that cannot be read, and remember to ask for it again."""
        try:
            self.cannot_read(self.id_of(Fields(node, "order")), error)
        except StoreError:
            self.problems.append(error)

    def _try_again(self) -> Plan[None]:
        """Ask once more for some of the orders that could not be read."""
        for order_id in list(self.unreadable)[:_TRIED_AGAIN]:
            node = yield from self.node(order_id)
            del self.unreadable[order_id]
            if node is not None:
                for order in (yield from self._read([node])):
                    self.ledger.apply(order)

    def reasons(self) -> list[str]:
        """Return why the counters may not be complete, one sentence each."""
        title = self.run.store.platform.title()
        errors = [*self.beside, *self.kept_back()]
        found = {f"{title} keeps back a part: {error.message}" for error in errors}
        if self.cuts:
            found.add(
                f"{title} gives no cursor to the next page of orders: they are read on by date."
            )
        return [*super().reasons(), *sorted(found)]
