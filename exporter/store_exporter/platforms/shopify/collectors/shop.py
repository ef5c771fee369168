"""Figures about the shop as it is now: orders by status, stock, carts, customers, webhooks."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

from ....errors import StoreError
from ....metrics.catalogue import business, health
from ....metrics.families import Sample
from ....probing.contract import Collector, Context, Report
from ...fields import Fields
from .. import models
from ..monitor import Monitor

# What the statuses of both platforms mean in Shopify's search; see `models.status`.
_QUERIES = {
    "pending": "financial_status:pending,authorized,partially_paid AND -status:cancelled",
    "processing": "financial_status:paid,partially_refunded AND -fulfillment_status:shipped "
    "AND -status:cancelled",
    "completed": "financial_status:paid,partially_refunded AND fulfillment_status:shipped "
    "AND -status:cancelled",
    "cancelled": "status:cancelled",
    "refunded": "financial_status:refunded AND -status:cancelled",
}


def _count(fields: Fields, name: str) -> int:
    """Read a count. Shopify stops counting at a limit, and half a figure is none.

    Raises:
        StoreError: response_too_large, it is only a lower bound.
    """
    count = fields.child(name)
    if count.text("precision") != "EXACT":
        message = f"there are more than {count.integer('count')} of {name}, beyond exact counting"
        raise StoreError("response_too_large", message)
    return count.integer("count")


async def order_statuses(context: Context) -> Report:
    """Count the orders in each status."""
    data = await Monitor(context).admin("OrderCounts", _QUERIES)
    samples, unknown = [], []
    for status in _QUERIES:
        try:
            samples.append(
                Sample(business.ORDERS_CURRENT, _count(data, status), {"status": status})
            )
        except StoreError as error:
            if error.error_type != "response_too_large":
                raise
            unknown.append(status)
    summary = ", ".join(f"{sample.labels['status']} {sample.value:g}" for sample in samples)
    left_out = f"; beyond exact counting: {', '.join(unknown)}" if unknown else ""
    return Report(samples, summary=summary + left_out)


async def stock(context: Context) -> Report:
    """Count variants in stock, low and out."""
    threshold = int(context.options["threshold"])
    query = f"inventory_quantity:<={threshold} AND product_status:active AND managed:true"
    monitor = Monitor(context)
    pages = int(context.options["max_pages"])
    nodes, complete = await monitor.nodes(
        "StockPage", "productVariants", {"query": query}, size=100, pages=pages
    )
    if not complete:
        message = f"more than {pages * 100} variants are low; raise max_pages to count them"
        raise StoreError("response_too_large", message)
    quantities = [
        quantity
        for index, node in enumerate(nodes)
        if (quantity := models.counted(Fields(node, f"variants[{index}]"))) is not None
    ]
    low = sum(1 for quantity in quantities if 0 < quantity <= threshold)
    out = sum(1 for quantity in quantities if quantity <= 0)
    samples = [
        Sample(business.PRODUCTS, low, {"stock": "low"}),
        Sample(business.PRODUCTS, out, {"stock": "out"}),
    ]
    total = await monitor.admin("VariantCount")
    try:
        rest = _count(total, "productVariantsCount") - low - out
    except StoreError as error:
        if error.error_type != "response_too_large":
            raise
        return Report(samples, summary=f"{low} low, {out} out")
    samples.append(Sample(business.PRODUCTS, max(0, rest), {"stock": "in"}))
    return Report(samples, summary=f"{rest} in stock, {low} low, {out} out")


async def carts(context: Context) -> Report:
    """Read the abandoned checkouts and their value."""
    now = context.now()
    older, younger = (float(context.options[name]) for name in ("older_than", "younger_than"))
    query = (
        f"created_at:<='{_iso(now - older)}' AND created_at:>='{_iso(now - younger)}' "
        "AND recovery_state:not_recovered"
    )
    nodes, complete = await Monitor(context).nodes(
        "AbandonedCheckouts", "abandonedCheckouts", {"query": query}, size=100, pages=5
    )
    if not complete:
        raise StoreError("response_too_large", "there are more than 500 abandoned checkouts")
    values: defaultdict[str, Decimal] = defaultdict(Decimal)
    count = 0
    for index, node in enumerate(nodes):
        row = Fields(node, f"checkouts[{index}]")
        if row.has("completedAt"):
            continue
        money = models.shop_money(row, "totalPriceSet")
        values[money.currency] += money.amount
        count += 1
    samples = [Sample(business.CARTS_ABANDONED, count)]
    samples += [
        Sample(business.CART_ABANDONED_VALUE, float(value), {"currency": currency})
        for currency, value in values.items()
    ]
    amounts = " + ".join(f"{value:f} {currency}" for currency, value in values.items())
    return Report(samples, summary=f"{count} abandoned carts worth {amounts or 'nothing'}")


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def customers(context: Context) -> Report:
    """Count the customers."""
    count = _count(await Monitor(context).admin("CustomerCount"), "customersCount")
    return Report([Sample(business.CUSTOMERS, count)], summary=f"{count} customers")


async def webhooks(context: Context) -> Report:
    """Count this app's webhooks; Shopify removes those that keep failing."""
    count = _count(await Monitor(context).admin("WebhookCount"), "webhookSubscriptionsCount")
    samples = [Sample(business.WEBHOOKS, count, {"state": "active"})]
    return Report(samples, summary=f"{count} webhooks")


async def rate_limit(context: Context) -> Report:
    """Read the state of the rate limit, and what this exporter's queries have cost so far."""
    monitor = Monitor(context)
    await monitor.admin("ShopCurrency")
    requested, actual = monitor.spent
    samples = [
        *monitor.samples(),
        Sample(health.API_COST, requested, {"kind": "requested"}),
        Sample(health.API_COST, actual, {"kind": "actual"}),
    ]
    latest = monitor.costs[-1] if monitor.costs else None
    left = f"{latest.available:g} of {latest.maximum:g} points left" if latest else "not told"
    return Report(samples, summary=left)


ORDER_STATUSES = Collector(
    "order_statuses",
    order_statuses,
    "Orders in each status, by five counts in one query. Statuses with more than 10,000 orders are "
    "left out, as Shopify counts no further.",
    interval=900.0,
)
STOCK = Collector(
    "stock",
    stock,
    "Stock of variants that Shopify tracks: low is at or below `threshold` and not empty. Shopify "
    "has no thresholds of its own.",
    interval=900.0,
    options={"threshold": 5, "max_pages": 10},
    requests=2,
)
CARTS = Collector(
    "carts",
    carts,
    "Abandoned checkouts: begun longer than `older_than` seconds ago, not longer than "
    "`younger_than`, and neither completed nor recovered.",
    interval=900.0,
    options={"older_than": 3600.0, "younger_than": 7 * 86_400.0},
)
CUSTOMERS = Collector("customers", customers, "Customers, by one count.", interval=3600.0)
WEBHOOKS = Collector("webhooks", webhooks, "Webhooks of this app, by one count.", interval=3600.0)
RATE_LIMIT = Collector(
    "rate_limit",
    rate_limit,
    "The state of the Admin API's rate limit and what this exporter's queries cost, by the "
    "cheapest query there is.",
    interval=300.0,
)
