"""Operations about what is sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ....net.plans import Plan
from ...kit import checks
from ...kit.described import operation
from ...kit.results import Category, Listing, Price, Product, Review
from .. import models
from ..api import V3, Api
from ..models import listing, only
from ..product_lookup import CURRENCY, LOOKUP, PRODUCT, category_id, children, find_product, whole


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
    calls=("GET /wc/v3/products", "GET /wc/v3/products/categories", CURRENCY),
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
        params["category"] = yield from category_id(api, category)
    rows = yield from api.rows(f"{V3}/products", params, limit=wanted)
    currency = yield from api.currency()
    return listing(rows, "products", lambda fields: models.product(fields, currency))


@operation(
    "Returns everything about one product or variation.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*LOOKUP, CURRENCY),
    example='store.get_product_details("SKU-010")',
)
def get_product_details(api: Api, product: int | str) -> Plan[Product]:
    """Return one product or variation."""
    found = yield from find_product(api, product)
    currency = yield from api.currency()
    return models.product(found, currency)


@operation(
    "Returns what a product costs.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*LOOKUP, "GET /wc/v3/products/{id}/variations", CURRENCY),
    example='store.check_price("SKU-010").price',
)
def check_price(api: Api, product: int | str) -> Plan[Price]:
    """Return the price of a product, of one with variations from the lowest to the highest."""
    found = yield from find_product(api, product)
    currency = yield from api.currency()
    price = models.price(found, currency)
    if found.text("type") != "variable":
        return price
    rows = yield from children(api, found.identifier())
    # An empty price is that of a variation that cannot be bought.
    priced = [row for row in whole(rows, "variations") if row.raw("price") != ""]
    prices = [row.money("price", currency) for row in priced]
    prices.sort(key=lambda money: money.amount)
    return replace(price, price=prices[0], highest=prices[-1]) if prices else price


@operation(
    "Lists the variations of a product.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=(*LOOKUP, "GET /wc/v3/products/{id}/variations", CURRENCY),
    example='store.get_product_variations("MOTOR-1")',
)
def get_product_variations(api: Api, product: int | str) -> Plan[Listing[Product]]:
    """List the variations of a product, or those beside a variation; others have none."""
    found = yield from find_product(api, product)
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
    number = None if parent is None else (yield from category_id(api, parent))
    rows = yield from api.rows(f"{V3}/products/categories", {"parent": number})
    found = listing(rows, "categories", models.category)
    return found if number is None else only(found, lambda row: (row.parent_id or 0) == number)


@operation(
    "Lists what shoppers wrote about a product, newest first.",
    parameters={"product": PRODUCT, "limit": "The most reviews to return."},
    errors=("not_found",),
    calls=(*LOOKUP, "GET /wc/v3/products/reviews"),
    example='store.get_product_reviews("SKU-010", limit=3)',
)
def get_product_reviews(api: Api, product: int | str, limit: int = 10) -> Plan[Listing[Review]]:
    """List the approved reviews of a product; a variation has those of its product."""
    wanted = checks.limit(limit)
    found = yield from find_product(api, product)
    number = models.optional_id(found, "parent_id") or found.identifier()
    params: Mapping[str, Any] = {"product": number, "status": "approved"}
    rows = yield from api.rows(f"{V3}/products/reviews", params, limit=wanted)
    written = listing(rows, "reviews", models.review)
    return only(written, lambda review: review.product_id == number)
