"""The order book of a platform whose list of orders has cursors and is sorted by time of change.

docs/architecture/orders.md explains how a pass keeps its place, and what it misses.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ....contract import Run
from ....errors import ErrorName, StoreError
from ....net.plans import Plan
from ..graphql.bucket import QueryCostError
from ..graphql.documents import NodePage
from ..reading.fields import Fields
from .accounts import CountedOrder
from .book import DOUBTED_FOR, ApiT, OrderBook
from .comparison import Comparison, compare
from .list_pass import Pass
from .saved import restored

_KNOWN_AT_FIRST = 100
_LOOKED_FOR = 100
"""The most remembered orders that one run requests, to see whether they exist and are the same."""
_TRIED_AGAIN = 5
"""The most unreadable orders that one run requests again."""
_OF_ONE: tuple[ErrorName, ...] = (
    "invalid_response",
    "response_too_large",
    "server_error",
    "timeout",
)
"""Error types that a single order may cause; if the store is the cause, the next request fails."""


class CursorBook(OrderBook[ApiT, Pass]):
    """The order book of a store, updated by passes over its list of orders.

    Attributes:
        beside: errors that came with pages whose orders could all be read.
        cuts: number of pages of this run without a cursor to the next one.
        read_now: ids of the orders that this run read.
        late: number of orders that the search does not show and that must still be requested.
    """

    place_name = "pass"
    changed_at: ClassVar[str]
    """The member of an order with its time of change."""

    def __init__(self, api: ApiT, run: Run) -> None:
        super().__init__(api, run)
        self.beside: list[StoreError] = []
        self.cuts = self.late = 0
        self.read_now: set[str] = set()

    @abstractmethod
    def latest(self, size: int, after: str | None) -> Plan[NodePage]:
        """Request a page of all orders, the latest change first."""

    @abstractmethod
    def changed(self, since: int, size: int, after: str | None) -> Plan[NodePage]:
        """Request a page of the orders changed at or after a Unix time, the earliest first."""

    @abstractmethod
    def changes(self, size: int, after: str | None) -> Plan[NodePage]:
        """Request a page of the ids and times of change of all orders, the latest change first.

        This must not be a search, which lags behind.
        """

    @abstractmethod
    def counts(self, row: Fields) -> bool:
        """Whether an order counts, as far as `changes` shows."""

    @abstractmethod
    def node(self, order_id: str) -> Plan[Any]:
        """Request one order by its id in the ledger; None if it does not exist."""

    @abstractmethod
    def id_of(self, row: Fields) -> str:
        """Return an order's id in the ledger."""

    @abstractmethod
    def order(self, row: Fields) -> Plan[CountedOrder | None]:
        """Read an order, and request more of it if needed; None if it does not count."""

    @abstractmethod
    def there(self, known: Sequence[str]) -> Plan[tuple[Mapping[str, Any], Mapping[str, int]]]:
        """Request orders by their ids in the ledger; there may be no ids.

        Returns:
            Each order as a list shows it; None for a deleted order, which would be shown if it
            existed. Orders whose state is not known are left out. And by id, the times of change of
            orders that lists by time of change may lack.
        """

    @abstractmethod
    def kept_back(self) -> Sequence[StoreError]:
        """Return the errors of single places in the responses of this run."""

    def first_place(self, since: int) -> Pass:
        """Return the pass that reads all orders changed after a time."""
        # What changed before the counting began has been in the search for long.
        return Pass(since, since + self.options.overlap, comparison=Comparison(int(self.run.now())))

    def saved_place(self, document: Any) -> Pass:
        """Return the pass that was saved."""
        place = restored(Pass, document)
        if "comparison" not in document:
            # An older version saved it; what it read is not compared again.
            place.comparison = Comparison(place.newest)
        return place

    @property
    def is_reading(self) -> bool:
        """Whether a pass has not come to its end."""
        return self.place.after is not None or self.place.is_cut

    @property
    def backlog(self) -> int:
        """The orders that the search does not show, and 1 for as many as a pass has still ahead."""
        state = self.place.comparison
        return len(state.awaited) + (self.is_reading or state.after is not None)

    def begin(self) -> Plan[None]:
        """Begin after the latest change, and remember the latest orders as they are."""
        nodes: list[Any] = []
        after: str | None = None
        while len(nodes) < _KNOWN_AT_FIRST:
            page = yield from self.latest(_KNOWN_AT_FIRST - len(nodes), after)
            nodes += page.items
            after = page.after
            if after is None or not page.items:
                break
        orders = yield from self._read(nodes)
        now = int(self.run.now())
        newest = min(max(self._changed(nodes), default=0), now)
        place = Pass(newest, newest, comparison=Comparison(newest))
        self.start(newest, now, place, orders)

    def walk(self) -> Plan[None]:
        """Continue until the end, or until this run has read its share."""
        place = self.place
        unreadable = list(self.unreadable)[:_TRIED_AGAIN]
        if not self.is_reading:
            # What shows a time in the future must not hide what changes until then.
            now = int(self.run.now())
            latest = min(place.newest, now)
            begin = max(0, latest - self.options.overlap, min(latest, self.ledger.floor))
            place.start(place.again_from(begin, now))
        left = self.options.size * self.options.pages
        while left > 0:
            page = yield from self._page(min(self.options.size, left))
            for order in (yield from self._read(page.items)):
                self.ledger.apply(order)
                self.seen += 1
            self.cuts += page.is_cut
            try:
                place.go_on(page, self._changed(page.items))
            finally:
                self.ledger.forget(place.begin)
                self.save()
            if not self.is_reading:
                place.end()
                break
            left -= max(1, len(page.items))
        # Only now, so that the pass goes on although each run is killed after a few requests.
        for order_id in unreadable:
            if order_id in self.unreadable:
                yield from self.read_alone(order_id)
        try:
            yield from compare(self)
        finally:
            self.save()
        yield from self._look_up()
        self.save()

    def _changed(self, nodes: Sequence[Any]) -> list[int]:
        """Return the times of change of all orders, also of unreadable ones and tests."""
        found = []
        for node in nodes:
            try:
                found.append(Fields(node, "order").seconds(self.changed_at))
            except StoreError:
                continue
        return found

    def is_read(self, order_id: str, changed: int) -> bool:
        """Whether an order was read after its change at a Unix time, or is requested anyway."""
        return order_id in self.unreadable or self.ledger.is_current(order_id, changed)

    def _look_up(self) -> Plan[None]:
        """Request the orders unread for longest, and the newest ones.

        No list has deleted orders. And an order may change without another time of change.
        """
        known = self.ledger.longest_unread(_LOOKED_FOR)
        # Not with the others: the store may fail at every page with an unreadable order.
        found, newest = yield from self.there([one for one in known if one not in self.unreadable])
        for order_id in known:
            # A list that lags behind may still show a deleted order; its deletion counts later.
            if found.get(order_id, ...) is None and order_id not in self.read_now:
                self.ledger.gone(order_id)
            else:
                self.ledger.touch(order_id)
        for order in (yield from self._read([node for node in found.values() if node is not None])):
            self.ledger.apply(order)
        for order_id, changed in newest.items():
            if not self.is_reading and not self.is_read(order_id, changed):
                self.place.comparison.awaited[order_id] = changed

    def _page(self, size: int) -> Plan[NodePage]:
        place = self.place
        try:
            return (yield from self.changed(place.begin, size, place.after))
        except StoreError as error:
            if error.error_type == "invalid_request" and place.after is not None:
                # The store may no longer know the cursor, so the next run begins a new pass.
                place.after = None
                self.save()
            raise

    def _read(self, nodes: list[Any]) -> Plan[list[CountedOrder]]:
        """Read a page; an invalid order is left out, reported, and read again later.

        An error that came with the page, and explains why an order is incomplete, is raised.
        """
        orders: list[CountedOrder] = []
        for index, node in enumerate(nodes):
            try:
                order = yield from self.order(Fields.row(node, "orders", index))
            except StoreError as error:
                if not is_of_one(error):
                    raise
                if self.beside:
                    raise self.beside[0] from None
                self._leave_out(node, error)
                continue
            if order is not None:
                self.unreadable.pop(order.id, None)
                self.read_now.add(order.id)
                self.place.comparison.note_reading(order.id, order.modified, int(self.run.now()))
                orders.append(order)
        return orders

    def _leave_out(self, node: Any, error: StoreError) -> None:
        try:
            self.cannot_read(self.id_of(Fields(node, "order")), error)
        except StoreError:
            self.problems.append(error)
            self.place.miss(next(iter(self._changed([node])), None), int(self.run.now()))

    def read_alone(self, order_id: str) -> Plan[None]:
        """Request one order and count it; an order that no longer exists is ignored."""
        try:
            node = yield from self.node(order_id)
        except StoreError as error:
            if not is_of_one(error):
                raise
            self.cannot_read(order_id, error)
            return
        self.unreadable.pop(order_id, None)
        for order in (yield from self._read([] if node is None else [node])):
            self.ledger.apply(order)
            self.seen += 1

    def reasons(self) -> list[str]:
        """Return the reasons why the counters may be incomplete, one sentence each."""
        title = self.run.store.platform.title()
        errors = [*self.beside, *self.kept_back()]
        found = {f"{title} keeps back a part: {error.message}" for error in errors}
        if self.cuts:
            found.add(
                f"{title} gives no cursor to the next page of orders, so reading continues by date."
            )
        if self.late:
            message = f"Orders that changed and that {title}'s search does not show: {self.late}."
            found.add(f"{message} They are read one by one.")
        place = self.place
        waiting = sum(not one.is_given_up for one in place.nameless)
        if waiting and not self.problems:
            found.add(f"Orders without an id that will be read again: {waiting}.")
        if place.given_up and place.given_up_at > self.run.now() - DOUBTED_FOR:
            found.add(
                f"Orders without an id for an hour, which may not be counted: {place.given_up}."
            )
        return [*super().reasons(), *sorted(found)]


def is_of_one(error: StoreError) -> bool:
    """Whether an error affects a single order, which must not stop the others."""
    return isinstance(error, QueryCostError) or error.error_type in _OF_ONE
