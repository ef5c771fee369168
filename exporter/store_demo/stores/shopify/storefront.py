"""The Storefront API's root fields: the shop, its products, and searching them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .records import Product, Variant
from .search import matcher
from .shop import StockRoom
from .storefront_carts import Carts
from .views import View, connection, gid, money, options


class Storefront:
    """Answers queries and mutations; each public method is a root field."""

    def __init__(self, room: StockRoom) -> None:
        self._room = room

    def root(self) -> dict[str, Any]:
        """Return the root value that queries are executed on."""
        return {
            "shop": self.shop,
            "search": self.search,
            "products": self.products,
            **Carts(self._room, self._variant).root(),
        }

    def shop(self, _info: Any) -> View:
        """`shop`."""
        return {
            "name": self._room.domain.partition(".")[0].title(),
            "primaryDomain": {"host": self._room.domain},
            "paymentSettings": {
                "acceptedCardBrands": ["VISA", "MASTERCARD"],
                "supportedDigitalWallets": ["APPLE_PAY", "SHOPIFY_PAY"],
                "currencyCode": self._room.currency,
            },
        }

    def _variant(self, variant: Variant) -> View:
        return {
            "__typename": "ProductVariant",
            "id": gid("ProductVariant", variant.id),
            "title": variant.title,
            "sku": variant.sku,
            "availableForSale": variant.available,
            "price": money(variant.price, self._room.currency),
            "compareAtPrice": variant.before and money(variant.before, self._room.currency),
            "selectedOptions": options(variant),
            "product": {
                "id": gid("Product", variant.product.id),
                "title": variant.product.title,
            },
        }

    def _product(self, product: Product) -> View:
        prices = sorted(variant.price for variant in product.variants)
        return {
            "__typename": "Product",
            "id": gid("Product", product.id),
            "title": product.title,
            "handle": product.title.lower().replace(" ", "-"),
            "description": lambda _info, **_: f"Description of {product.title}",
            "onlineStoreUrl": f"https://{self._room.domain}/products/{product.id}",
            "availableForSale": _available(product),
            "productType": product.kind,
            "priceRange": {"minVariantPrice": money(prices[0], self._room.currency)},
            "variants": lambda _info, first, **_: connection(
                product.variants, self._variant, first
            ),
        }

    def _published(self) -> list[Product]:
        return [product for product in self._room.products.values() if product.published]

    def search(
        self,
        _info: Any,
        *,
        query: str,
        first: int,
        after: str | None = None,
        sortKey: str | None = None,
        reverse: bool | None = None,
        **_: Any,
    ) -> View:
        """`search` over products: every word must be in the title."""
        words = query.lower().split()
        found = [
            product
            for product in self._published()
            if all(word in product.title.lower() for word in words)
        ]
        found = _sorted(found, sortKey, reverse=bool(reverse))
        return {"totalCount": len(found), **connection(found, self._product, first, after)}

    def products(
        self,
        _info: Any,
        first: int,
        query: str | None = None,
        after: str | None = None,
        sortKey: str | None = None,
        reverse: bool | None = None,
        **_: Any,
    ) -> View:
        """`products`; a price in the search has to be that of a variant.

        As in Shopify, whatever value is asked for, only products for sale are.
        """
        query = (query or "").replace("available_for_sale:false", "available_for_sale:true")
        words = [word.lower() for word in re.findall(r'(?:^| AND )"([^"]*)"', query)]
        matches = matcher(query)
        found = [
            product
            for product in self._published()
            if all(word in product.title.lower() for word in words)
            and any(
                matches(
                    {
                        "product_type": product.kind,
                        "variants.price": float(variant.price),
                        "available_for_sale": _available(product),
                    }
                )
                for variant in product.variants
            )
        ]
        found = _sorted(found, sortKey, reverse=bool(reverse))
        return connection(found, self._product, first, after)


def _sorted(products: list[Product], key: str | None, *, reverse: bool) -> list[Product]:
    """Sort products as Shopify does by the keys that are asked for."""
    by: dict[str | None, Callable[[Product], Any]] = {
        "PRICE": lambda product: min(variant.price for variant in product.variants),
        "TITLE": lambda product: product.title,
        "CREATED_AT": lambda product: product.id,
    }
    return sorted(products, key=by[key], reverse=reverse) if key in by else products


def _available(product: Product) -> bool:
    return any(variant.available for variant in product.variants)
