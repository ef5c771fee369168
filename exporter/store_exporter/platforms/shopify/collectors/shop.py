"""Figures about the shop as it is now: orders by status, stock, carts, customers, webhooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.catalogue.values import StockState, WebhookState
from ....metrics.families import Sample
from ....net.plans import Plan
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import abandoned_cart_report, count_report, left_out, webhook_report
from ...kit.monitoring.named_lists import AbandonedCart
from ...kit.monitoring.options import number, whole_number
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from ..api import Api
from ..reading import ids, product_results
from ..responses import IgnoredFilterError
from ..scarce_variants import all_scarce_variants

_OPEN = " AND -status:cancelled AND test:false"
_PAID = "financial_status:paid,partially_refunded"
# The queries of Shopify's search for the statuses of all platforms; see `order_state.status`.
_QUERIES = {
    "pending": f"financial_status:pending,authorized,partially_paid{_OPEN}",
    "processing": f"{_PAID} AND -fulfillment_status:fulfilled{_OPEN}",
    "completed": f"{_PAID} AND fulfillment_status:fulfilled{_OPEN}",
    "cancelled": "status:cancelled AND test:false",
    "refunded": f"financial_status:refunded{_OPEN}",
    "failed": f"financial_status:expired,voided{_OPEN}",
}
_NUMBER = re.compile(r"#?([0-9]{1,20})", re.ASCII)


def _count(fields: Fields, name: str) -> int:
    """Read a count. Shopify stops counting at a limit; a lower bound is response_too_large."""
    count = fields.child(name)
    if count.one_of("precision", ("EXACT", "AT_LEAST")) != "EXACT":
        message = f"there are more than {count.integer('count')} of {name}, beyond exact counting"
        raise StoreError("response_too_large", message)
    return count.integer("count")


@collector(interval=900.0)
def order_statuses(api: Api, _: Run) -> Plan[Report]:
    """Orders in each status, by eight counts in one query.

    Orders that Shopify's search finds in no status are pending.
    """
    ignored, degraded = frozenset[str](), []
    try:
        data = yield from api.admin.ask("OrderCounts", _QUERIES)
    except IgnoredFilterError as error:
        ignored, data, degraded = error.fields, error.rest, [f"{error.message}."]
    known: dict[str, int] = {}
    failures: list[StoreError] = []
    for status in (status for status in _QUERIES if status not in ignored):
        try:
            known[status] = _count(data, status)
        except StoreError as error:
            failures.append(error)
    if failures and not known:
        raise failures[0]
    if len(known) == len(_QUERIES):
        try:
            every = _count(data, "all") - _count(data, "tests")
            known["pending"] += max(0, every - sum(known.values()))
        except StoreError as error:
            # By the search alone there are too few.
            del known["pending"]
            failures.append(error)
    report = count_report(business.ORDERS_CURRENT, known)
    report.degraded = degraded + left_out("Statuses", failures)
    return report


@collector(interval=900.0, timeout=120.0, threshold=5, most=2_500, requests=2)
def stock(api: Api, run: Run) -> Plan[Report]:
    """Stock of the variants of active products: low is at or below `threshold` and not empty.

    Shopify has no thresholds of its own. Reads the scarce variants and the products, at most `most`
    of each. Variants on backorder are neither low nor out.
    """
    threshold = whole_number(run.options, "threshold", 0, 1_000_000)
    limit = whole_number(run.options, "most", 1, 100_000)
    nodes = yield from all_scarce_variants(api, threshold, limit)
    scarce, reasons = _scarce(nodes)
    query = {"query": "status:active"}
    try:
        products = yield from api.admin.all_nodes("ActiveProducts", "products", query, limit=limit)
        counts, others = readable(products, "products", _variants)
    except StoreError as error:
        if error.error_type != "response_too_large":
            raise
        report = count_report(business.PRODUCTS, scarce, "; too many products to count the rest")
    else:
        rest = sum(counts) - len(nodes)
        # Between the two requests something may have been taken off sale.
        report = count_report(business.PRODUCTS, {StockState.IN: max(0, rest), **scarce})
        report.degraded = left_out("Products", others)
    report.degraded = [*reasons, *report.degraded]
    return report


def _scarce(nodes: Sequence[Any]) -> tuple[dict[str, int], list[str]]:
    """Count scarce variants by state, and say which cannot be read; without any there is no count.

    The stock of a single one may be null, which is no reason to leave out what is in stock.
    """
    try:
        found, failures = readable(nodes, "productVariants", _state)
    except StoreError as error:
        if error.error_type != "invalid_response":
            raise
        return {}, left_out("Scarce variants", [error] * len(nodes))
    states = Counter(found)
    return {state: states[state] for state in (StockState.LOW, StockState.OUT)}, left_out(
        "Scarce variants", failures
    )


def _state(variant: Fields) -> str:
    if product_results.on_backorder(variant):
        return "backorder"
    return StockState.LOW if (product_results.counted(variant) or 0) > 0 else StockState.OUT


def _variants(product: Fields) -> int:
    """Return a product's number of variants, 0 if it is not on sale; Shopify counts any product."""
    return _count(product, "variantsCount") if product_results.is_on_sale(product) else 0


@collector(interval=900.0, older_than=3600.0, younger_than=7 * 86_400.0, most=500)
def carts(api: Api, run: Run) -> Plan[Report]:
    """Abandoned checkouts and their value: neither completed nor recovered.

    They were started more than `older_than` ago and at most `younger_than` ago; at most `most` of
    them are read. The ten that are worth most are listed by their number.
    """
    now = run.now()
    older, younger = number(run.options, "older_than"), number(run.options, "younger_than")
    requested = range(int(now - younger), int(now - older) + 1)
    query = (
        f"created_at:<='{ids.iso(now - older)}' AND created_at:>='{ids.iso(now - younger)}' "
        "AND recovery_state:not_recovered"
    )
    limit = whole_number(run.options, "most", 1, 100_000)
    checkouts = yield from api.admin.all_nodes(
        "AbandonedCheckouts", "abandonedCheckouts", {"query": query}, limit=limit
    )
    found, failures = readable(checkouts, "abandonedCheckouts", partial(_cart, requested))
    left = [cart for cart in found if cart is not None]
    report = abandoned_cart_report(left, is_listed=run.store.lists)
    report.degraded = left_out("Carts", failures)
    return report


def _cart(requested: range, checkout: Fields) -> AbandonedCart | None:
    """Read a checkout; None if it was completed meanwhile, or begun outside the period."""
    began = checkout.seconds("createdAt")
    if checkout.gmt_if_any("completedAt") is not None or began not in requested:
        return None
    value = ids.shop_money(checkout, "totalPriceSet")
    number = _NUMBER.fullmatch(checkout.text("name"))
    # Only a number is shown: an app could name a checkout after the person who began it.
    shown = number.group(1) if number else str(ids.number(checkout, "AbandonedCheckout"))
    return AbandonedCart(shown, value, began)


@collector(interval=3600.0)
def customers(api: Api, _: Run) -> Plan[Report]:
    """Customers, by one count."""
    count = _count((yield from api.admin.ask("CustomerCount")), "customersCount")
    return Report([Sample(business.CUSTOMERS, count)], summary=f"{count} customers")


@collector(interval=3600.0)
def webhooks(api: Api, _: Run) -> Plan[Report]:
    """Webhooks of this app, by one count."""
    count = _count((yield from api.admin.ask("WebhookCount")), "webhookSubscriptionsCount")
    return webhook_report({WebhookState.ACTIVE: count})
