"""Best sellers, and variants that are running out."""

from __future__ import annotations

from functools import partial

from ....contract import Report, Run
from ....errors import StoreError
from ....net.plans import Plan
from ...kit.monitoring import named_lists
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import left_out
from ...kit.monitoring.named_lists import ScarceProduct
from ...kit.monitoring.options import whole_number
from ...kit.monitoring.sold import Sold
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from ..api import Api
from ..marks import MARKS
from ..reading import ids, order_state, product_results
from ..scarce_variants import all_scarce_variants
from .shop import stock


@collector(interval=3600.0, timeout=120.0, most=500, requests=12)
def best_sellers(api: Api, run: Run) -> Plan[Report]:
    """The best sellers of seven days, and the variants that most need stock, listed by name.

    Reads the newest `most` orders of 30 days with their first 15 lines, and at most `most` variants
    of active products with as many pieces as the `threshold` of the collector `stock`, or fewer.
    The orders also show which variants sell for another price than usual.
    """
    if not run.store.lists:
        return Report(summary="lists are switched off")
    most = whole_number(run.options, "most", 1, 10_000)
    sold = yield from _sold(api, run, most)
    samples = sold.listed_samples() + sold.price_samples()
    reasons = left_out("Sales", sold.unreadable)
    try:
        scarce, failures = yield from _scarce(api, run, sold, most)
        samples += named_lists.scarce(scarce)
        reasons += left_out("Scarce products", failures)
    except StoreError as error:
        if error.error_type == "response_too_large":
            return Report(samples, reasons, f"what is scarce is not listed: {error.message}")
        if error.error_type != "invalid_response":
            raise
        reasons.append(f"What is scarce is not listed: {error.message}.")
    named = ", ".join(f"{s.labels['list']} {s.value:g}" for s in samples if "list" in s.labels)
    return Report(samples, reasons, named or "nothing is listed")


def _sold(api: Api, run: Run, most: int) -> Plan[Sold]:
    """Return what the newest orders of the last days sold."""
    sold = Sold(run.now(), MARKS)
    older = partial(order_state.is_before, sold.since)
    found = yield from api.admin.nodes("SoldLines", "orders", {}, limit=most, until=older)
    sold.add_orders(found.items, _lines, partial(_add_line, sold))
    return sold


def _lines(order: Fields) -> tuple[float, list[Fields]]:
    """Return when an order was made, and its lines; cancelled and test orders do not count."""
    created, lines = order.seconds("processedAt"), list(order.nodes("lineItems"))
    counts = order.gmt_if_any("cancelledAt") is None and not order.flag("test")
    return created, lines if counts else []


def _add_line(sold: Sold, _: Fields, line: Fields, created: float) -> None:
    """Add a line of an order; a product that was deleted meanwhile has no id."""
    left, total = order_state.left_of(line)
    variant, product = (
        ids.number(line.child(name), kind) if line.has(name) else None
        for name, kind in (("variant", "ProductVariant"), ("product", "Product"))
    )
    if product is not None and left and sold.is_listed(created):
        sold.add_listed(product, line.text("title"), line.text_or("sku"), left, total)
    if variant is not None:
        sold.add(None, variant, left)
        # A discount by code or on the whole order does not change the price of the product.
        price = ids.shop_money(line, "discountedTotalSet")
        sold.add_price(variant, price, line.integer("quantity"), created)


def _scarce(
    api: Api, run: Run, sold: Sold, most: int
) -> Plan[tuple[list[ScarceProduct], list[StoreError]]]:
    """Return the variants that are out or low, and the errors of those that cannot be read.

    Variants on backorder can be bought and are neither. More than `most` are response_too_large.
    """
    schedule = run.store.collectors.get(stock.name)
    options = stock.options if schedule is None else schedule.options
    threshold = whole_number(options, "threshold", 0, 1_000_000)
    variants = yield from all_scarce_variants(api, threshold, most)

    def read(variant: Fields) -> ScarceProduct | None:
        return None if product_results.on_backorder(variant) else _read(variant, sold)

    found, failures = readable(variants, "productVariants", read)
    return [product for product in found if product is not None], failures


def _read(variant: Fields, sold: Sold) -> ScarceProduct:
    number, product = ids.number(variant, "ProductVariant"), variant.child("product")
    name = product.text("title")
    if not product.flag("hasOnlyDefaultVariant"):
        name = f"{name} - {variant.text('title')}"
    left = product_results.counted(variant) or 0
    return sold.scarce(number, name, variant.text_or("sku"), left, is_out=left <= 0)
