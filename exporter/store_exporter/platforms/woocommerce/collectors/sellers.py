"""Best sellers, and which of them are out of stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ....contract import Report, Run
from ....errors import ErrorName, StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....net.plans import Plan
from ....spec.money import Money
from ...kit.monitoring import named_lists
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import left_out
from ...kit.monitoring.sold import Sold
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows, readable, unexpected_items
from .. import facts, local_dates
from ..api import MAX_PAGES, PAGE, V3, Api, gmt
from ..marks import MARKS
from ..reading.order_state import MEMBERS, UNSOLD, is_sold, is_sub_order, order_status
from ..reading.totals import read_amount
from .stock import OUT, scarce_products

_DAYS = named_lists.SCARCE_DAYS
_MOST_SELLERS = 12
"""The same number as in WooCommerce's own report."""
_NOT_SOLD = (*UNSOLD, "refunded")
_DATES = local_dates.members("date_created", "date_paid")
_NO_REPORT: tuple[ErrorName, ...] = ("api_not_found", "invalid_response")
_IN_STOCK = ("instock", "onbackorder")
_OFF_SALE = ("draft", "pending", "future", "trash")
_COMPONENT = (
    *("_bundled_by", "_composite_parent", "_mnm_container"),
    *("_woosb_parent_id", "_wooco_parent_id"),
)
"""Keys of the meta data of a line that is a part of another line, from the sources of Product
Bundles, YITH's bundles, Composite Products, Mix and Match, and WPC's bundles and composites."""


@collector(interval=3600.0, timeout=300.0, requests=14)
def best_sellers(api: Api, run: Run) -> Plan[Report]:
    """The best sellers of the last 30 days and which of them are out of stock.

    They are taken from the newest 1,000 orders of these days, because WooCommerce's own report is
    empty in shops that keep orders in their own tables, and up to a day old in others. A product
    with variations is out when all of them are. The best sellers of seven days are listed by name
    from the same orders, and the products that most need stock from two pages of the stock report.
    The orders also show which products sell for another price than usual.
    """
    sold, degraded = yield from _sold(api, run)
    best = sold.best(_MOST_SELLERS)
    out, unreadable = yield from _out_of_stock(api, best)
    samples, summary = [], f"no best sellers in the last {_DAYS} days"
    if best:
        samples.append(Sample(business.BEST_SELLERS_OUT, len(out)))
        summary = f"{len(out)} of {len(best)} best sellers are out of stock"
    samples += sold.price_samples()
    degraded += left_out("Sales", sold.unreadable) + left_out("Best sellers", unreadable)
    if not run.store.lists:
        return Report(samples, degraded, summary)
    samples += sold.listed_samples()
    try:
        # The stock report leaves out products that were taken off sale meanwhile.
        on_sale = {product for product, is_on_sale in out.items() if is_on_sale}
        scarce, failures = yield from scarce_products(api, sold, on_sale)
        samples += named_lists.scarce(scarce)
        degraded += left_out("Scarce products", failures)
    except StoreError as error:
        # No list is better than one that lacks its first products.
        summary += f"; what is scarce is not known: {error.message}"
        if error.error_type not in _NO_REPORT:
            degraded.append(f"What is scarce is not known: {error.message}.")
    return Report(samples, degraded, summary)


