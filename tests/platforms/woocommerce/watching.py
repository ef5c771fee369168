"""What probes and collectors need to run against a simulated store over loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from store_demo.stores.woocommerce import Key, SimulatedWooCommerce
from store_exporter.contract import Context, Report, Response
from store_exporter.errors import StoreError
from store_exporter.metrics.families import Sample
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from store_exporter.platforms.woocommerce.probes import PROBES
from store_exporter.stores.model import Secret, Store

NOON = 1_795_435_200.0
"""2026-11-23 12:00:00 GMT, when the recordings were made."""


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class LoopbackHttp:
    """The contract's `Http` with real connections and without its limits."""

    session: aiohttp.ClientSession
    phases: Mapping[str, float] = field(default_factory=dict)
    certificate_expiry: float | None = None
    date: str | None = None
    pretend_https: bool = False
    """Whether what is asked over https goes to the same server over http."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        max_body_bytes: int | None = None,  # noqa: ARG002 - of the contract
    ) -> Response:
        if self.pretend_https:
            url = url.replace("https://", "http://", 1)
        query = f"?{urlencode(params, quote_via=quote, safe='-_.~')}" if params else ""
        try:
            async with self.session.request(
                method,
                URL(url + query, encoded=True),
                headers=headers,
                json=json,
                allow_redirects=False,
            ) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                if self.date is not None:
                    found["date"] = self.date
                else:
                    # The server's own clock is not the one that the test moves.
                    found.pop("date", None)
                return Response(
                    response.status,
                    found,
                    await response.read(),
                    url,
                    self.phases,
                    self.certificate_expiry,
                )
        except aiohttp.ClientError as error:
            raise StoreError("connection", "broken off") from error


@dataclass
class MemoryCursor:
    """A cursor that keeps what a disk would: text. It may break down after some saves."""

    text: str = "{}"
    saves: int = 0
    fail_after: int | None = None

    def load(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document

    def save(self, document: Mapping[str, Any]) -> None:
        if self.fail_after is not None and self.saves >= self.fail_after:
            raise OSError("no space left on device")
        self.saves += 1
        self.text = json.dumps(document, allow_nan=False)


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

    def context(self, options: Mapping[str, Any]) -> Context:
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
        )
        return Context(store, self.http, self.cursor, options, self.clock)

    async def probe(self, name: str, **options: Any) -> Report:
        probe = PROBES[name]
        return await probe.check(self.context({**probe.options, **options}))

    async def collect(self, name: str, **options: Any) -> Report:
        collector = COLLECTORS[name]
        return await collector.check(self.context({**collector.options, **options}))

    def asked(self) -> list[str]:
        """The paths asked for so far, without the API's root; forgets them."""
        paths = [path.partition("?")[0] for _, path in self.shop.requests]
        self.shop.requests.clear()
        return paths

    def with_key(self, key: Key) -> Watched:
        return replace(self, key=key)


@asynccontextmanager
async def watching(**store: Any) -> AsyncIterator[Watched]:
    """A simulated store that is served, with a clock of its own."""
    clock = Clock()
    shop = SimulatedWooCommerce(clock=clock, seed=3, **store)
    async with shop.serve() as url, aiohttp.ClientSession() as session:
        yield Watched(shop, clock, LoopbackHttp(session), url, shop.keys.read_only)


def figures(report: Report) -> dict[str, float]:
    """A report's samples as `name{label,...}` to value."""
    return {_key(sample): sample.value for sample in report.samples}


def _key(sample: Sample) -> str:
    labels = ",".join(sample.labels.values())
    return f"{sample.metric.name}{{{labels}}}" if labels else sample.metric.name
