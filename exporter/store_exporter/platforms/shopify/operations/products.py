"""Operations about what is sold. Searching asks the Storefront API, all else the Admin API."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ....errors import StoreError
from ... import checks
from ...described import operation
from ...fields import Fields
from ...lists import listing
from ...plans import Plan
from ...results import Category, Listing, LowStock, Price, Product, Stock, StockQuantity
from .. import models
from ..api import Api

PRODUCT = "Id (a number) of a product or variant, or SKU (a text) of a variant."
_MOST = 1000
_VARIANTS = 100
_LOOKUP = ("admin VariantsByQuery", "admin ProductById", "admin VariantById")


@dataclass(frozen=True, slots=True)
class Found:
    """What an id or SKU names: a product, and one of its variants where that was meant."""

    product: Fields
    variant: Fields | None
    currency: str


def quoted(value: str) -> str:
    """Return a value for Shopify's search syntax, in which quotation marks make a phrase."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find(api: Api, product: int | str) -> Plan[Found]:
    """Return the product or variant that an id or SKU names.

    A number is an id. A text is a SKU, or an id when no variant has that SKU and it consists of
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
    found = yield from _by_id(api, product)
    if found is None:
        raise StoreError("not_found", f"there is no product {product}")
    return found


def _by_sku(api: Api, sku: str) -> Plan[Found | None]:
    """Return the variant of a SKU. The search ignores case; the exact one comes first."""
    data = yield from api.admin("VariantsByQuery", {"query": f"sku:{quoted(sku)}"}, first=10)
    variants = list(data.child("productVariants").children("nodes"))
    exact = [row for row in variants if row.text_or("sku") == sku]
    alike = [row for row in variants if row.text_or("sku").casefold() == sku.casefold()]
    for variant in exact + alike:
        return Found(variant.child("product"), variant, _currency(data))
    return None


def _by_id(api: Api, identifier: int) -> Plan[Found | None]:
    """Return the product or the variant with an id; the two have numbers of their own."""
    if identifier < 1:
        return None
    data = yield from api.admin(
        "ProductById", {"id": models.gid("Product", identifier), "variants": _VARIANTS}
    )
    if data.has("product"):
        return Found(data.child("product"), None, _currency(data))
    data = yield from api.admin("VariantById", {"id": models.gid("ProductVariant", identifier)})
    if data.has("productVariant"):
        variant = data.child("productVariant")
        return Found(variant.child("product"), variant, _currency(data))
    return None


def _currency(data: Fields) -> str:
    return data.child("shop").currency("currencyCode")


def variants_of(api: Api, found: Found) -> Plan[list[Fields]]:
    """Return all variants of a product, which a search result does not carry."""
    product = found.product
    if not product.has("variants"):
        whole = yield from _by_id(api, models.number(product))
        if whole is None:
            raise StoreError("not_found", "the product is gone")
        product = whole.product
    connection = product.child("variants")
    if connection.child("pageInfo").flag("hasNextPage"):
        raise StoreError("response_too_large", f"there are more than {_VARIANTS} variants")
    return list(connection.children("nodes"))


def only_variant(api: Api, found: Found) -> Plan[Fields | None]:
    """Return the variant that was meant: the one named, or a product's only one."""
    if found.variant is not None:
        return found.variant
    if not found.product.flag("hasOnlyDefaultVariant"):
        return None
    variants = yield from variants_of(api, found)
    return variants[0] if variants else None


