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

from typing import TYPE_CHECKING, Any

from ...spec.sessions import CartSession

if TYPE_CHECKING:
    from .client import AsyncWooCommerce, WooCommerce

__all__ = ["AsyncWooCommerce", "CartSession", "WooCommerce"]


def __getattr__(name: str) -> Any:
    # The clients need httpx, which takes longer to import than all the rest and which the commands
    # that list operations, settings or probes do not use.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import client

    return globals().setdefault(name, getattr(client, name))
