"""Operations on products. Searching uses the Storefront API, all else the Admin API."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Money
from ....spec.operations import Operations
from ....spec.results import Category, Listing, LowStock, Product, Stock
from ...kit.graphql.documents import check_whole
from ...kit.operations import arguments
from ...kit.operations.plans import plan
from ...kit.operations.products import joined_options, product_plans
from ...kit.operations.search import SearchRequest, search_plan
from ...kit.reading.fields import Fields
from ...kit.reading.lists import listing, page_of
from ...kit.reading.secondary import Secondary
from ..api import Api
from ..product_lookup import LOOKUP, Lookup, quoted
from ..reading import product_results
from ..reading.ids import amount, amount_if_any, number
from ..scarce_variants import scarce_variants

_SORTS: dict[str | None, tuple[str | None, bool]] = {
    None: (None, False),
    "newest": ("CREATED_AT", True),
    "price": ("PRICE", False),
    "price_desc": ("PRICE", True),
    "popularity": ("BEST_SELLING", False),
    "title": ("TITLE", False),
}
"""Shopify's sort key, and whether it is reversed, by the name that all platforms share."""


@search_plan(calls=("storefront SearchProducts", "storefront ListProducts"))
def search_products(api: Api, request: SearchRequest) -> Plan[Listing[Product]]:
    """What is published in the online store, as shoppers see it. `category` is a product type;
    Shopify's search does not look into collections. It cannot sort by rating. `attributes` are the
    options of variants, looked for in the first 1,000 products that are found. What is out of
    stock is looked for in the first 5,000.
    """
    if request.sort == "rating":
        raise StoreError("invalid_request", "Shopify cannot sort by rating")
    sort, reverse = _SORTS[request.sort]
    words = [] if request.words is None else request.words.split()
    stock, reach = request.in_stock, request.reach
    conditions = _conditions(request)
    # The search sorts by relevance and price alone; the list by the rest, and finds words too. A
    # filter of the search works only if the merchant has enabled it, and is else ignored without a
    # word; the list always narrows down by its query.
    if not words or conditions or stock is False or sort not in (None, "PRICE"):
        query = " AND ".join([*map(quoted, words), *conditions]) or None
        listed = {"sort": sort or ("RELEVANCE" if words else None), "reverse": reverse}
        matches = None if stock is None else partial(_is_requested, stock)
        found = yield from api.storefront.nodes(
            "ListProducts", "products", {"query": query, **listed}, limit=reach, matches=matches
        )
        total = len(found.items) if found.complete else None
    else:
        variables = {"query": request.words, "sort": sort, "reverse": reverse}
        found = yield from api.storefront.nodes("SearchProducts", "search", variables, limit=reach)
        total = found.page.integer("totalCount")
    products = listing(found.items, "products", _product, total=total, complete=found.complete)
    shown = request.shown(products)
    # A list that goes on is incomplete only if something was looked for in it.
    looked_for = request.attributes or len(found.items) < reach
    return shown if looked_for else replace(shown, complete=True)


def _is_requested(in_stock: bool, node: Any) -> bool:
    """Whether a product is in stock as requested: Shopify's filter takes any value for true."""
    return not isinstance(node, dict) or node.get("availableForSale") in (in_stock, None)


def _conditions(request: SearchRequest) -> list[str]:
    """Return what a product must be, apart from the words, in the search syntax."""
    kind = request.category
    terms = [] if kind is None else [f"product_type:{quoted(str(kind))}"]
    terms += [] if request.low is None else [f"variants.price:>={request.low:f}"]
    terms += [] if request.high is None else [f"variants.price:<={request.high:f}"]
    return [*terms, "available_for_sale:true"] if request.in_stock else terms


def _product(fields: Fields) -> Product:
    """Read a product as the Storefront API's search shows it, without quantities.

    Their number needs a scope that no shopper's page needs.
    """
    prices = fields.child("priceRange")
    lowest = amount(prices.child("minVariantPrice"))
    available = fields.flag("availableForSale")
    variants = list(fields.nodes("variants"))
    single, also = len(variants) == 1, Secondary()
    for name in ("on_sale", "attributes", "variations"):
        also.read(name, check_whole, fields.child("variants"))
    reduced = any(_reduced(row) for row in variants)
    return Product(
        id=number(fields, "Product"),
        parent_id=None,
        type="simple" if single else "variable",
        name=fields.text("title"),
        sku=variants[0].text_or("sku") if single else "",
        price=lowest,
        regular_price=also.read("regular_price", _regular_price, variants, lowest),
        on_sale=reduced or (None if also.unreadable else False),
        stock=Stock(
            product_id=number(fields, "Product"),
            sku="",
            name=fields.text("title"),
            in_stock=available,
            status="in_stock" if available else "out_of_stock",
            quantity=None,
            backorders_allowed=False,
        ),
        permalink=fields.text_or("onlineStoreUrl"),
        description=fields.text_or("description"),
        categories=(fields.text_or("productType"),) if fields.text_or("productType") else (),
        attributes={} if single else joined_options(chain(*map(product_results.options, variants))),
        variations=() if single else tuple(number(row, "ProductVariant") for row in variants),
        unreadable=also.unreadable,
    )


def _regular_price(variants: list[Fields], lowest: Money) -> Money:
    """Return the price before the reduction of the variant that costs the lowest price."""
    for variant in variants:
        if amount(variant.child("price")) == lowest:
            return _reduced(variant) or lowest
    raise StoreError("invalid_response", "the cheapest variant is not among those shown")


def _reduced(variant: Fields) -> Money | None:
    """Return the price of a variant before its reduction; None if it is not reduced."""
    before = amount_if_any(variant, "compareAtPrice")
    if before is None or before.amount <= amount(variant.child("price")).amount:
        return None
    return before


OF_ONE = product_plans(Lookup, calls=LOOKUP)


@plan(Operations.get_product_categories, calls=("admin Collections",))
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """The collections; a collection has no collections below it."""
    if parent not in (None, 0, "0"):
        return Listing((), total=0)
    return (
        yield from api.admin.listing(
            "Collections", "collections", {}, product_results.category, limit=1000, ours=True
        )
    )


@plan(Operations.get_low_stock_products, calls=("admin ScarceVariants",))
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20, category: int | str | None = None
) -> Plan[Listing[LowStock]]:
    """Variants of active products that are low or sold out. `category` is a product type."""
    arguments.whole_number(threshold, "threshold")
    wanted = arguments.limit(limit)
    kind = None if category is None else arguments.text(str(category), "category")
    found = yield from scarce_variants(api, threshold, wanted, kind)
    total = len(found.items) if found.complete else None
    return page_of(
        listing(found.items, "productVariants", product_results.low_stock, total=total), 1, wanted
    )