@operation(
    "Searches published products by words, category, price and availability.",
    parameters={
        "query": "Words to look for in name and description.",
        "category": "A product type; Shopify's search does not look into collections.",
        "min_price": "The lowest price, in the shop's currency.",
        "max_price": "The highest price, in the shop's currency.",
        "in_stock": "True for products that can be had, False for those that cannot.",
        "limit": "The most products to return.",
    },
    errors=("invalid_input",),
    calls=("storefront SearchProducts", "storefront ListProducts"),
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
    """Search what is published in the online store, as shoppers see it."""
    wanted = checks.limit(limit)
    low, high = checks.amount(min_price, "min_price"), checks.amount(max_price, "max_price")
    kind = None if category is None else checks.text(str(category), "category")
    words = checks.text(query, "query") if query is not None and query.strip() else None
    if words is None:
        terms = _terms(kind, low, high, in_stock)
        found = yield from api.nodes(
            "ListProducts",
            "products",
            {"query": " AND ".join(terms) or None},
            limit=wanted,
            storefront=True,
        )
        total = len(found.items) if found.complete else None
        return listing(found.items, "products", models.found_product, total=total)
    filters = _filters(kind, low, high, in_stock)
    found = yield from api.nodes(
        "SearchProducts",
        "search",
        {"query": words, "filters": filters},
        limit=wanted,
        storefront=True,
    )
    total = found.page.integer("totalCount")
    return listing(found.items, "products", models.found_product, total=total)


def _filters(
    kind: str | None, low: Decimal | None, high: Decimal | None, in_stock: bool | None
) -> list[dict[str, Any]]:
    """Return the conditions of a search by words; all of them have to hold."""
    filters: list[dict[str, Any]] = []
    if kind is not None:
        filters.append({"productType": kind})
    bounds = {"min": low, "max": high}
    given = {name: float(value) for name, value in bounds.items() if value is not None}
    if given:
        filters.append({"price": given})
    if in_stock is not None:
        filters.append({"available": in_stock})
    return filters


def _terms(
    kind: str | None, low: Decimal | None, high: Decimal | None, in_stock: bool | None
) -> list[str]:
    """Return the same conditions in the search syntax, for a list that is not searched by words."""
    terms = [] if kind is None else [f"product_type:{quoted(kind)}"]
    terms += [] if low is None else [f"variants.price:>={low:f}"]
    terms += [] if high is None else [f"variants.price:<={high:f}"]
    terms += [] if in_stock is None else [f"available_for_sale:{str(in_stock).lower()}"]
    return terms


@operation(
    "Returns everything about one product or variation.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=_LOOKUP,
    example='store.get_product_details("SKU-010")',
)
def get_product_details(api: Api, product: int | str) -> Plan[Product]:
    """Return one product; by the SKU of its only variant the product itself."""
    found = yield from find(api, product)
    if found.variant is not None and not found.product.flag("hasOnlyDefaultVariant"):
        return models.variation(found.variant, found.product, found.currency)
    variants = yield from variants_of(api, found)
    return models.product(found.product, variants, found.currency)


@operation(
    "Tells whether a product can be had.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=_LOOKUP,
    example='store.check_stock("SKU-010").in_stock',
)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    """Return the stock of one product; one with variants is in stock when one of them is."""
    found = yield from find(api, product)
    variant = yield from only_variant(api, found)
    if variant is not None:
        return models.stock(variant, found.product)
    variants = yield from variants_of(api, found)
    return models.product(found.product, variants, found.currency).stock


@operation(
    "Returns how many pieces of a product are left.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=_LOOKUP,
    example='store.get_stock_quantity("MOTOR-1").quantity',
)
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    """Return what is left of a product, of one with variants in all and one by one."""
    found = yield from find(api, product)
    variant = yield from only_variant(api, found)
    if variant is not None:
        quantity = models.counted(variant)
        return StockQuantity(models.number(variant), variant.text_or("sku"), quantity)
    variants = yield from variants_of(api, found)
    counted = {models.number(row): models.counted(row) for row in variants}
    known = [quantity for quantity in counted.values() if quantity is not None]
    total = sum(known) if known and len(known) == len(counted) else None
    return StockQuantity(models.number(found.product), "", total, counted)


@operation(
    "Returns what a product costs.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=_LOOKUP,
    example='store.check_price("SKU-010").price',
)
def check_price(api: Api, product: int | str) -> Plan[Price]:
    """Return the price of a product, of one with variants from the lowest to the highest."""
    found = yield from find(api, product)
    variant = yield from only_variant(api, found)
    if variant is not None:
        return models.price(variant, found.product, found.currency)
    variants = yield from variants_of(api, found)
    return models.price_range(found.product, variants, found.currency)


@operation(
    "Lists the variations of a product.",
    parameters={"product": PRODUCT},
    errors=("not_found",),
    calls=_LOOKUP,
    example='store.get_product_variations("MOTOR-1")',
)
def get_product_variations(api: Api, product: int | str) -> Plan[Listing[Product]]:
    """List the variants of a product, or those beside a variant; the only one is none."""
    found = yield from find(api, product)
    if found.product.flag("hasOnlyDefaultVariant"):
        return Listing((), total=0)
    variants = yield from variants_of(api, found)
    items = [models.variation(row, found.product, found.currency) for row in variants]
    return Listing(tuple(items), len(items))


@operation(
    "Lists product categories.",
    parameters={"parent": "Only 0, for those at the top: collections have none above them."},
    calls=("admin Collections",),
    example="store.get_product_categories()",
)
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """List the collections; below any of them there are none."""
    if parent not in (None, 0, "0"):
        return Listing((), total=0)
    nodes, complete, _ = yield from api.nodes("Collections", "collections", {}, limit=_MOST)
    total = len(nodes) if complete else None
    return listing(nodes, "categories", models.category, total=total, complete=complete)


@operation(
    "Lists products and variations of which few are left, fewest first.",
    parameters={
        "threshold": "Pieces at or below which stock is low.",
        "limit": "The most products to return.",
    },
    calls=("admin LowStock",),
    example="store.get_low_stock_products(threshold=3)",
)
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20
) -> Plan[Listing[LowStock]]:
    """List the variants of active products that are low or sold out. The uncounted are left out."""
    if isinstance(threshold, bool) or not isinstance(threshold, int):
        raise StoreError("invalid_request", "threshold is not a whole number")
    wanted = checks.limit(limit)
    query = f"inventory_quantity:<={threshold} AND product_status:active AND managed:true"
    nodes, complete, _ = yield from api.nodes(
        "LowStock", "productVariants", {"query": query}, limit=wanted
    )
    total = len(nodes) if complete else None
    return listing(nodes, "stock", models.low_stock, total=total)
