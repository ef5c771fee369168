"""Reads Shopify's JSON of products, variants and collections. No I/O."""

from __future__ import annotations

from dataclasses import replace

from ....spec.results import Category, LowStock, Product, Stock
from ...kit.graphql.documents import check_whole
from ...kit.operations import products
from ...kit.reading.fields import Fields
from ...kit.reading.secondary import Secondary
from .ids import not_negative, number

_STATUSES = ("ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED")
_POLICIES = ("CONTINUE", "DENY")


def is_on_sale(product: Fields) -> bool:
    """Whether a product can be bought; the parent of a combined listing only shows its children."""
    is_parent = product.text_or("combinedListingRole") == "PARENT"
    return product.one_of_or("status", _STATUSES, "") == "ACTIVE" and not is_parent


def options(variant: Fields) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a variant's options."""
    return variant.optional_items(
        "selectedOptions", lambda row: (row.text("name"), row.text("value"))
    )


def counted(variant: Fields) -> int | None:
    """Return how many pieces are in stock; None if Shopify does not count them."""
    if not variant.child("inventoryItem").flag("tracked"):
        return None
    return variant.integer("inventoryQuantity", low=-(10**9))


def is_scarce(variant: Fields, threshold: int) -> bool:
    """Whether a variant is on sale and counted, with `threshold` pieces left or fewer.

    Raises:
        StoreError: invalid_response.
    """
    left, on_sale = counted(variant), is_on_sale(variant.child("product"))
    return left is not None and left <= threshold and on_sale


def is_of_type(product: Fields, name: str) -> bool:
    """Whether a product has this product type; Shopify does not distinguish upper and lower case.

    Raises:
        StoreError: invalid_response.
    """
    return product.text("productType").strip().casefold() == name.strip().casefold()


def on_backorder(variant: Fields) -> bool:
    """Whether a scarce variant can be bought although none is left."""
    empty = (counted(variant) or 0) <= 0
    return variant.one_of("inventoryPolicy", _POLICIES) == "CONTINUE" and empty


def stock(variant: Fields, product: Fields) -> Stock:
    """Read the stock of a variant; a product's only variant takes the product's name."""
    also = Secondary()
    quantity = also.read("quantity", counted, variant)
    empty = quantity is not None and quantity <= 0
    available = variant.flag("availableForSale")
    policy = also.read("backorders_allowed", variant.one_of, "inventoryPolicy", _POLICIES)
    return Stock(
        product_id=number(variant, "ProductVariant"),
        sku=variant.text_or("sku"),
        name=(product if product.flag("hasOnlyDefaultVariant") else variant).text("title"),
        in_stock=available,
        status="out_of_stock" if not available else "on_backorder" if empty else "in_stock",
        quantity=quantity,
        backorders_allowed=None
        if also.unreadable
        else quantity is not None and policy == "CONTINUE",
        unreadable=also.unreadable,
    )


def sold(variant: Fields, product: Fields, currency: str) -> Product:
    """Read a variant as a variation, or as the product itself if it is its only variant.

    `compareAtPrice` is its price before the reduction.
    """
    price, also = not_negative(variant.money("price", currency), variant), Secondary()
    before = also.read("regular_price", variant.money_if_any, "compareAtPrice", currency)
    reduced = None
    if not also.unreadable:
        reduced = before is not None and before.amount > price.amount
    found = Product(
        id=number(variant, "ProductVariant"),
        parent_id=number(product, "Product"),
        type="variation",
        name=variant.text("title"),
        sku=variant.text_or("sku"),
        price=price,
        regular_price=None if reduced is None else before if reduced else price,
        on_sale=reduced,
        stock=stock(variant, product),
        permalink=product.text_or("onlineStoreUrl"),
        description=product.text_or("description"),
        categories=_categories(product, also),
        attributes={name: (value,) for name, value in options(variant)},
        unreadable=also.unreadable,
    )
    if not product.flag("hasOnlyDefaultVariant"):
        return found
    name = product.text("title")
    return replace(
        found,
        id=number(product, "Product"),
        parent_id=None,
        type="simple",
        name=name,
        attributes={},
    )


def _categories(product: Fields, also: Secondary) -> tuple[str, ...]:
    found = also.read("categories", product.at, "collections")
    if found is None:
        return ()
    also.read("categories", check_whole, found)
    return found.optional_items("nodes", lambda row: row.text("title"))


def product(fields: Fields, variants: list[Product]) -> Product:
    """Return a product with its variants; on Shopify every product has at least one."""
    if not variants:
        raise fields.invalid("a product without variants")
    if fields.flag("hasOnlyDefaultVariant"):
        return variants[0]
    return products.product_of_variations(number(fields, "Product"), fields.text("title"), variants)


def category(fields: Fields) -> Category:
    """Read a collection; collections have no parents."""
    count = Secondary().read("count", lambda: fields.child("productsCount").integer("count"))
    return Category(
        number(fields, "Collection"),
        fields.text("title"),
        fields.text_or("handle"),
        None,
        count,
        "",
    )


def low_stock(variant: Fields) -> LowStock:
    """Read a variant with low stock."""
    parent = variant.child("product")
    found = stock(variant, parent)
    if found.quantity is None:
        raise variant.invalid("not counted")
    return LowStock(
        product_id=found.product_id,
        parent_id=number(parent, "Product"),
        sku=found.sku,
        name=found.name,
        quantity=found.quantity,
        in_stock=found.in_stock,
    )
