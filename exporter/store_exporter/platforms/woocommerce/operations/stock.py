"""Operations on stock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Listing, LowStock, Stock, StockQuantity
from ...kit.operations import arguments, products
from ...kit.operations.plans import plan
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows, page_of
from ..api import ANALYTICS, V3, Api
from ..product_lookup import LOOKUP, category_id, children, find_product
from ..reading import product_results


@plan(Operations.check_stock, calls=LOOKUP)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    return product_results.read_stock((yield from find_product(api, product)))


@plan(Operations.get_stock_quantity, calls=(*LOOKUP, "GET /wc/v3/products/{id}/variations"))
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    found = yield from find_product(api, product)
    own = product_results.stock_quantity(found)
    number, sku = found.identifier(), found.text_or("sku")
    if own is not None or not product_results.has_variations(found):
        return StockQuantity(number, sku, own)
    rows = yield from children(api, number)
    every = rows.whole("variations").listing(
        "variations", lambda row: (row.identifier(), product_results.stock_quantity(row))
    )
    counted = dict(every)
    if every.unreadable:
        # A sum that lacks one of its parts would be wrong.
        return StockQuantity(number, sku, None, counted, ("quantity", "variations"))
    return StockQuantity(number, sku, products.total_quantity(counted.values()), counted)


@plan(
    Operations.get_low_stock_products,
    calls=(
        "GET /wc-analytics/reports/stock",
        "GET /wc/v3/products?include=",
        "GET /wc-analytics/variations?include=",
        "GET /wc/v3/products/categories",
    ),
    errors=("not_found",),
)
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20, category: int | str | None = None
) -> Plan[Listing[LowStock]]:
    """Products that are low or sold out: variations one by one if they have stock of their own,
    else their product. Private products do not count. The store lists products whose stock it does
    not count first; if there are so many that the counted ones are not reached, `complete` is
    False.
    """
    low = arguments.whole_number(threshold, "threshold")
    wanted = arguments.limit(limit)
    within = None if category is None else (yield from category_id(api, category))
    rows = yield from api.rows(
        f"{ANALYTICS}/reports/stock",
        {"orderby": "stock_quantity", "order": "asc"},
        until=lambda item: _is_above(item, low),
    )
    # Stock that a variation shares with its product is in the product's row, so leave it out here.
    own = [row for row in rows.items if _member(row, "manage_stock") not in (False, "parent")]
    found = Rows(own, None, rows.complete).listing("stock", product_results.read_low_stock)
    offered = yield from _published(api, [row for row in found if row.quantity <= low], within)
    offered.sort(key=lambda row: row.quantity)
    total = len(offered) if rows.complete and not found.unreadable else None
    return page_of(replace(found, items=tuple(offered), total=total), 1, wanted)


def _is_above(row: Any, threshold: int) -> bool:
    """Whether a row, and so every row after it, has more than the threshold.

    The store sorts by each row's own quantity. Those without one come first and show a zero, or
    the quantity of their product.
    """
    if _member(row, "manage_stock") is not True:
        return False
    try:
        return Fields(row, "stock").quantity("stock_quantity") > max(threshold, 0)
    except StoreError:
        return False


def _member(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, dict) else None


def _published(api: Api, rows: list[LowStock], category: int | None) -> Plan[list[LowStock]]:
    """Return the rows that are published, and whose products are, in a category if one is given."""
    products = {row.parent_id or row.product_id for row in rows}
    variations = {row.product_id for row in rows if row.parent_id is not None}
    query = {"status": "publish", "_fields": "id"}
    # Products have categories; their variations do not.
    in_category = {**query, "category": category}
    found = yield from api.get_by_ids(f"{V3}/products", products, in_category)
    found += yield from api.get_by_ids(f"{ANALYTICS}/variations", variations, query)
    public = {row.identifier() for row in found}
    return [
        row
        for row in rows
        if row.product_id in public and (row.parent_id is None or row.parent_id in public)
    ]
