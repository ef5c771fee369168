"""Operations about what is sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ....errors import StoreError
from ...described import operation
from ...fields import Fields, Quantity
from ...plans import Plan
from ...results import (
    Category,
    Listing,
    LowStock,
    Price,
    Product,
    Review,
    Stock,
    StockQuantity,
)
from .. import checks, models
from ..api import ANALYTICS, MAX_PAGES, PAGE, V3, Api, Rows
from ..models import listing, only

PRODUCT = "Id (a number) or SKU (a text) of a product or variation."
_LOOKUP = ("GET /wc/v3/products?sku=", "GET /wc/v3/products/{id}")
_CURRENCY = "GET /wc/v3/settings/general/woocommerce_currency"


def find(api: Api, product: int | str) -> Plan[Fields]:
    """Return the product or variation that an id or SKU names.

    A number is an id. A text is a SKU, or an id when no product has that SKU and it consists of
    digits: SKUs may be numbers too.

    Raises:
        StoreError: not_found.
    """
    if isinstance(product, bool) or not isinstance(product, (int, str)):
        raise StoreError("invalid_request", "product is neither an id nor a SKU")
    if isinstance(product, str):
        sku = checks.text(product, "product")
        found = yield from _by_sku(api, sku)
        if found is not None:
            return found
        if not (sku.isascii() and sku.isdigit() and len(sku) < 18):
            raise StoreError("not_found", f"there is no product with the SKU {sku}")
        product = int(sku)
    if product < 1:
        raise StoreError("not_found", f"there is no product {product}")
    body = yield from api.get(f"{V3}/products/{product}")
    found = Fields(body, f"product {product}")
    if found.identifier() != product:
        raise StoreError("invalid_response", f"product {product} was answered with another")
    return found


def _by_sku(api: Api, sku: str) -> Plan[Fields | None]:
    """Return the product of a SKU: the store ignores case, so that the exact one comes first."""
    body = yield from api.get(f"{V3}/products", {"sku": sku, "per_page": PAGE})
    if not isinstance(body, list):
        raise StoreError("invalid_response", "the products are not a list")
    rows = [Fields(row, f"product {sku}") for row in body]
    exact = [row for row in rows if row.text("sku") == sku]
    alike = [row for row in rows if row.text("sku").casefold() == sku.casefold()]
    return next(iter(exact + alike), None)


def children(api: Api, parent_id: int) -> Plan[Rows]:
    """Return the variations of a product as they are."""
    return (yield from api.rows(f"{V3}/products/{parent_id}/variations"))


def _whole(rows: Rows, what: str) -> list[Fields]:
    """Return all items of a list that a figure is made of; each must be there and readable."""
    if not rows.complete:
        raise StoreError("response_too_large", f"there are more than {MAX_PAGES * PAGE} {what}")
    return [Fields(row, f"{what}[{index}]") for index, row in enumerate(rows.items)]


@operation(
    "Searches published products by words, category, price and availability.",
    parameters={
        "query": "Words to look for in name and description.",
        "category": "Id, slug or name of a category.",
        "min_price": "The lowest price, in the shop's currency.",
        "max_price": "The highest price, in the shop's currency.",
        "in_stock": "True for products that can be had, False for those that cannot.",
        "limit": "The most products to return.",
    },
    errors=("not_found", "invalid_input"),
    calls=("GET /wc/v3/products", "GET /wc/v3/products/categories", _CURRENCY),
    example='store.search_products("pump", max_price="300", in_stock=True)',
)
def search_products(
    api: Api,
    query: str | None = None,
    *,
    category: int | str | None = None,
    min_price: Decimal | float | str | None = None,
    max_price: Decimal | float | str | None = None,
    in_stock: bool | None = None,
    limit: int = 10,
) -> Plan[Listing[Product]]:
    """Search published products.

    Variations are not found on their own; their product is. A product with variations counts with
    its lowest price.
    """
    wanted = checks.limit(limit)
    low, high = checks.amount(min_price, "min_price"), checks.amount(max_price, "max_price")
    params: dict[str, Any] = {"status": "publish", "min_price": low, "max_price": high}
    if query is not None and query.strip():
        params["search"] = checks.text(query, "query")
    if in_stock is not None:
        params["stock_status"] = "instock" if in_stock else "outofstock"
    if category is not None:
        params["category"] = yield from _category_id(api, category)
    rows = yield from api.rows(f"{V3}/products", params, limit=wanted)
    currency = yield from api.currency()
    return listing(rows, "products", lambda fields: models.product(fields, currency))


def _category_id(api: Api, category: int | str) -> Plan[int]:
    """Return the id of a category given by id, slug or name."""
    if isinstance(category, int):
        return category
    wanted = checks.text(category, "category")
    for params in ({"slug": wanted}, {"search": wanted}):
        rows = yield from api.rows(f"{V3}/products/categories", params, limit=PAGE)
        for row in (Fields(item, "category") for item in rows.items):
            names = {row.text("slug").casefold(), row.text("name").casefold()}
            if wanted.casefold() in names:
                return row.identifier()
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 18:
        return int(wanted)
    raise StoreError("not_found", f"there is no category {wanted}")


@operation(
    "Returns everything about one product or variation.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*_LOOKUP, _CURRENCY),
    example='store.get_product_details("SKU-010")',
)
def get_product_details(api: Api, product: int | str) -> Plan[Product]:
    """Return one product or variation."""
    found = yield from find(api, product)
    currency = yield from api.currency()
    return models.product(found, currency)


@operation(
    "Tells whether a product can be had.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=_LOOKUP,
    example='store.check_stock("SKU-010").in_stock',
)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    """Return the stock of one product; one with variations is in stock when one of them is."""
    return models.stock((yield from find(api, product)))


@operation(
    "Returns how many pieces of a product are left.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*_LOOKUP, "GET /wc/v3/products/{id}/variations"),
    example='store.get_stock_quantity("MOTOR-1").quantity',
)
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    """Return what is left of a product, of one with variations in all and one by one."""
    found = yield from find(api, product)
    own = models.stock_quantity(found)
    number, sku = found.identifier(), found.text_or("sku")
    if found.text("type") != "variable" or own is not None:
        return StockQuantity(number, sku, own)
    rows = yield from children(api, number)
    counted: dict[int, Quantity | None] = {
        row.identifier(): models.stock_quantity(row) for row in _whole(rows, "variations")
    }
    known = [quantity for quantity in counted.values() if quantity is not None]
    # One that is not counted makes the sum unknown, unless there is none that is.
    total = sum(known, start=0) if known and len(known) == len(counted) else None
    return StockQuantity(number, sku, total, counted)


@operation(
    "Returns what a product costs.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*_LOOKUP, "GET /wc/v3/products/{id}/variations", _CURRENCY),
    example='store.check_price("SKU-010").price',
)
def check_price(api: Api, product: int | str) -> Plan[Price]:
    """Return the price of a product, of one with variations from the lowest to the highest."""
    found = yield from find(api, product)
    currency = yield from api.currency()
    price = models.price(found, currency)
    if found.text("type") != "variable":
        return price
    rows = yield from children(api, found.identifier())
    # An empty price is that of a variation that cannot be bought.
    priced = [row for row in _whole(rows, "variations") if row.raw("price") != ""]
    prices = [row.money("price", currency) for row in priced]
    prices.sort(key=lambda money: money.amount)
    return replace(price, price=prices[0], highest=prices[-1]) if prices else price


@operation(
    "Lists the variations of a product.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*_LOOKUP, "GET /wc/v3/products/{id}/variations", _CURRENCY),
    example='store.get_product_variations("MOTOR-1")',
)
def get_product_variations(api: Api, product: int | str) -> Plan[Listing[Product]]:
    """List the variations of a product, or those beside a variation; others have none."""
    found = yield from find(api, product)
    parent = models.optional_id(found, "parent_id")
    if found.text("type") == "variation" and parent is not None:
        number = parent
    elif "variable" in found.text("type"):
        number = found.identifier()
    else:
        return Listing((), total=0)
    currency = yield from api.currency()
    rows = yield from children(api, number)
    return listing(rows, "variations", lambda fields: models.product(fields, currency))


@operation(
    "Lists product categories.",
    parameters={"parent": "Id, slug or name of the category above; 0 for those at the top."},
    errors=("not_found",),
    calls=("GET /wc/v3/products/categories",),
    example="store.get_product_categories(parent=0)",
)
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """List all categories, or those right below one."""
    number = None if parent is None else (yield from _category_id(api, parent))
    rows = yield from api.rows(f"{V3}/products/categories", {"parent": number})
    found = listing(rows, "categories", models.category)
    return found if number is None else only(found, lambda row: (row.parent_id or 0) == number)


@operation(
    "Lists what shoppers wrote about a product, newest first.",
    parameters={"product": PRODUCT, "limit": "The most reviews to return."},
    errors=("not_found",),
    calls=(*_LOOKUP, "GET /wc/v3/products/reviews"),
    example='store.get_product_reviews("SKU-010", limit=3)',
)
def get_product_reviews(api: Api, product: int | str, limit: int = 10) -> Plan[Listing[Review]]:
    """List the approved reviews of a product; a variation has those of its product."""
    wanted = checks.limit(limit)
    found = yield from find(api, product)
    number = models.optional_id(found, "parent_id") or found.identifier()
    params: Mapping[str, Any] = {"product": number, "status": "approved"}
    rows = yield from api.rows(f"{V3}/products/reviews", params, limit=wanted)
    written = listing(rows, "reviews", models.review)
    return only(written, lambda review: review.product_id == number)


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
