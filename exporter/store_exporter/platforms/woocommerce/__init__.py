"""WooCommerce: the operations that applications run against a store.

    from store_exporter.platforms.woocommerce import CartSession, WooCommerce

    store = WooCommerce("https://shop.example.com", "ck_...", "cs_...", org="acme")
    store.search_products("pump", in_stock=True)
    session = CartSession()
    store.add_to_cart("SKU-010", quantity=2, cart=session)

`AsyncWooCommerce` has the same methods to be awaited. Failures are `StoreError`s, whose
`error_type` and `fault` are also what the instrumentation records.
"""

from .carts import CartSession
from .client import AsyncWooCommerce, WooCommerce

__all__ = ["AsyncWooCommerce", "CartSession", "WooCommerce"]
