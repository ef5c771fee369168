"""What probes and collectors need to run against a simulated store over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from store_demo.stores.woocommerce import Key, SimulatedWooCommerce
from store_exporter.contract import Report, Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from store_exporter.platforms.woocommerce.connection import Connection
from store_exporter.platforms.woocommerce.probes import PROBES
from store_exporter.stores.model import Secret, Store
from tests.fakes.clock import SettableClock
from tests.platforms.watching import MemoryCursor, Watcher, figures

__all__ = ["MemoryCursor", "Watched", "count_orders", "figures", "watching"]

NOON = 1_795_435_200.0
"""2026-11-23 12:00:00 GMT, when the recordings were made."""


@dataclass
class Clock(SettableClock):
    now: float = NOON


@dataclass
class LoopbackHttp:
    """The contract's `Http` with real connections and without its limits."""

    session: aiohttp.ClientSession
    phases: Mapping[str, float] = field(default_factory=dict)
    certificate_expiry: float | None = None
    date: str | None = None
    pretend_https: bool = False
    """Whether what is asked over https goes to the same server over http."""

    async def send(self, request: Request) -> Response:
        url, query = request.url, ""
        if self.pretend_https:
            url = url.replace("https://", "http://", 1)
        if request.params:
            query = f"?{urlencode(request.params, quote_via=quote, safe='-_.~')}"
        try:
            async with self.session.request(
                request.method,
                URL(url + query, encoded=True),
                headers=request.headers,
                json=request.json,
                allow_redirects=False,
            ) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                if self.date is not None:
                    found["date"] = self.date
                else:
                    # The server's own clock is not the one that the test moves.
                    found.pop("date", None)
                body = await response.read()
        except aiohttp.ClientError as error:
            raise StoreError("connection", "broken off") from error
        expiry = self.certificate_expiry
        return Response(response.status, found, body, url, self.phases, expiry)


@dataclass
class Watched:
    """A simulated store and the means to watch it."""

    shop: SimulatedWooCommerce
    clock: Clock
    http: LoopbackHttp
    url: str
    key: Key
    cursor: MemoryCursor = field(default_factory=MemoryCursor)
    settings: dict[str, Any] = field(default_factory=dict)
    lists: bool = True
    lasts: bool = False
    """Whether what is learnt of the shop is kept, as by one process until `restart`."""
    _connection: Connection | None = None

    def restart(self) -> None:
        """Forget what a new process does not know."""
        self._connection = None

    def watcher(self, **options: Any) -> Watcher:
        store = Store(
            org="acme",
            domain=self.shop.domain,
            platform="woocommerce",
            url=self.url.replace("http:", "https:") if self.http.pretend_https else self.url,
            credentials={
                "consumer_key": Secret(self.key.consumer_key),
                "consumer_secret": Secret(self.key.consumer_secret),
            },
            settings=self.settings,
            lists=self.lists,
        )
        connection = self._connection
        if connection is None or not self.lasts:
            connection = Connection.of(store, monotonic=self.clock, now=self.clock)
            self._connection = connection
        return Watcher(store, connection, self.http, self.cursor, self.clock, **options)

    async def probe(self, name: str, **options: Any) -> Report:
        return await self.watcher().run(PROBES[name], options)

    async def collect(self, name: str, **options: Any) -> Report:
        return await self.watcher().run(COLLECTORS[name], options)

    def asked(self) -> list[str]:
        """The paths asked for so far; forgets them. Settings, asked for once an hour, are not among
        them, nor is a cart for its decimals: here each run begins as if it were the first.
        """
        urls = [url for _, url in self.shop.requests if "_fields=totals" not in url]
        paths = [url.partition("?")[0] for url in urls]
        self.shop.requests.clear()
        return [
            path for path in paths if "/settings/" not in path or "/v3/settings/general/" in path
        ]

    def with_key(self, key: Key) -> Watched:
        return replace(self, key=key)


@asynccontextmanager
async def watching(**store: Any) -> AsyncIterator[Watched]:
    """A simulated store that is served, with a clock of its own."""
    clock = Clock()
    shop = SimulatedWooCommerce(clock=clock, seed=3, **store)
    async with shop.serve() as url, aiohttp.ClientSession() as session:
        yield Watched(shop, clock, LoopbackHttp(session), url, shop.keys.read_only)


async def count_orders(store: Watched, seconds: float = 300, **options: Any) -> dict[str, float]:
    """Let time pass and collect the orders."""
    store.clock.now += seconds
    return figures(await store.collect("orders", **options))
