"""Shopify: the operations that applications run against a shop.

    from store_exporter.platforms.shopify import CartSession, Shopify

    store = Shopify("https://shop.myshopify.com", "shpat_...", "...", org="acme")
    store.search_products("pump", in_stock=True)
    session = CartSession()
    store.add_to_cart("SKU-010", quantity=2, cart=session)

`AsyncShopify` has the same methods to be awaited. Failures are `StoreError`s, whose `error_type`
and `fault` are also what the instrumentation records.
"""

from ..sessions import CartSession
from .client import AsyncShopify, Shopify

__all__ = ["AsyncShopify", "CartSession", "Shopify"]
