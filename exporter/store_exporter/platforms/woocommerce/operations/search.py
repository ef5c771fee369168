"""Searching for products: what shoppers see, in the shop's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.results import Listing, Product
from ...kit.operations.search import SearchRequest, search_plan
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows, matching
from .. import facts
from ..api import V3, Api
from ..product_lookup import category_id, wanted_words
from ..reading import product_results

_STATUSES = {None: (None,), False: ("outofstock",), True: ("instock", "onbackorder")}
"""The statuses of stock that a search for products in stock, or not, needs; None for any."""
_SORTS = {
    "newest": ("date", "desc", "date_created_gmt"),
    "price": ("price", "asc", "price"),
    "price_desc": ("price", "desc", "price"),
    "popularity": ("popularity", "desc", "total_sales"),
    "rating": ("rating", "desc", "average_rating"),
    "title": ("title", "asc", "name"),
}
"""WooCommerce's `orderby` and `order`, and the member of a product that it sorts by."""


@search_plan(
    calls=("GET /wc/v3/products", "GET /wc/v3/products/categories", facts.SETTINGS),
    errors=("not_found",),
)
def search_products(api: Api, request: SearchRequest) -> Plan[Listing[Product]]:
    """Variations are not found on their own; their product is. A product with variations is found
    by the price of any of them and shows the lowest. With `in_stock`, what no cart takes is left
    out: products of the types external and grouped, and those in stock that are not for sale.
    `attributes` are looked for in the first 1,000 products that are found. What the shop hides is
    left out: from its search if there are words, else from its pages. The total is then known only
    if all products were read.
    """
    params: dict[str, Any] = {
        "status": "publish",
        "search": wanted_words(request.words),
        "min_price": request.low,
        "max_price": request.high,
    }
    if request.category is not None:
        params["category"] = yield from category_id(api, request.category)
    if request.sort is not None:
        params["orderby"], params["order"], _ = _SORTS[request.sort]
    rows = yield from _found(api, params, request)
    currency = yield from facts.currency(api)
    yield from facts.normalize_prices(api, rows.items)
    found = rows.listing("products", lambda fields: product_results.read_product(fields, currency))
    if request.in_stock is not None:
        found = matching(
            found,
            lambda row: (
                row.type not in product_results.NOT_SOLD_HERE
                and row.stock.in_stock == request.in_stock
            ),
        )
    return request.shown(found)


def _found(api: Api, params: Mapping[str, Any], request: SearchRequest) -> Plan[Rows]:
    """Return what the store finds, in order; there is a list for each status of the stock."""
    if request.in_stock is not None:
        params = {**params, "exclude_types": ",".join(product_results.NOT_SOLD_HERE)}
    lists = []
    for status in _STATUSES[request.in_stock]:
        query = {**params, "stock_status": status}
        lists.append((yield from _shown(api, query, request)))
    if len(lists) == 1:
        return lists[0]
    totals = [rows.total for rows in lists if rows.total is not None]
    items = {_rank("date_created_gmt", item): item for rows in lists for item in rows.items}
    _, order, member = _SORTS[request.sort or "newest"]
    ranked = sorted(items.values(), key=partial(_rank, member), reverse=order == "desc")
    return Rows(
        ranked[: request.reach],
        sum(totals) if len(totals) == len(lists) else None,
        all(rows.complete for rows in lists),
    )


def _shown(api: Api, query: Mapping[str, Any], request: SearchRequest) -> Plan[Rows]:
    """Return the products that shoppers see: as many as are wanted, if there are so many."""
    path, wanted = f"{V3}/products", request.reach
    # Products may be shown nowhere, only in the shop's search, or only in its other pages.
    unseen = ("hidden", "search" if request.words is None else "catalog")
    is_left_out = partial(_is_left_out, unseen=unseen, for_sale=request.in_stock is True)
    rows = yield from api.rows(path, query, limit=wanted)
    if not any(map(is_left_out, rows.items)):
        return rows
    count = 0

    def is_enough(item: Any) -> bool:
        nonlocal count
        count += not is_left_out(item)
        return count > wanted + 1

    if len(rows.items) == wanted:
        # Too few are left: read on, until one more shows that there are more.
        rows = yield from api.rows(path, query, until=is_enough)
    shown = [item for item in rows.items if not is_left_out(item)]
    return Rows(shown, len(shown) if rows.total == len(rows.items) else None, rows.complete)


def _is_left_out(item: Any, unseen: Sequence[str], *, for_sale: bool) -> bool:
    if not isinstance(item, dict):
        return False
    is_withheld = for_sale and not product_results.is_for_sale(Fields(item, "product"))
    return is_withheld or item.get("catalog_visibility") in unseen


def _rank(member: str, item: Any) -> tuple[Any, int]:
    """Return a key that sorts like the store, or nearly, to merge the lists of two statuses."""
    row = Fields(item if isinstance(item, dict) else {}, "product")
    number = row.integer_or("id")
    if member in ("date_created_gmt", "name"):
        return row.text_or(member).casefold(), number
    try:
        return row.decimal(member), number
    except StoreError:
        return Decimal(-1), number
