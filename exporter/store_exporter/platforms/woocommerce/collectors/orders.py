"""Orders, revenue and refunds as counters, from a walk over the orders that changed."""

from __future__ import annotations

from ....contract import Collector, Context, Report
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ...kit.ledger import Ledger, remember_shown
from ...kit.walk import Walk
from ..rest import PAGE
from .order_book import Book, Options
from .statuses import ENTERED


async def orders(context: Context) -> Report:
    """Count what happened to orders since the last run.

    Raises:
        StoreError: as the store's answers say; what was counted before that is kept.
    """
    options = Options.of(context)
    book = Book.load(context, options)
    remember_shown(context.memory, None if book is None else book.ledger)
    if book is None and options.since is None:
        return _report(context, await Book.start_now(context, options))
    if book is None:
        since = options.since or 0
        book = Book(context, options, Ledger(since, walk_end=int(context.now())), Walk(since))
    await book.read()
    return _report(context, book)


def _report(context: Context, book: Book) -> Report:
    """Return all counters, at zero where nothing was counted yet."""
    ledger, backlog = book.ledger, book.walk.backlog
    samples = ledger.samples(ENTERED, context.memory)
    samples.append(Sample(business.COLLECTOR_BACKLOG, backlog, {"collector": "orders"}))
    return Report(samples, _degraded(book), _summary(book))


def _summary(book: Book) -> str:
    if book.before is not None:
        return f"counting begins; orders that are there already: {book.before}"
    left = f", still to read: {book.walk.backlog}" if book.walk.backlog else ""
    return f"changed orders read: {book.seen}{left}; paid orders so far: {book.ledger.paid}"


def _degraded(book: Book) -> list[str]:
    reasons = []
    if book.problems:
        count, first = len(book.problems), book.problems[0].message
        reasons.append(f"Orders that could not be read and are not counted: {count} ({first}).")
    if book.ledger.overflow:
        reasons.append("Orders in too many currencies: the money of some is not counted.")
    return reasons


ORDERS = Collector(
    "orders",
    orders,
    "Orders by status entered, orders paid, revenue and refunds as counters that survive restarts: "
    "reads the orders changed since the last run, a hundred to a page. `since` is `now` or a date "
    "from which to count; a first walk from a date reads `max_pages` pages in each run.",
    interval=300.0,
    timeout=120.0,
    options={
        "since": "now",
        "overlap": 300.0,
        "max_pages": 10,
        "page_size": PAGE,
        "remember": 10_000,
        "refund_lookups": 20,
    },
)
