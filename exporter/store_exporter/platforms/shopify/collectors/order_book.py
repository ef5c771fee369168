"""One run over the orders that changed: read, count, save, page by page.

The list is sorted by the time of change, and a cursor of Shopify holds its place by that order:
what changes meanwhile moves to the end and is met there. A pass goes on over several runs by its
saved cursor, so that it gets ahead however many orders changed in one second. The next pass begins
a little before the latest change that was seen, as Shopify's search lags behind its records.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ....contract import Context
from ....errors import StoreError
from ...kit.fields import Fields
from ...kit.ledger import Ledger, Order
from .. import ids
from ..monitor import Monitor
from ..options import whole_number
from .order_rows import is_cut_short, read_order

logger = logging.getLogger(__name__)

_VERSION = 1
_KNOWN_AT_FIRST = 100


@dataclass(frozen=True, slots=True)
class Options:
    """The collector's options, checked.

    Attributes:
        since: Unix time from which to count, None for now.
        overlap: seconds by which a pass begins before the latest change that was seen.
        size: orders to a page at most.
        most: orders that one run reads at most.
        remember: orders that the ledger remembers.
    """

    since: int | None
    overlap: int
    size: int
    most: int
    remember: int

    @classmethod
    def of(cls, context: Context) -> Options:
        """Read them.

        Raises:
            StoreError: invalid_request, one of them makes no sense.
        """
        size = whole_number(context, "page_size", 1, 250)
        return cls(
            _since(context.options["since"]),
            whole_number(context, "overlap", 0, 86_400),
            size,
            size * whole_number(context, "max_pages", 1, 1_000),
            whole_number(context, "remember", 100, 1_000_000),
        )


def _since(option: Any) -> int | None:
    if option == "now":
        return None
    try:
        when = datetime.fromisoformat(str(option))
    except ValueError:
        message = "the option since of the collector orders is neither `now` nor a date"
        raise StoreError("invalid_request", message) from None
    return max(0, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()))


@dataclass(slots=True)
class Pass:
    """Where the reading stands.

    Attributes:
        begin: the pass reads orders changed at or after this Unix time.
        newest: the latest time of change seen.
        after: cursor at which the pass goes on; None when it is over.
    """

    begin: int
    newest: int
    after: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Pass:
        """Return the pass that was saved.

        Raises:
            ValueError: it makes no sense.
        """
        after = document["after"]
        if after is not None and not isinstance(after, str):
            raise ValueError("the cursor is not a text")
        return cls(int(document["begin"]), int(document["newest"]), after)


class Book:
    """The ledger of one shop and the run that is going on.

    Attributes:
        ledger: the counters.
        progress: where the reading stands.
        problems: why orders of this run could not be read.
        seen: orders that this run read.
    """

    def __init__(self, context: Context, options: Options, ledger: Ledger, progress: Pass) -> None:
        self._context = context
        self._options = options
        self._monitor = Monitor(context)
        self.ledger = ledger
        self.progress = progress
        self.problems: list[StoreError] = []
        self.seen = 0
        ledger.limit = options.remember

    @classmethod
    def load(cls, context: Context, options: Options) -> Book | None:
        """Return what was saved, or None where counting has to begin."""
        document = context.cursor.load()
        if not document:
            return None
        if document.get("version") != _VERSION or document.get("since") != options.since:
            # A counter that starts again from zero is something that Prometheus understands.
            logger.warning("%s: counting of orders begins anew", context.store.domain)
            return None
        try:
            ledger = Ledger.from_document(document["ledger"])
            progress = Pass.of(document["pass"])
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("%s: the saved orders are lost: %s", context.store.domain, error)
            return None
        return cls(context, options, ledger, progress)

    @classmethod
    def since(cls, context: Context, options: Options, since: int) -> Book:
        """Begin to count from a date; the first pass reads everything changed after it."""
        ledger = Ledger(since, walk_end=int(context.now()))
        return cls(context, options, ledger, Pass(since, since + options.overlap))

    @classmethod
    async def start_now(cls, context: Context, options: Options) -> Book:
        """Begin to count after the latest change; remember the latest orders as they are."""
        book = cls(context, options, Ledger(0), Pass(0, 0))
        nodes: list[Any] = []
        after: str | None = None
        while len(nodes) < _KNOWN_AT_FIRST:
            wanted = _KNOWN_AT_FIRST - len(nodes)
            found, after = await book._monitor.page("LatestOrders", "orders", {}, wanted, after)
            nodes += found
            if after is None or not found:
                break
        orders = await book._read(nodes)
        began = min(max((order.modified for order in orders), default=0), int(context.now()))
        book.ledger = Ledger(began, limit=options.remember)
        book.progress = Pass(began, began)
        for order in orders:
            book.ledger.apply(order, count=False)
        book.seen = 0
        book._save()
        return book

    async def read(self) -> None:
        """Read on, until the end or until this run has read what one run may."""
        progress, overlap = self.progress, self._options.overlap
        if progress.after is None:
            # What shows a time in the future must not hide what changes until then.
            progress.begin = max(0, min(progress.newest, int(self._context.now())) - overlap)
        left = self._options.most
        while left > 0:
            nodes, after = await self._page(min(self._options.size, left))
            for order in await self._read(nodes):
                self.ledger.apply(order)
                progress.newest = max(progress.newest, order.modified)
            progress.after = after
            self.ledger.forget(progress.begin)
            self._save()
            if after is None:
                break
            left -= max(1, len(nodes))

    async def _page(self, size: int) -> tuple[list[Any], str | None]:
        progress = self.progress
        query = f"updated_at:>='{_iso(progress.begin)}'"
        try:
            return await self._monitor.page(
                "OrdersUpdated", "orders", {"query": query}, size, progress.after
            )
        except StoreError as error:
            if error.error_type == "invalid_request" and progress.after is not None:
                # Should Shopify not know a cursor any more, the next run begins a new pass.
                progress.after = None
                self._save()
            raise

    async def _read(self, nodes: list[Any]) -> list[Order]:
        """Read a page; an order that makes no sense is left out and told.

        Raises:
            StoreError: none of several orders can be read.
        """
        orders: list[Order] = []
        failed: list[StoreError] = []
        for index, node in enumerate(nodes):
            try:
                row = Fields(node, f"orders[{index}]")
                if is_cut_short(row):
                    row = await self._whole(row)
                order = read_order(row)
            except StoreError as error:
                if error.error_type not in ("invalid_response", "response_too_large"):
                    raise
                failed.append(error)
                continue
            if order is not None:
                orders.append(order)
        # A page may be a single order, and that one must not stop the counting for good.
        if len(failed) == len(nodes) > 1:
            raise failed[0]
        self.problems += failed
        self.seen += len(orders)
        return orders

    async def _whole(self, row: Fields) -> Fields:
        data = await self._monitor.admin("OrderHistory", {"id": ids.opaque(row, "id")})
        return data.child("order")

    def _save(self) -> None:
        self._context.cursor.save(
            {
                "version": _VERSION,
                "since": self._options.since,
                "ledger": self.ledger.to_document(),
                "pass": asdict(self.progress),
            }
        )


def _iso(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
