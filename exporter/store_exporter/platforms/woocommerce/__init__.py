"""WooCommerce: the operations that applications run against a store.

    from store_exporter.platforms.woocommerce import CartSession, WooCommerce

    store = WooCommerce("https://shop.example.com", "ck_...", "cs_...", org="acme")
    store.search_products("pump", in_stock=True)

    session = CartSession()  # one for each shopper
    store.add_to_cart("SKU-010", quantity=2, cart=session)

One client serves all threads of an application and keeps its connections open; `close` it at the
end, or use it in a `with` statement. `AsyncWooCommerce` has the same methods, to be awaited.

Failures are `StoreError`s, whose `error_type` and `fault` are also what the instrumentation
records. A request is sent again only where that is safe; `policy` sets timeouts, the deadline of
an operation and how often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kit.client.lazy import lazy_members

if TYPE_CHECKING:
    from .client import AsyncWooCommerce, CartSession, WooCommerce

__all__ = ["AsyncWooCommerce", "CartSession", "WooCommerce"]

__getattr__ = lazy_members(__name__, "client", __all__)
