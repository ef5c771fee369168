"""Orders, revenue and refunds as counters, from a walk over the orders that changed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....probing.contract import Collector, Context, Report
from ...fields import Fields
from ...ledger import Ledger, Order, Refund
from .. import models
from ..monitor import Monitor

logger = logging.getLogger(__name__)

_VERSION = 1
STATUSES = ("pending", "processing", "completed", "cancelled", "refunded", "failed")


async def orders(context: Context) -> Report:
    """Count what happened to orders since the last run.

    Raises:
        StoreError: as the shop's answers say; what was counted before that is kept.
    """
    options = context.options
    since = _since(options["since"])
    document = _saved(context, since)
    if document is not None:
        ledger = Ledger.from_document(document["ledger"])
        position = int(document["position"])
    elif since is not None:
        ledger, position = Ledger(since, walk_end=int(context.now())), since
    else:
        position = await _latest_change(context)
        ledger = Ledger(position)
    ledger.limit = int(options["remember"])
    run = _Run(context, ledger, position, since)
    await run.read()
    return run.report()


async def _latest_change(context: Context) -> int:
    """Return the time, by the shop's clock, after which orders count; 0 when it has none yet."""
    data = await Monitor(context).admin("LatestOrder")
    changes = [row.gmt("updatedAt") for row in data.child("orders").children("nodes")]
    return int(changes[0].timestamp()) + 1 if changes else 0


def _since(option: Any) -> int | None:
    if option == "now":
        return None
    try:
        when = datetime.fromisoformat(str(option))
    except ValueError:
        message = "the option since of the collector orders is neither `now` nor a date"
        raise StoreError("invalid_request", message) from None
    return max(0, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()))


def _saved(context: Context, since: int | None) -> dict[str, Any] | None:
    """Return what was saved, or None where counting has to begin."""
    document = context.cursor.load()
    if not document:
        return None
    if document.get("version") != _VERSION or document.get("since") != since:
        # A counter that starts again from zero is something that Prometheus understands.
        logger.warning("%s: counting of orders begins anew", context.store.domain)
        return None
    try:
        Ledger.from_document(document["ledger"])
        int(document["position"])
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("%s: the saved orders are lost: %s", context.store.domain, error)
        return None
    return document


class _Run:
    """One run over the orders that changed: read, count, save, page by page."""

    def __init__(self, context: Context, ledger: Ledger, position: int, since: int | None) -> None:
        self._context = context
        self._since = since
        self._monitor = Monitor(context)
        self._ledger = ledger
        self._position = position
        self._problems: list[StoreError] = []
        self._seen = 0
        self._more = False

    async def read(self) -> None:
        """Walk on, until the end or until this run's share of pages is used up.

        The list is sorted by change, and a cursor of Shopify holds its place in it by that order,
        so that what changes meanwhile moves to the end and is met there.
        """
        options = self._context.options
        begin = max(0, self._position - int(options["overlap"]))
        after: str | None = None
        for _ in range(int(options["max_pages"])):
            data = await self._monitor.admin(
                "OrdersUpdated",
                {
                    "query": f"updated_at:>='{_iso(begin)}'",
                    "first": int(options["page_size"]),
                    "after": after,
                },
            )
            connection = data.child("orders")
            self._apply(connection)
            page = connection.child("pageInfo")
            self._more = page.flag("hasNextPage")
            cursor = page.text("endCursor") if self._more else None
            self._ledger.forget(self._position - int(options["overlap"]))
            self._save()
            if cursor is None or cursor == after:
                break
            after = cursor

    def _apply(self, connection: Fields) -> None:
        nodes = connection.raw("nodes")
        if not isinstance(nodes, list):
            raise StoreError("invalid_response", "orders: nodes is not a list")
        failed = 0
        for index, node in enumerate(nodes):
            try:
                order = read_order(Fields(node, f"orders[{index}]"))
            except StoreError as error:
                self._problems.append(error)
                failed += 1
                continue
            if order is not None:
                # What was changed before counting began is the starting point, uncounted.
                self._ledger.apply(order, count=order.modified >= self._ledger.began)
                self._position = max(self._position, order.modified)
                self._seen += 1
        if nodes and failed == len(nodes):
            raise self._problems[-1]

    def _save(self) -> None:
        self._context.cursor.save(
            {
                "version": _VERSION,
                "since": self._since,
                "ledger": self._ledger.to_document(),
                "position": self._position,
            }
        )

    def report(self) -> Report:
        """Return all counters, at zero where nothing was counted yet."""
        ledger = self._ledger
        samples = [
            Sample(business.ORDERS, ledger.orders.get(status, 0), {"status": status})
            for status in STATUSES
        ]
        samples.append(Sample(business.ORDERS_PAID, ledger.paid))
        samples += [
            Sample(metric, float(amount), {"currency": currency})
            for metric, amounts in (
                (business.REVENUE, ledger.revenue),
                (business.REFUNDS, ledger.refunds),
            )
            for currency, amount in amounts.items()
        ]
        samples.append(Sample(business.COLLECTOR_BACKLOG, int(self._more), {"collector": "orders"}))
        degraded = []
        if self._problems:
            count, first = len(self._problems), self._problems[0].message
            degraded.append(f"{count} orders could not be read and are not counted: {first}.")
        summary = f"{self._seen} orders read; {ledger.paid} paid orders counted so far"
        return Report(samples, degraded, summary)


def _iso(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_order(row: Fields) -> Order | None:
    """Read one order as the ledger wants it; None for a test order.

    Shopify does not tell when an order was paid; one that has not been seen before counts as paid
    when it was placed.

    Raises:
        StoreError: invalid_response.
    """
    if row.flag("test"):
        return None
    number = models.number(row)
    total = models.shop_money(row, "totalPriceSet")
    created = int(row.gmt("createdAt").timestamp())
    refunds = tuple(_refund(refund) for refund in row.children("refunds"))
    return Order(
        id=str(number),
        status=models.status(row),
        currency=total.currency,
        total=total.amount,
        created=created,
        modified=int(row.gmt("updatedAt").timestamp()),
        paid=created if models.is_paid(row) else None,
        refunds=refunds,
    )


def _refund(row: Fields) -> Refund:
    amount = models.shop_money(row, "totalRefundedSet").amount
    created = int(row.gmt("createdAt").timestamp()) if row.has("createdAt") else None
    return Refund(str(models.number(row)), amount, created)


ORDERS = Collector(
    "orders",
    orders,
    "Orders by status entered, orders paid, revenue and refunds as counters that survive restarts: "
    "reads the orders changed since the last run, `page_size` to a page. `since` is `now` or a "
    "date from which to count; a first walk from a date reads `max_pages` pages in each run.",
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
