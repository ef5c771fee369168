"""Products as the Storefront API's search shows them. No I/O."""

from __future__ import annotations

from ...spec.results import Product, Stock
from ..kit.fields import Fields
from .ids import amount, amount_if_any, number


def found_product(fields: Fields) -> Product:
    """Read a product as the Storefront API's search shows it, without quantities.

    Their number takes a scope that no shopper's page needs.
    """
    prices = fields.child("priceRange")
    lowest = amount(prices.child("minVariantPrice"))
    available = fields.flag("availableForSale")
    variants = list(fields.child("variants").children("nodes"))
    single = len(variants) == 1
    return Product(
        id=number(fields),
        parent_id=None,
        type="simple" if single else "variable",
        name=fields.text("title"),
        sku=variants[0].text_or("sku") if single else "",
        price=lowest,
        regular_price=lowest,
        on_sale=any(_reduced(row) for row in variants),
        stock=Stock(
            product_id=number(fields),
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
        variations=() if single else tuple(number(row) for row in variants),
    )


def _reduced(variant: Fields) -> bool:
    before = amount_if_any(variant, "compareAtPrice")
    return before is not None and before.amount > amount(variant.child("price")).amount
