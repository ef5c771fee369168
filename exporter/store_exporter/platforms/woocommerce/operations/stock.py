"""Operations about what is left."""

from __future__ import annotations

from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ...kit import checks
from ...kit.described import operation
from ...kit.fields import Fields, Quantity
from ...kit.results import Listing, LowStock, Stock, StockQuantity
from .. import models
from ..api import ANALYTICS, Api, Rows
from ..models import listing
from ..product_lookup import LOOKUP, PRODUCT, children, find_product, whole


@operation(
    "Tells whether a product can be had.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=LOOKUP,
    example='store.check_stock("SKU-010").in_stock',
)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    """Return the stock of one product; one with variations is in stock when one of them is."""
    return models.stock((yield from find_product(api, product)))


@operation(
    "Returns how many pieces of a product are left.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*LOOKUP, "GET /wc/v3/products/{id}/variations"),
    example='store.get_stock_quantity("MOTOR-1").quantity',
)
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    """Return what is left of a product, of one with variations in all and one by one."""
    found = yield from find_product(api, product)
    own = models.stock_quantity(found)
    number, sku = found.identifier(), found.text_or("sku")
    if found.text("type") != "variable" or own is not None:
        return StockQuantity(number, sku, own)
    rows = yield from children(api, number)
    counted: dict[int, Quantity | None] = {
        row.identifier(): models.stock_quantity(row) for row in whole(rows, "variations")
    }
    known = [quantity for quantity in counted.values() if quantity is not None]
    # One that is not counted makes the sum unknown, unless there is none that is.
    total = sum(known, start=0) if known and len(known) == len(counted) else None
    return StockQuantity(number, sku, total, counted)


@operation(
    "Lists products and variations of which few are left, fewest first.",
    parameters={
        "threshold": "Pieces at or below which stock is low.",
        "limit": "The most products to return.",
    },
    calls=("GET /wc-analytics/reports/stock",),
    example="store.get_low_stock_products(threshold=3)",
)
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20
) -> Plan[Listing[LowStock]]:
    """List what is low or sold out, variations one by one.

    The same threshold holds for all, whatever thresholds the shop has set for itself. What the
    store does not count is left out; where there is so much of that that the counted products
    do not come up in time, `complete` is False.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int):
        raise StoreError("invalid_request", "threshold is not a whole number")
    wanted = checks.limit(limit)
    rows = yield from api.rows(
        f"{ANALYTICS}/reports/stock",
        {"orderby": "stock_quantity", "order": "asc"},
        until=lambda item: _enough(item, threshold),
    )
    counted = [row for row in rows.items if models.counts_stock(Fields(row, "stock"))]
    # The total of the answer is of the whole assortment; what is low is known only at the end.
    total = len(counted) if rows.complete else None
    kept = Rows(counted[:wanted], total, rows.complete)
    return listing(kept, "stock", models.low_stock)


def _enough(row: Any, threshold: int) -> bool:
    """Whether a row, and so every row after it, has more than the threshold."""
    fields = Fields(row, "stock")
    return models.counts_stock(fields) and fields.quantity("stock_quantity") > threshold
