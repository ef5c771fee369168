"""What the demo needs of a simulated store, whatever its platform.

A platform's simulated store is the folder `demo/stores/<platform>/` whose module `demo` has
`open_store(domain, currency=, seed=) -> DemoStore` and `WARES`. Nothing else names the platform.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from aiohttp import web

from .faults import Faults


@dataclass(frozen=True, slots=True)
class Wares:
    """What shoppers may ask a simulated store for; the same in each that has the same seed.

    Attributes:
        queries: words to search for, one without a result among them.
        products: SKUs that are in stock.
        sold_out: SKUs that are not.
        coupons: codes that are accepted.
        bad_coupons: codes that are refused: expired, used up or unknown.
        emails: of customers, one unknown among them.
    """

    queries: tuple[str, ...]
    products: tuple[str, ...]
    sold_out: tuple[str, ...]
    coupons: tuple[str, ...]
    bad_coupons: tuple[str, ...]
    emails: tuple[str, ...]


class DemoStore(Protocol):
    """A running shop: it serves its platform's API, has a life of its own and can misbehave."""

    domain: str
    platform: str
    faults: Faults
    app: web.Application

    @property
    def credentials(self) -> Mapping[str, str]:
        """Working credentials by the platform's configuration keys."""
        ...

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> AbstractAsyncContextManager[str]:
        """Serve it until the block ends; yields its base address."""
        ...

    def trade(self, random: Random) -> None:
        """Let one thing happen in the shop: an order is placed, paid, refunded or given up."""
        ...


def open_store(platform: str, domain: str, *, currency: str, seed: int) -> DemoStore:
    """Make the simulated store of a platform."""
    store: DemoStore = _module(platform).open_store(domain, currency=currency, seed=seed)
    return store


def wares(platform: str) -> Wares:
    """Return what the platform's simulated stores have to offer."""
    found: Wares = _module(platform).WARES
    return found


def _module(platform: str) -> Any:
    return importlib.import_module(f"store_exporter.demo.stores.{platform}.demo")
