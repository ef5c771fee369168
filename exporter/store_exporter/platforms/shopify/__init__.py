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

from typing import TYPE_CHECKING, Any

from ...spec.sessions import CartSession
from .auth import App

if TYPE_CHECKING:
    from .client import AsyncShopify, Shopify

__all__ = ["App", "AsyncShopify", "CartSession", "Shopify"]


def __getattr__(name: str) -> Any:
    # The clients need httpx, which takes longer to import than all the rest and which the commands
    # that list operations, settings or probes do not use.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import client

    return globals().setdefault(name, getattr(client, name))
