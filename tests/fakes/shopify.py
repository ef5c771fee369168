"""The simulated Shopify for tests, without a socket for speed."""

from __future__ import annotations

from typing import Any

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify

from .clock import Clock
from .direct import DirectTransport


def client(shop: SimulatedShopify, clock: Clock | None = None, **options: Any) -> Shopify:
    """Return a client of a shop that needs no socket and never really sleeps."""
    clock = clock or Clock()
    options.setdefault("org", "acme")
    return Shopify(
        "https://shop.example.com",
        options.pop("admin", shop.tokens.admin),
        options.pop("storefront_token", shop.tokens.storefront),
        transport=options.pop("transport", None) or DirectTransport(shop),
        sleep=clock.sleep,
        monotonic=clock.now,
        now=clock.now,
        **options,
    )
