"""The order book: the counters of a store's orders, and how far a collector has read the list.

One saved document contains the ledger, the place in the store's list, and the options on which both
depend. Platforms read the list differently: subclasses implement `begin` and `walk`.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ....contract import Collector, Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....net.plans import Plan
from ..connection import Api
from ..monitoring import options
from .accounts import CountedOrder
from .counters import remember_shown
from .ledger import Ledger
from .walk import DAY

logger = logging.getLogger(__name__)

ORDERS = "orders"
"""The name, on every platform, of the collector that keeps an order book: rules use it."""
_VERSION = 2
_MOST_REASONS = 100
DOUBTED_FOR = 30 * 86_400
"""Seconds for which a doubt about the counters is reported."""
_LONGEST_OVERLAP = 86_400
_DEFAULTS: Mapping[str, Any] = {
    "since": "now",
    "overlap": 300.0,
    "max_pages": 10,
    "remember": 10_000,
}


@dataclass(frozen=True, slots=True)
class BookOptions:
    """The collector's options, checked.

    Attributes:
        since: Unix time from which to count, None for now.
        overlap: seconds by which a pass begins before the end of the previous one.
        size: the most orders on a page.
        pages: the most pages that one run reads.
        remember: the most orders that the ledger remembers.
    """

    since: int | None
    overlap: int
    size: int
    pages: int
    remember: int

    @classmethod
    def of(cls, supplied: Mapping[str, Any], largest_page: int) -> BookOptions:
        """Read them, or raise invalid_request."""
        return cls(
            options.since(supplied),
            min(int(options.number(supplied, "overlap")), _LONGEST_OVERLAP),
            options.whole_number(supplied, "page_size", 1, largest_page),
            options.whole_number(supplied, "max_pages", 1, 1_000),
            options.whole_number(supplied, "remember", 100, 1_000_000),
        )


class ReadingPlace(Protocol):
    """How far the list of orders has been read."""

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON types."""
        ...


ApiT = TypeVar("ApiT", bound=Api)
P = TypeVar("P", bound=ReadingPlace)


