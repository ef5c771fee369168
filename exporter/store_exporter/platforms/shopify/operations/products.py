"""Operations about what is sold. Searching asks the Storefront API, all else the Admin API."""

from __future__ import annotations

from ....errors import StoreError
from ....net.plans import Plan
from ...kit import checks
from ...kit.described import operation
from ...kit.lists import listing
from ...kit.results import Category, Listing, LowStock, Price, Product, Stock, StockQuantity
from .. import ids, models
from ..api import Api
from ..product_lookup import PRODUCT, find, only_variant, variants_of

_MOST = 1000
_LOOKUP = ("admin VariantsByQuery", "admin ProductById", "admin VariantById")


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
        return StockQuantity(ids.number(variant), variant.text_or("sku"), quantity)
    variants = yield from variants_of(api, found)
    counted = {ids.number(row): models.counted(row) for row in variants}
    known = [quantity for quantity in counted.values() if quantity is not None]
    total = sum(known) if known and len(known) == len(counted) else None
    return StockQuantity(ids.number(found.product), "", total, counted)


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
