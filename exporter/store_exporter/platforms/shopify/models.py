"""From Shopify's JSON to results: products, variants and collections. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from ...errors import StoreError
from ...spec.results import Category, LowStock, Price, Product, Stock
from ..kit.fields import Fields
from .ids import number


def title(variant: Fields, product: Fields) -> str:
    """Return the name of a variant; the only one of a product has the product's."""
    return product.text("title") if _alone(product) else variant.text("title")


def _alone(product: Fields) -> bool:
    return product.flag("hasOnlyDefaultVariant")


def counted(variant: Fields) -> int | None:
    """Return how many pieces there are, None when Shopify does not count them."""
    if not variant.child("inventoryItem").flag("tracked"):
        return None
    return variant.integer("inventoryQuantity", low=-(10**9))


def stock(variant: Fields, product: Fields) -> Stock:
    """Read the stock of a variant."""
    quantity = counted(variant)
    backorders = quantity is not None and variant.text("inventoryPolicy") == "CONTINUE"
    empty = quantity is not None and quantity <= 0
    available = variant.flag("availableForSale")
    status = "out_of_stock" if not available else "on_backorder" if empty else "in_stock"
    return Stock(
        product_id=number(variant),
        sku=variant.text_or("sku"),
        name=title(variant, product),
        in_stock=available,
        status=status,
        quantity=quantity,
        backorders_allowed=backorders,
    )


def price(variant: Fields, product: Fields, currency: str) -> Price:
    """Read the price of a variant; `compareAtPrice` is what it cost before it was reduced."""
    now = variant.money("price", currency)
    before = variant.money_if_any("compareAtPrice", currency)
    reduced = before is not None and before.amount > now.amount
    return Price(
        product_id=number(variant),
        sku=variant.text_or("sku"),
        name=title(variant, product),
        price=now,
        highest=now,
        regular_price=before if reduced else now,
        on_sale=reduced,
    )


def options(fields: Fields) -> Mapping[str, str]:
    """Read what distinguishes a variant."""
    return dict(
        fields.decorating("selectedOptions", lambda row: (row.text("name"), row.text("value")))
    )


def variation(variant: Fields, product: Fields, currency: str) -> Product:
    """Read a variant as a product of its own."""
    priced = price(variant, product, currency)
    return Product(
        id=number(variant),
        parent_id=number(product),
        type="variation",
        name=variant.text("title"),
        sku=variant.text_or("sku"),
        price=priced.price,
        regular_price=priced.regular_price,
        on_sale=priced.on_sale,
        stock=stock(variant, product),
        permalink=product.text_or("onlineStoreUrl"),
        description=product.text_or("description"),
        categories=_categories(product),
        attributes={name: (value,) for name, value in options(variant).items()},
    )


def _categories(product: Fields) -> tuple[str, ...]:
    if not product.has("collections"):
        return ()
    return product.child("collections").decorating("nodes", lambda row: row.text("title"))


def product(fields: Fields, variants: list[Fields], currency: str) -> Product:
    """Read a product with its variants; Shopify has at least one of every product."""
    if not variants:
        raise StoreError("invalid_response", f"{fields.where}: a product without variants")
    if _alone(fields):
        return replace(
            variation(variants[0], fields, currency),
            id=number(fields),
            parent_id=None,
            type="simple",
            name=fields.text("title"),
            attributes={},
        )
    priced = sorted(
        (price(variant, fields, currency) for variant in variants),
        key=lambda found: found.price.amount if found.price else Decimal(0),
    )
    stocks = [stock(variant, fields) for variant in variants]
    known = [found.quantity for found in stocks if found.quantity is not None]
    available = any(found.in_stock for found in stocks)
    return Product(
        id=number(fields),
        parent_id=None,
        type="variable",
        name=fields.text("title"),
        sku="",
        price=priced[0].price,
        regular_price=priced[0].regular_price,
        on_sale=any(found.on_sale for found in priced),
        stock=Stock(
            product_id=number(fields),
            sku="",
            name=fields.text("title"),
            in_stock=available,
            status="in_stock" if available else "out_of_stock",
            quantity=sum(known) if len(known) == len(stocks) else None,
            backorders_allowed=any(found.backorders_allowed for found in stocks),
        ),
        permalink=fields.text_or("onlineStoreUrl"),
        description=fields.text_or("description"),
        categories=_categories(fields),
        attributes=_attributes(variants),
        variations=tuple(number(variant) for variant in variants),
    )


def _attributes(variants: list[Fields]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in options(variant).items():
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def category(fields: Fields) -> Category:
    """Read a collection; collections have none above them."""
    count = fields.child("productsCount").integer("count")
    return Category(number(fields), fields.text("title"), fields.text("handle"), None, count, "")


def low_stock(variant: Fields) -> LowStock:
    """Read a variant of which little is left."""
    parent = variant.child("product")
    quantity = counted(variant)
    if quantity is None:
        raise StoreError("invalid_response", f"{variant.where}: not counted")
    return LowStock(
        product_id=number(variant),
        parent_id=number(parent),
        sku=variant.text_or("sku"),
        name=title(variant, parent),
        quantity=quantity,
        in_stock=variant.flag("availableForSale"),
    )


def price_range(product: Fields, variants: list[Fields], currency: str) -> Price:
    """Read the prices of a product's variants, from the lowest to the highest."""
    if not variants:
        raise StoreError("invalid_response", f"{product.where}: a product without variants")
    priced = [price(variant, product, currency) for variant in variants]
    amounts = sorted((p.price for p in priced if p.price), key=lambda money: money.amount)
    return Price(
        product_id=number(product),
        sku="",
        name=product.text("title"),
        price=amounts[0],
        highest=amounts[-1],
        regular_price=None,
        on_sale=any(found.on_sale for found in priced),
    )
