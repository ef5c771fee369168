"""Operations on products and their stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Quantity
from ....spec.operations import Operations
from ....spec.results import (
    Category,
    Listing,
    LowStock,
    Price,
    Product,
    Review,
    Stock,
    StockQuantity,
)
from ...kit.operations import arguments, products
from ...kit.operations.plans import plan
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows, matching, page_of
from .. import facts
from ..api import ANALYTICS, V3, Api
from ..product_lookup import LOOKUP, category_id, children, find_product
from ..reading import product_results

_IN_ORDER = 10
"""Counted rows of the stock report in ascending order that are no coincidence."""
_WITH_VARIATIONS = (*LOOKUP, "GET /wc/v3/products/{id}/variations")


@plan(Operations.get_product_details, calls=LOOKUP)
def get_product_details(api: Api, product: int | str) -> Plan[Product]:
    found = yield from find_product(api, product)
    return product_results.read_product(found, (yield from facts.currency(api)))


@plan(Operations.check_price, calls=_WITH_VARIATIONS)
def check_price(api: Api, product: int | str) -> Plan[Price]:
    found = yield from find_product(api, product)
    currency = yield from facts.currency(api)
    if not product_results.has_variations(found):
        return product_results.read_price(found, currency)
    rows = (yield from children(api, found.identifier())).whole("variations")
    return product_results.read_price(found, currency, rows.items)


@plan(Operations.get_product_variations, calls=_WITH_VARIATIONS)
def get_product_variations(api: Api, product: int | str) -> Plan[Listing[Product]]:
    found = yield from find_product(api, product)
    parent = found.identifier_if_any("parent_id")
    if found.text("type") == "variation" and parent is not None:
        number = parent
    elif product_results.has_variations(found):
        number = found.identifier()
    else:
        return Listing((), total=0)
    currency = yield from facts.currency(api)
    rows = yield from children(api, number)
    return rows.listing("variations", lambda fields: product_results.read_product(fields, currency))


@plan(Operations.check_stock, calls=LOOKUP)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    return product_results.read_stock((yield from find_product(api, product)))


@plan(Operations.get_stock_quantity, calls=_WITH_VARIATIONS)
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


@plan(Operations.get_product_categories, calls=("GET /wc/v3/products/categories",))
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    number = None if parent is None else (yield from category_id(api, parent))
    path, query = f"{V3}/products/categories", {"parent": number}
    found = yield from api.listing(path, "categories", product_results.read_category, query)
    return found if number is None else matching(found, lambda row: (row.parent_id or 0) == number)


@plan(Operations.get_product_reviews, calls=(*LOOKUP, "GET /wc/v3/products/reviews"))
def get_product_reviews(
    api: Api, product: int | str, limit: int = 10, min_rating: int | None = None
) -> Plan[Listing[Review]]:
    """With `min_rating`, the first 1,000 reviews are looked at."""
    wanted, lowest = arguments.limit(limit), arguments.rating(min_rating)
    found = yield from find_product(api, product)
    number = found.identifier_if_any("parent_id") or found.identifier()
    params: Mapping[str, Any] = {"product": number, "status": "approved"}
    most = wanted if lowest is None else arguments.MOST_ITEMS
    path = f"{V3}/products/reviews"
    found_all = yield from api.listing(
        path, "reviews", product_results.read_review, params, limit=most
    )
    written = matching(found_all, lambda review: review.product_id == number)
    if lowest is not None:
        good = tuple(review for review in written if review.rating >= lowest)
        total = len(good) if written.total == len(written) else None
        written = replace(written, items=good, total=total)
    return page_of(written, 1, wanted)


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
        until=_has_passed(low),
    )
    # Stock that a variation shares with its product is in the product's row, so leave it out here.
    own = [row for row in rows.items if not _is_elsewhere(row)]
    is_whole = rows.complete and bool(rows.items or not rows.total)
    found = Rows(own, None, is_whole).listing("stock", product_results.read_low_stock)
    few = [row for row in found if row.quantity <= low]
    offered, unreadable = yield from _published(api, few, within)
    offered.sort(key=lambda row: row.quantity)
    unreadable += found.unreadable
    total = len(offered) if is_whole and not unreadable else None
    found = replace(found, items=tuple(offered), total=total, unreadable=unreadable)
    return page_of(found, 1, wanted)


def _is_elsewhere(row: Any) -> bool:
    return isinstance(row, dict) and row.get("manage_stock") in (False, "parent")


def _has_passed(threshold: int) -> Callable[[Any], bool]:
    """Return what says, row by row, whether all rows from there on have more than the threshold.

    The store sorts by each row's own quantity, and those with the same by id. Those without one
    come first. They show a zero, the quantity of their product or, if they are bundles of a plugin,
    one that is computed and in no order. So a lower id than before has to show where they end. And
    as bundles may have a quantity of their own as well, it takes a number of rows in order, with
    nothing uncounted between them.
    """
    run: list[Quantity] = []
    last, is_behind = 0, False

    def passed(row: Any) -> bool:
        nonlocal last, is_behind
        number = Fields(row if isinstance(row, dict) else {}, "stock").integer_or("id")
        last, is_behind = max(last, number), is_behind or 0 < number < last
        quantity = _counted(row)
        if quantity is None or (run and quantity < run[-1]):
            run.clear()
        if quantity is not None and quantity > max(threshold, 0):
            run.append(quantity)
        return is_behind and len(run) >= _IN_ORDER

    return passed


def _counted(row: Any) -> Quantity | None:
    """Return a row's quantity; None if it is not counted or cannot be read."""
    try:
        stock = Fields(row, "stock")
        return stock.quantity("stock_quantity") if stock.raw("manage_stock") is True else None
    except StoreError:
        return None


def _published(
    api: Api, rows: list[LowStock], category: int | None
) -> Plan[tuple[list[LowStock], int]]:
    """Return the rows that are published, and whose products are, in a category if one is given.

    Beside them is the number of products and variations of which that could not be read. A shop
    that switches its stock management off keeps the quantities; they are no stock then.
    """
    products = {row.parent_id or row.product_id for row in rows}
    variations = {row.product_id for row in rows if row.parent_id is not None}
    query = {"status": "publish", "_fields": "id,manage_stock"}
    # Products have categories; their variations do not.
    in_category = {**query, "category": category}
    own = yield from api.get_by_ids(f"{V3}/products", products, in_category)
    varied = yield from api.get_by_ids(f"{ANALYTICS}/variations", variations, query)
    counted = {row.identifier(): row.raw("manage_stock") is not False for row in (*own, *varied)}
    offered = [
        row
        for row in rows
        if counted.get(row.product_id) and (row.parent_id is None or row.parent_id in counted)
    ]
    return offered, own.unreadable + varied.unreadable
