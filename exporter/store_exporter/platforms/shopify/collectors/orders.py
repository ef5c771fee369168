"""Orders, revenue and refunds as counters, from a walk over the orders that changed."""

from __future__ import annotations

from ....contract import Collector, Context, Report
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ...kit.ledger import remember_shown
from .order_book import Book, Options
from .order_rows import STATUSES


async def orders(context: Context) -> Report:
    """Count what happened to orders since the last run.

    Raises:
        StoreError: as the shop's answers say; what was counted before that is kept.
    """
    options = Options.of(context)
    book = Book.load(context, options)
    remember_shown(context.memory, None if book is None else book.ledger)
    if book is None and options.since is None:
        book = await Book.start_now(context, options)
        return _report(context, book, "counting begins")
    if book is None:
        book = Book.since(context, options, options.since or 0)
    await book.read()
    return _report(context, book, f"{book.seen} orders read; {book.ledger.paid} paid orders so far")


def _report(context: Context, book: Book, summary: str) -> Report:
    """Return all counters, at zero where nothing was counted yet."""
    ledger, more = book.ledger, book.progress.after is not None
    samples = ledger.samples(STATUSES, context.memory)
    # Shopify does not tell how many are left, only that there are some.
    samples.append(Sample(business.COLLECTOR_BACKLOG, int(more), {"collector": "orders"}))
    return Report(samples, _degraded(book), summary + ("; more are left to read" if more else ""))


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
    "reads the orders changed since the last run, at most `page_size` to a page and `max_pages` "
    "full pages in a run. `since` is `now` or a date from which to count.",
    interval=300.0,
    timeout=120.0,
    options={
        "since": "now",
        "overlap": 300.0,
        "max_pages": 10,
        "page_size": 50,
        "remember": 10_000,
    },
)