class OrderBook(ABC, Generic[ApiT, P]):
    """The ledger of one store, the place in its list of orders, and the current run.

    Attributes:
        ledger: the counters.
        place: how far the list has been read.
        problems: why orders of this run could not be read.
        unreadable: why orders could not be read when that was tried first, by id; remembered until
            they can be read.
        is_unreadable_beyond: whether there were more than are remembered, which are not tried
            again.
        seen: orders that this run read.
        before: how many orders were there when counting began, where the store shows it.
    """

    statuses: ClassVar[Sequence[str]]
    """Statuses that are counted; each counter starts at zero."""
    place_name: ClassVar[str]
    """Key of the place in the saved document."""

    largest_page: ClassVar[int]
    """The most orders on a page."""

    def __init__(self, api: ApiT, run: Run) -> None:
        self.api = api
        self.run = run
        self.options = supplied = BookOptions.of(run.options, self.largest_page)
        self.problems: list[StoreError] = []
        self.seen = 0
        self.before: int | None = None
        self.unreadable: dict[str, str] = {}
        self.is_unreadable_beyond = False
        saved = self._load()
        self._is_new = saved is None
        remember_shown(api.shown, saved[0].counters if saved else None)
        since = supplied.since or 0
        self.ledger, self.place = saved or (
            Ledger(since, int(run.now()), supplied.remember),
            self.first_place(since),
        )

    @abstractmethod
    def first_place(self, since: int) -> P:
        """Return the place from which to read everything changed since a Unix time."""

    @abstractmethod
    def saved_place(self, document: Any) -> P:
        """Return the place that was saved; KeyError, TypeError or ValueError if it is not valid."""

    @abstractmethod
    def begin(self) -> Plan[None]:
        """Begin to count after the latest change, by `start`."""

    @abstractmethod
    def walk(self) -> Plan[None]:
        """Continue from the place, count and save, until the end or until this run's share is read.

        Raises:
            StoreError: as the store's responses say; anything saved before is kept.
        """

    @property
    @abstractmethod
    def backlog(self) -> int:
        """Orders still to be read, as far as the store shows; 0 when none are."""

    def collect(self) -> Plan[Report]:
        """Count the events of orders since the last run."""
        if self._is_new and self.options.since is None:
            yield from self.begin()
            self.save()
            there = "" if self.before is None else f"; existing orders: {self.before}"
            summary = f"counting begins{there}"
            logger.info("%s: %s", self.run.store.domain, summary)
        else:
            yield from self.walk()
            left = f", still to read: {self.backlog}" if self.backlog else ""
            summary = (
                f"orders read: {self.seen}{left}; paid orders so far: {self.ledger.counters.paid}"
            )
        samples = self.ledger.counters.samples(self.statuses, self.api.shown)
        samples.append(Sample(business.COLLECTOR_BACKLOG, self.backlog, {"collector": ORDERS}))
        return Report(samples, self.reasons(), summary)

    def start(self, latest: int, now: int, place: P, orders: Iterable[CountedOrder]) -> None:
        """Start to count after the latest change; remember the latest orders as they are now.

        `latest` and `now` are Unix time by the store's clock, `place` is where to continue reading.
        """
        # A shop that was quiet or empty for years may import its history tomorrow. What was paid
        # before the counting is not new then, except in one day, because clocks may disagree.
        began = max(latest, now - DAY)
        announced = self.ledger.counters.revenue
        self.ledger = Ledger(began, limit=self.options.remember)
        for currency in announced:
            self.ledger.counters.place(currency)
        self.place = place
        for order in orders:
            self.ledger.apply(order, count=False)

    def save(self) -> None:
        """Save the counters together with the place that belongs to them."""
        self.run.cursor.save(
            {
                "version": _VERSION,
                "since": self.options.since,
                "ledger": self.ledger.to_document(),
                "unreadable": self.unreadable,
                "unreadable_beyond": self.is_unreadable_beyond,
                self.place_name: self.place.to_document(),
            }
        )

    def cannot_read(self, order_id: str, error: StoreError) -> None:
        """Note that an order could not be read; for the first hundred, note the reason too.

        It goes to the end, so that others are tried before it. If there are more than can be
        remembered, only that fact is noted.
        """
        if len(self.unreadable) >= self.options.remember and order_id not in self.unreadable:
            self.is_unreadable_beyond = True
            return
        reason = error.message if len(self.unreadable) < _MOST_REASONS else ""
        self.unreadable[order_id] = self.unreadable.pop(order_id, reason)

    def _load(self) -> tuple[Ledger, P] | None:
        document = self.run.cursor.load()
        if not document:
            return None
        # Prometheus can handle a counter that restarts at zero.
        if document.get("version") != _VERSION:
            self.run.cursor.discard(f"it is of version {document.get('version')!r}")
            return None
        if document.get("since") != self.options.since:
            logger.warning("%s: the counters of orders start again", self.run.store.domain)
            return None
        try:
            ledger = Ledger.from_document(document["ledger"], self.options.remember)
            unreadable = dict(document["unreadable"])
            if not all(isinstance(why, str) for why in unreadable.values()):
                raise TypeError("orders that cannot be read without a reason")
            place = self.saved_place(document[self.place_name])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.run.cursor.discard(f"{type(error).__name__}: {error}")
            return None
        self.unreadable = unreadable
        self.is_unreadable_beyond = bool(document.get("unreadable_beyond"))
        return ledger, place

    def reasons(self) -> list[str]:
        """Return the reasons why the counters may be incomplete, one sentence each."""
        reasons = []
        messages = [*self.unreadable.values(), *(problem.message for problem in self.problems)]
        if messages:
            count, first = len(messages), next(filter(None, messages), "as before")
            reasons.append(f"Orders that could not be read and are not counted: {count} ({first}).")
        if self.is_unreadable_beyond:
            reasons.append(
                f"More than {self.options.remember} orders could not be read; the others are not "
                "tried again. To restart the counting, change the option since."
            )
        since = self.options.since
        if since is not None and since > self.run.now():
            begins = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M UTC")
            reasons.append(f"The option since is in the future: nothing counts before {begins}.")
        ledger = self.ledger
        if ledger.doubts and ledger.doubted > self.run.now() - DOUBTED_FOR:
            reasons.append(
                "Orders that may have been counted, were forgotten, and changed or vanished later: "
                f"{ledger.doubts}. These changes of their amounts are not counted; set remember to "
                f"more than {self.options.remember}."
            )
        if ledger.counters.overflow:
            reasons.append("Orders in too many currencies: the money of some is not counted.")
        return reasons


def collector(
    book: type[OrderBook[Any, Any]], how: str, *, requests: int = 1, **more: Any
) -> Collector:
    """Return the collector that keeps an order book.

    Args:
        book: the platform's order book.
        how: describes in what portions it reads, and the meaning of its other options.
        requests: number of requests of one run for an idle store.
        more: `page_size` and the platform's own options, with their defaults.
    """
    defaults = {**_DEFAULTS, **more}

    def orders(api: Any, run: Run) -> Plan[Report]:
        return book(api, run).collect()

    def wrong(name: str, value: Any) -> str | None:
        try:
            BookOptions.of({**defaults, name: value}, book.largest_page)
        except StoreError as error:
            return error.message
        return None

    return Collector(
        ORDERS,
        orders,
        "Orders by status entered, orders paid, revenue and refunds as counters that survive "
        f"restarts: reads the orders changed since the last run, {how}",
        interval=300.0,
        timeout=120.0,
        requests=requests,
        options=defaults,
        wrong_option=wrong,
    )
