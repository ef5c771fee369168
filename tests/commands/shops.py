"""A simulated shop that is served from another thread, and a configuration that names it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from store_demo.stores.woocommerce import SimulatedWooCommerce

DOMAIN = "shop.example.com"


@contextmanager
def served(shop: SimulatedWooCommerce) -> Iterator[str]:
    """Serve a shop beside the test, which may block; yields its address."""
    loop = asyncio.new_event_loop()
    ready: threading.Event = threading.Event()
    ended = asyncio.Event()
    addresses: list[str] = []

    async def serve() -> None:
        async with shop.serve() as url:
            addresses.append(url)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(60)
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()


def configure(folder: Path, shop: SimulatedWooCommerce, url: str, **more: Any) -> Path:
    """Write a configuration with this shop; `more` are further keys of its entry."""
    for name in ("consumer_key", "consumer_secret"):
        (folder / name).write_text(getattr(shop.keys.read_only, name))
    store = {
        "domain": shop.domain,
        "org": "acme",
        "platform": "woocommerce",
        "url": url,
        "credentials": {
            "consumer_key": "file:consumer_key",
            "consumer_secret": "file:consumer_secret",
        },
        **more,
    }
    file = folder / "store-exporter.yml"
    file.write_text(yaml.safe_dump({"orgs": [{"org": "acme"}], "stores": [store]}))
    return file
