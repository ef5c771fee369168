"""Operations about what is sold. Searching asks the Storefront API, all else the Admin API."""

from __future__ import annotations

from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Category, Listing, LowStock, Price, Product, Stock, StockQuantity
from ...kit import checks, products
from ...kit.lists import listing
from ...kit.operations import plan
from .. import ids, models
from ..api import Api
from ..product_lookup import find, only_variant, variants_of

_MOST = 1000
_LOOKUP = ("admin VariantsByQuery", "admin ProductById", "admin VariantById")


@plan(Operations.get_product_details, calls=_LOOKUP)
def get_product_details(api: Api, product: int | str) -> Plan[Product]:
    """By the SKU of its only variant, the product itself."""
    found = yield from find(api, product)
    if found.variant is not None and not found.product.flag("hasOnlyDefaultVariant"):
        return models.variation(found.variant, found.product, found.currency)
    variants = yield from variants_of(api, found)
    return models.product(found.product, variants, found.currency)


@plan(Operations.check_stock, calls=_LOOKUP)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    found = yield from find(api, product)
    variant = yield from only_variant(api, found)
    if variant is not None:
        return models.stock(variant, found.product)
    variants = yield from variants_of(api, found)
    return models.product(found.product, variants, found.currency).stock


@plan(Operations.get_stock_quantity, calls=_LOOKUP)
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    found = yield from find(api, product)
    variant = yield from only_variant(api, found)
    if variant is not None:
        quantity = models.counted(variant)
        return StockQuantity(ids.number(variant), variant.text_or("sku"), quantity)
    variants = yield from variants_of(api, found)
    counted = {ids.number(row): models.counted(row) for row in variants}
    total = products.in_all(counted.values())
    return StockQuantity(ids.number(found.product), "", total, counted)


@plan(Operations.check_price, calls=_LOOKUP)
def check_price(api: Api, product: int | str) -> Plan[Price]:
    found = yield from find(api, product)
    variant = yield from only_variant(api, found)
    if variant is not None:
        return models.price(variant, found.product, found.currency)
    variants = yield from variants_of(api, found)
    return models.price_range(found.product, variants, found.currency)


@plan(Operations.get_product_variations, calls=_LOOKUP)
def get_product_variations(api: Api, product: int | str) -> Plan[Listing[Product]]:
    found = yield from find(api, product)
    if found.product.flag("hasOnlyDefaultVariant"):
        return Listing((), total=0)
    variants = yield from variants_of(api, found)
    items = [models.variation(row, found.product, found.currency) for row in variants]
    return Listing(tuple(items), len(items))


@plan(Operations.get_product_categories, calls=("admin Collections",))
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """The collections; below any of them there are none."""
    if parent not in (None, 0, "0"):
        return Listing((), total=0)
    nodes, complete, _ = yield from api.admin.nodes("Collections", "collections", {}, limit=_MOST)
    total = len(nodes) if complete else None
    return listing(nodes, "categories", models.category, total=total, complete=complete)


@plan(Operations.get_low_stock_products, calls=("admin LowStock",))
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20
) -> Plan[Listing[LowStock]]:
    """Variants of active products that are low or sold out."""
    checks.whole(threshold, "threshold")
    wanted = checks.limit(limit)
    query = f"inventory_quantity:<={threshold} AND product_status:active AND managed:true"
    nodes, complete, _ = yield from api.admin.nodes(
        "LowStock", "productVariants", {"query": query}, limit=wanted
    )
    total = len(nodes) if complete else None
    return listing(nodes, "stock", models.low_stock, total=total)
