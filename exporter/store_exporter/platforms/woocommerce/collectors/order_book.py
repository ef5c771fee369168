"""One run over the orders that changed: read, count, save, page by page."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ....contract import Context
from ....errors import StoreError
from ...kit.ledger import Ledger, Order
from ...kit.walk import Query, Walk
from ..rest import PAGE, V3, Rest, gmt, number, server_time, whole_number
from .order_rows import FIELDS, Page, read_page, refund_dates

logger = logging.getLogger(__name__)

_VERSION = 1
# An order that is edited between the store's search and the reading of its fields shows a time
# that is later than its place in the list. Only times older than this tell how far a page got.
_FRESH = 5


@dataclass(frozen=True, slots=True)
class Options:
    """The collector's options, checked.

    Attributes:
        since: Unix time from which to count, None for now.
        overlap: seconds by which a pass begins before the end of the last one.
        size: orders to a page.
        pages: pages that one run reads at most.
        remember: orders that the ledger remembers.
        lookups: orders whose refunds one run asks for at most, to learn their dates.
    """

    since: int | None
    overlap: int
    size: int
    pages: int
    remember: int
    lookups: int

    @classmethod
    def of(cls, context: Context) -> Options:
        """Read them.

        Raises:
            StoreError: invalid_request, one of them makes no sense.
        """
        return cls(
            _since(context.options["since"]),
            min(int(number(context, "overlap")), 86_400),
            whole_number(context, "page_size", 1, PAGE),
            whole_number(context, "max_pages", 1, 1_000),
            whole_number(context, "remember", 100, 1_000_000),
            whole_number(context, "refund_lookups", 1, 1_000),
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


class Book:
    """The ledger and the walk of one store, and the run that is going on.

    Attributes:
        ledger: the counters.
        walk: where the reading stands.
        problems: why orders of this run could not be read.
        seen: orders that this run read.
        before: what was there when counting began, in a run that only began it.
    """

    def __init__(self, context: Context, options: Options, ledger: Ledger, walk: Walk) -> None:
        self._context = context
        self._options = options
        self._rest = Rest(context)
        self._lookups = options.lookups
        self.problems: list[StoreError] = []
        self.seen = 0
        self.before: int | None = None
        self.ledger = ledger
        self.walk = walk
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
            walk = Walk.from_document(document["walk"])
        except (KeyError, TypeError, ValueError) as error:
            logger.warning("%s: the saved orders are lost: %s", context.store.domain, error)
            return None
        return cls(context, options, ledger, walk)

    @classmethod
    async def start_now(cls, context: Context, options: Options) -> Book:
        """Begin to count after the latest change; remember the last hundred orders as they are.

        A store with 100,000 orders is not asked for more than that one page.
        """
        rows = await Rest(context).rows(f"{V3}/orders", _params(PAGE) | {"order": "desc"})
        page = read_page(rows)
        server = server_time(rows.response)
        # Orders from the future must not put off the counting until then.
        clock = int(context.now() if server is None else server)
        began = min(max(page.changed, default=0), clock)
        book = cls(context, options, Ledger(began), Walk(began, newest=began))
        for order in page.orders:
            book.ledger.apply(order, count=False)
        book.before = len(page.orders) if rows.total is None else rows.total
        book._save()
        logger.info(
            "%s: orders are counted from %s GMT on; %s are there already",
            context.store.domain,
            gmt(began),
            book.before,
        )
        return book

    async def read(self) -> None:
        """Walk on, until the end or until this run's share of pages is used up."""
        self.walk.begin(self._context.now(), self._options.overlap)
        server: float | None = None
        for _ in range(self._options.pages):
            query = self.walk.query()
            rows = await self._rest.rows(f"{V3}/orders", _params(self._options.size, query))
            server = server_time(rows.response)
            page = read_page(rows)
            _check(page, query)
            if not await self._apply(page.orders):
                break
            self.problems += page.problems
            if rows.total and not rows.items:
                message = f"the store tells of {rows.total} orders and shows none"
                self.problems.append(StoreError("invalid_response", message))
            self.seen += len(page.orders)
            more = self.walk.advance(_settled(page, server), rows.total, self._options.size)
            self.ledger.forget(self.walk.read_again_from(self._options.overlap))
            if not more:
                break
            self._save()
        self.walk.settle(self._context.now(), server)
        self._save()
        if self.walk.backlog:
            domain = self._context.store.domain
            logger.info("%s: changed orders still to read: %d", domain, self.walk.backlog)

    async def _apply(self, page: list[Order]) -> bool:
        """Put a page into the ledger; False when this run may not look up any more refunds."""
        for order in page:
            known = order
            if self.ledger.needs_refund_dates(order):
                if self._lookups <= 0:
                    return False
                self._lookups -= 1
                known = await self._with_refund_dates(order)
            self.ledger.apply(known)
        return True

    async def _with_refund_dates(self, order: Order) -> Order:
        params = {"per_page": PAGE, "_fields": "id,date_created,date_created_gmt"}
        try:
            rows = await self._rest.rows(f"{V3}/orders/{order.id}/refunds", params)
        except StoreError as error:
            if error.error_type != "not_found":
                raise
            # It was deleted just now. Its refunds stay without dates, and so uncounted.
            return order
        dates = refund_dates(rows)
        dated = tuple(replace(refund, created=dates.get(refund.id)) for refund in order.refunds)
        return replace(order, refunds=dated)

    def _save(self) -> None:
        self._context.cursor.save(
            {
                "version": _VERSION,
                "since": self._options.since,
                "ledger": self.ledger.to_document(),
                "walk": self.walk.to_document(),
            }
        )


def _params(size: int, query: Query | None = None) -> dict[str, Any]:
    params: dict[str, Any] = {
        "orderby": "modified",
        "order": "asc",
        "per_page": size,
        "dates_are_gmt": "true",
        "_fields": FIELDS,
    }
    if query is None:
        return params
    # WordPress leaves out the moments themselves.
    params["modified_after"] = gmt(query.since - 1)
    if query.until is not None:
        params |= {
            "modified_before": gmt(query.until + 1),
            "orderby": "id",
            "page": query.page,
        }
    return params


def _check(page: Page, query: Query) -> None:
    """Refuse the page of a store that does not search as it was asked to.

    Raises:
        StoreError: invalid_response; WooCommerce before 5.8 knows no `modified_after`.
    """
    if any(changed < query.since - 1 for changed in page.changed):
        message = "the list of orders ignores modified_after; WooCommerce 5.8 or later is needed"
        raise StoreError("invalid_response", message)


def _settled(page: Page, server: float | None) -> list[int]:
    if server is None:
        return page.changed
    return [changed for changed in page.changed if changed < server - _FRESH] or page.changed
