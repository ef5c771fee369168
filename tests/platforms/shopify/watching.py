"""What probes and collectors need to run against a simulated shop, without sockets or waiting."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from store_demo.stores.serving import Incoming, finished
from store_demo.stores.shopify import SimulatedShopify
from store_exporter.contract import Report, Response
from store_exporter.errors import StoreError
from store_exporter.net import redirects
from store_exporter.net.plans import Request
from store_exporter.platforms.shopify.collectors import COLLECTORS
from store_exporter.platforms.shopify.connection import Connection
from store_exporter.platforms.shopify.marks import MARKS
from store_exporter.platforms.shopify.probes import PROBES
from store_exporter.stores.model import Secret, Store
from tests.fakes.clock import Clock
from tests.platforms.watching import MemoryCursor, Watcher, figures

__all__ = ["DirectHttp", "Watched", "figures", "watched"]


@dataclass
class DirectHttp:
    """The contract's `Http` with a simulated shop at its other end, faults included."""

    shop: SimulatedShopify
    certificate_expiry: float | None = None
    seconds: float = 0.1

    async def send(self, request: Request) -> Response:
        method, path = request.method, urlsplit(request.url).path
        self.shop.requests.append((method, path))
        fault = self.shop.faults.next(method, path)
        if fault is not None and fault.drop:
            raise StoreError("connection", "broken off")
        given = {name.lower(): value for name, value in request.headers.items()}
        incoming = Incoming(method, path, request.params, given, dumped(request.json))
        status, found, body = finished(self.shop.respond(incoming), fault)
        lower = {name.lower(): value for name, value in found.items()}
        if fault is not None and fault.truncate is not None:
            raise StoreError("connection", "broken off")
        phases = {"processing": self.seconds}
        answer = Response(status, lower, body, request.url, phases, self.certificate_expiry)
        # What is followed in earnest is tried in `tests/probing`.
        redirects.Trail(method, request.url, MARKS).next(answer)
        return answer


def dumped(document: Any) -> bytes:
    return b"" if document is None else json.dumps(document).encode()


@dataclass
class Watched:
    """A simulated shop and the means to watch it."""

    shop: SimulatedShopify
    clock: Clock
    http: DirectHttp
    cursor: MemoryCursor = field(default_factory=MemoryCursor)
    settings: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, Secret] = field(default_factory=dict)
    url: str = "https://shop.example.com"
    sleep: Callable[[float], Awaitable[None]] | None = None
    lists: bool = True
    _known: tuple[Store, Connection] | None = None

    def watcher(self) -> Watcher:
        tokens = self.shop.tokens
        credentials = self.credentials or {
            "admin_token": Secret(tokens.admin),
            "storefront_token": Secret(tokens.storefront),
        }
        settings = dict(self.settings)
        store = Store(
            "acme", self.shop.domain, "shopify", self.url, credentials, settings, lists=self.lists
        )
        if self._known is None or self._known[0] != store:
            self._known = store, Connection.of(store, monotonic=self.clock.now, now=self.clock.now)
        connection, sleep = self._known[1], self.sleep or self.clock.asleep
        return Watcher(store, connection, self.http, self.cursor, self.clock.now, sleep)

    async def probe(self, name: str, **options: Any) -> Report:
        return await self.watcher().run(PROBES[name], options)

    async def collect(self, name: str, **options: Any) -> Report:
        return await self.watcher().run(COLLECTORS[name], options)

    def restart(self) -> None:
        """Forget what a new process does not know."""
        self._known = None


def watched(**shop: Any) -> Watched:
    """Return a simulated shop with a clock of its own, and the means to watch it."""
    clock = Clock()
    made = SimulatedShopify(clock=clock.now, seed=3, **shop)
    return Watched(made, clock, DirectHttp(made))


def without_orders() -> Watched:
    """A shop that has not sold anything yet."""
    found = watched()
    found.shop.stock_room.orders.clear()
    return found
