"""What sells best, and what of the stock is running out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.families import Sample
from ....net.plans import Plan
from ....spec.money import Quantity
from ...kit.monitoring import named_lists
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import left_out
from ...kit.monitoring.named_lists import ProductName, ScarceProduct, SoldLine
from ...kit.monitoring.options import whole_number
from ...kit.monitoring.sold_prices import SoldPrice, price_samples
from ...kit.reading.fields import Fields
from ...kit.reading.lists import readable
from ..api import Api
from ..marks import MARKS
from ..reading import ids, product_results
from ..responses import IgnoredFilterError
from .shop import stock
from .told import told

_DAYS = named_lists.SCARCE_DAYS


@dataclass(slots=True)
class _Sold:
    """What was sold lately.

    Attributes:
        pieces: by the id of the variant.
        lines: those of the last days, newest first.
        priced: what each line was sold for.
        unreadable: why orders and lines are left out.
    """

    pieces: defaultdict[int, Quantity] = field(default_factory=lambda: defaultdict(int))
    lines: list[SoldLine] = field(default_factory=list)
    priced: list[SoldPrice] = field(default_factory=list)
    unreadable: list[StoreError] = field(default_factory=list)

    def add(self, line: Fields, when: float, *, is_recent: bool) -> None:
        """Add a line of an order; of a product that was deleted since there is no id."""
        quantity, total = line.integer("quantity"), ids.shop_money(line, "discountedTotalSet")
        variant, product = (
            ids.number(line.child(name), kind) if line.has(name) else None
            for name, kind in (("variant", "ProductVariant"), ("product", "Product"))
        )
        if is_recent and product is not None:
            item = ProductName.of(product, line.text("title"), line.text_or("sku"), MARKS)
            self.lines.append(SoldLine(item, quantity, total))
        if variant is not None:
            self.pieces[variant] += quantity
            if quantity > 0:
                price = total.amount / quantity
                self.priced.append(SoldPrice(str(variant), price, total.currency, when))


@collector(interval=3600.0, timeout=120.0, most=500, requests=12)
@told
def best_sellers(api: Api, run: Run) -> Plan[Report]:
    """The best sellers of seven days, and the variants that most need stock, listed by name.

    Reads the newest `most` orders of 30 days with their first 20 lines, and at most `most` variants
    of active products with as many pieces as the `threshold` of the collector stock, or fewer. The
    orders also show which variants sell for another price than usual.
    """
    if not run.store.lists:
        return Report(summary="lists are switched off")
    most = whole_number(run.options, "most", 1, 10_000)
    samples: list[Sample] = []
    reasons: list[str] = []
    try:
        sold = yield from _sold(api, run, most)
        samples += named_lists.best_sellers(sold.lines)
        samples += price_samples(sold.priced, run.now())
        reasons += left_out("Sales", sold.unreadable)
        scarce, failures = yield from _scarce(api, run, sold, most)
        samples += named_lists.scarce(scarce)
        reasons += left_out("Scarce products", failures)
    except IgnoredFilterError as error:
        reasons.append(f"{error.message}.")
    except StoreError as error:
        if error.error_type != "response_too_large":
            raise
        return Report(samples, reasons, f"what is scarce is not listed: {error.message}")
    named = ", ".join(f"{s.labels['list']} {s.value:g}" for s in samples if "list" in s.labels)
    return Report(samples, reasons, named or "nothing is listed")


def _sold(api: Api, run: Run, most: int) -> Plan[_Sold]:
    """Return what the newest orders of the last days sold; cancelled and test orders do not count.

    Raises:
        StoreError: invalid_response, an order is older than was requested.
    """
    since = run.now() - _DAYS * named_lists.DAY
    recent = run.now() - named_lists.SELLING_DAYS * named_lists.DAY
    query = f"created_at:>='{ids.iso(since)}'"
    found = yield from api.admin.nodes("SoldLines", "orders", {"query": query}, limit=most)
    sold = _Sold()
    for index, node in enumerate(found.items):
        try:
            order = Fields.row(node, "orders", index)
            created = order.seconds("createdAt")
            counts = order.gmt_if_any("cancelledAt") is None and not order.flag("test")
            lines = list(order.nodes("lineItems"))
        except StoreError as error:
            sold.unreadable.append(error)
            continue
        if created < since - 1:
            raise StoreError("invalid_response", "the list of orders has older ones than asked for")
        for line in lines if counts else ():
            try:
                sold.add(line, created, is_recent=created >= recent)
            except StoreError as error:
                sold.unreadable.append(error)
    if sold.unreadable and not sold.pieces:
        raise sold.unreadable[0]
    return sold


def _scarce(
    api: Api, run: Run, sold: _Sold, most: int
) -> Plan[tuple[list[ScarceProduct], list[StoreError]]]:
    """Return the variants that are out or low, and why others could not be read.

    Those on backorder can be had and are neither.

    Raises:
        StoreError: response_too_large, there are more than `most`.
    """
    schedule = run.store.collectors.get(stock.name)
    options = stock.options if schedule is None else schedule.options
    threshold = whole_number(options, "threshold", 0, 1_000_000)
    query = {"query": product_results.scarce_query(threshold)}
    variants = yield from api.admin.all_nodes(
        "ScarceVariants", "productVariants", query, limit=most
    )

    def read(variant: Fields) -> ScarceProduct | None:
        is_scarce = product_results.is_scarce(variant, threshold)
        is_none = not is_scarce or product_results.on_backorder(variant)
        return None if is_none else _read(variant, sold)

    found, failures = readable(variants, "productVariants", read)
    return [product for product in found if product is not None], failures


def _read(variant: Fields, sold: _Sold) -> ScarceProduct:
    number, product = ids.number(variant, "ProductVariant"), variant.child("product")
    name = product.text("title")
    if not product.flag("hasOnlyDefaultVariant"):
        name = f"{name} - {variant.text('title')}"
    left = product_results.counted(variant) or 0
    item = ProductName.of(number, name, variant.text_or("sku"), MARKS)
    return ScarceProduct(item, left, left <= 0, sold.pieces[number])