def _sold(api: Api, run: Run) -> Plan[tuple[Sold, list[str]]]:
    """Return what the newest orders of the last days sold, and why orders are missing.

    Missing are orders that the store counts, out of at most 1,000, and did not send or would have
    sent in the second half of the run, which is for the products.
    """
    sold = Sold(api.store_now(), MARKS)
    members = f"id,status,currency,total,{_DATES},line_items,{MEMBERS}"
    most = PAGE * MAX_PAGES
    half = api.monotonic() + run.timeout / 2

    def ask(status: Sequence[str]) -> Plan[Rows]:
        query = {"status": ",".join(status), "after": gmt(sold.since), "_fields": members}
        found = yield from api.rows(
            f"{V3}/orders", query, limit=most, is_late=lambda: api.monotonic() > half
        )
        return _without_unsold(found) if status == facts.ANY else found

    orders = yield from facts.in_statuses(api, _NOT_SOLD, ask)
    read, count = len(orders.items), min(orders.total or 0, most)
    if count and not read:
        raise StoreError("invalid_response", f"the list of orders left out all {orders.total}")
    sold.add_orders(orders.items, _lines, partial(_add_line, sold))
    if not orders.complete and api.monotonic() > half:
        late = (
            f"Best sellers are those of the newest {read} orders: half of the run's time was too "
            f"short for {count or 'all'}. A longer timeout reads more."
        )
        return sold, [late]
    missing = f"The list of orders left out {count - read} of those that it counts."
    return sold, [missing] if read < count else []


def _without_unsold(orders: Rows) -> Rows:
    """Return a list of orders in any status without those that are no sales."""
    kept = [
        row
        for row in orders.items
        if not isinstance(row, dict) or f"{row.get('status')}".removeprefix("wc-") not in _NOT_SOLD
    ]
    dropped = len(orders.items) - len(kept)
    return replace(orders, items=kept, total=orders.total and orders.total - dropped)


def _lines(order: Fields) -> tuple[float, list[Fields]] | None:
    """Return when an order was placed, and its lines; plugins leave null if there are no lines.

    None for an order with a status that was not requested. An order with a total but without a list
    of lines is invalid_response.
    """
    is_empty = not order.has("line_items") and not read_amount(order, "total")
    is_empty = is_empty or is_sub_order(order) or not is_sold(order)
    lines = [] if is_empty else list(order.children("line_items"))
    created = order.seconds("date_created_gmt")
    return None if order_status(order) in _NOT_SOLD else (created, lines)


def _add_line(sold: Sold, order: Fields, line: Fields, created: float) -> None:
    # The id of a product that was deleted meanwhile is 0.
    product, quantity = line.integer("product_id"), line.quantity("quantity")
    variation = line.identifier_if_any("variation_id")
    if product:
        if sold.is_listed(created):
            name = line.text_or("parent_name") or line.text_or("name")
            value = Money(read_amount(line, "total"), order.currency("currency"))
            sold.add_listed(product, name, line.text_or("sku"), quantity, value)
        sold.add(product, variation, quantity)
    # Some lines of plugins have no price, or the price of the bundle they belong to.
    if line.has("subtotal") and not _is_component(line):
        price = Money(read_amount(line, "subtotal"), order.text_or("currency"))
        sold.add_price(variation or product, price, quantity, created)


def _is_component(line: Fields) -> bool:
    """Whether a line is a part of a bundle that has its own line."""
    keys = line.optional_items("meta_data", lambda row: row.raw("key"))
    return any(key in _COMPONENT for key in keys)


def _out_of_stock(
    api: Api, products: Sequence[int]
) -> Plan[tuple[dict[int, bool], list[StoreError]]]:
    """Return which products are out and whether they are on sale; and errors of reading others."""
    if not products:
        return {}, []
    query = {
        "include": ",".join(map(str, sorted(products))),
        "stock_status": OUT,
        "_fields": "id,status,stock_status",
    }
    rows = (yield from api.rows(f"{V3}/products", query, limit=PAGE)).whole("products that are out")
    found, failures = readable(rows.items, "products", _read_stock)
    # A plugin may write a status of its own into the response.
    if any(one not in products or status in _IN_STOCK for one, status, _ in found):
        raise unexpected_items("the list of products")
    return {number: is_on_sale for number, _, is_on_sale in found}, failures


def _read_stock(product: Fields) -> tuple[int, str, bool]:
    """Return the product's id, its stock status, and whether it is still on sale."""
    is_on_sale = product.text_or("status") not in _OFF_SALE
    return product.identifier(), product.text("stock_status"), is_on_sale
