"""The simulated WooCommerce for tests, without a socket for speed; `serving` has sockets."""

from __future__ import annotations

from typing import Any

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.woocommerce import WooCommerce

from .clock import Clock
from .direct import DirectTransport, answering, changing

__all__ = ["DirectTransport", "answering", "changing", "client"]


def client(store: SimulatedWooCommerce, clock: Clock | None = None, **options: Any) -> WooCommerce:
    """Return a client of a store that needs no socket and never really sleeps."""
    clock = clock or Clock()
    key = options.pop("key", store.keys.read_write)
    url = options.pop("url", "https://shop.example.com")
    options.setdefault("org", "acme")
    return WooCommerce(
        url,
        key.consumer_key,
        key.consumer_secret,
        transport=DirectTransport(store),
        sleep=clock.sleep,
        monotonic=clock.now,
        now=clock.now,
        **options,
    )
