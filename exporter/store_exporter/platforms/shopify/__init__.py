"""Shopify: the operations that applications run against a shop.

    from store_exporter.platforms.shopify import App, CartSession, Shopify

    app = App("client-id", "shpss_...")
    store = Shopify("https://shop.myshopify.com", app, "storefront-token", org="acme")
    store.search_products("pump", in_stock=True)
    session = CartSession()
    store.add_to_cart("SKU-010", quantity=2, cart=session)

`AsyncShopify` has the same methods to be awaited. Failures are `StoreError`s, whose `error_type`
and `fault` are also what the instrumentation records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kit.client.lazy import lazy_members

if TYPE_CHECKING:
    from .client import App, AsyncShopify, CartSession, Shopify

__all__ = ["App", "AsyncShopify", "CartSession", "Shopify"]

__getattr__ = lazy_members(__name__, "client", __all__)
