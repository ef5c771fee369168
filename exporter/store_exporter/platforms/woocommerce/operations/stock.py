"""Operations about what is left."""

from __future__ import annotations

from typing import Any

from ....net.plans import Plan
from ....spec.money import Quantity
from ....spec.operations import Operations
from ....spec.results import Listing, LowStock, Stock, StockQuantity
from ...kit import checks, products
from ...kit.fields import Fields
from ...kit.lists import Rows
from ...kit.operations import plan
from .. import models
from ..api import ANALYTICS, Api
from ..product_lookup import LOOKUP, children, find_product


@plan(Operations.check_stock, calls=LOOKUP)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    return models.stock((yield from find_product(api, product)))


@plan(Operations.get_stock_quantity, calls=(*LOOKUP, "GET /wc/v3/products/{id}/variations"))
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    found = yield from find_product(api, product)
    own = models.stock_quantity(found)
    number, sku = found.identifier(), found.text_or("sku")
    if found.text("type") != "variable" or own is not None:
        return StockQuantity(number, sku, own)
    rows = yield from children(api, number)
    counted: dict[int, Quantity | None] = {
        row.identifier(): models.stock_quantity(row) for row in rows.whole("variations")
    }
    return StockQuantity(number, sku, products.in_all(counted.values()), counted)


@plan(Operations.get_low_stock_products, calls=("GET /wc-analytics/reports/stock",))
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20
) -> Plan[Listing[LowStock]]:
    """What is low or sold out, variations one by one. Where there is so much that the store does
    not count that the counted products do not come up in time, `complete` is False.
    """
    checks.whole(threshold, "threshold")
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
    return kept.listing("stock", models.low_stock)


def _enough(row: Any, threshold: int) -> bool:
    """Whether a row, and so every row after it, has more than the threshold."""
    fields = Fields(row, "stock")
    return models.counts_stock(fields) and fields.quantity("stock_quantity") > threshold
