"""What the demo needs of a simulated store, whatever its platform.

A platform's simulated store is the folder `demo/stores/<platform>/` whose module `demo` has
`open_store(domain, currency=, seed=) -> DemoStore`, `WARES`, and `ROLES`: its part in the demo.
Nothing else names the platform.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from aiohttp import web

from .faults import Faults


@dataclass(frozen=True, slots=True)
class Role:
    """One store of the demo.

    Attributes:
        fails: whether it is the store whose failure the demo shows; exactly one is.
    """

    org: str
    domain: str
    platform: str
    currency: str
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Wares:
    """What shoppers may request of a simulated store; the same in each that has the same seed.

    Attributes:
        queries: words to search for, one without a result among them.
        products: SKUs that are in stock.
        sold_out: SKUs that are not.
        coupons: codes that are accepted.
        bad_coupons: codes that are refused: expired, used up or unknown.
        emails: of customers, one unknown among them.
    """

    queries: tuple[str, ...] = ("pump", "valve", "hose", "seal", "unobtainium")
    products: tuple[str, ...] = tuple(f"SKU-{number:03d}" for number in range(8, 28))
    sold_out: tuple[str, ...] = ("SKU-001", "SKU-002", "SKU-003")
    coupons: tuple[str, ...] = ("save10", "welcome5")
    bad_coupons: tuple[str, ...] = ("old20", "once", "nosuchcode")
    emails: tuple[str, ...] = (
        *(f"cust{number}@example.test" for number in range(1, 9)),
        "stranger@example.test",
    )


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

    def settings(self, url: str) -> Mapping[str, str]:
        """Return the platform's other settings for this store, which is served at `url`."""
        ...

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> AbstractAsyncContextManager[str]:
        """Serve it until the block ends; yields its base address."""
        ...

    def trade(self, random: Random) -> None:
        """Let one thing happen in the shop: an order is placed, paid, refunded or given up."""
        ...

    def sell(self, random: Random) -> int:
        """Let somebody order and pay; return the order's total in hundredths of its currency."""
        ...


def cast() -> tuple[Role, ...]:
    """Return the stores of the demo, of every platform that has a simulated store."""
    package = importlib.import_module("store_demo.stores")
    found = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)
    return tuple(role for platform in found for role in _module(platform).ROLES)


def open_store(role: Role, *, seed: int) -> DemoStore:
    """Make the simulated store that plays a role."""
    store: DemoStore = _module(role.platform).open_store(
        role.domain, currency=role.currency, seed=seed
    )
    return store


def wares(platform: str) -> Wares:
    """Return what the platform's simulated stores have to offer."""
    found: Wares = _module(platform).WARES
    return found


def _module(platform: str) -> Any:
    return importlib.import_module(f"store_demo.stores.{platform}.demo")
