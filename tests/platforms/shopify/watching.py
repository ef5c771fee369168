"""What probes and collectors need to run against a simulated shop, without sockets or waiting."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from store_demo.stores.serving import Incoming, finished
from store_demo.stores.shopify import SimulatedShopify
from store_exporter.contract import Context, Report, Response
from store_exporter.errors import StoreError
from store_exporter.metrics.families import Sample
from store_exporter.platforms.shopify.collectors import COLLECTORS
from store_exporter.platforms.shopify.probes import PROBES
from store_exporter.stores.model import Secret, Store
from tests.fakes.clock import Clock


@dataclass
class DirectHttp:
    """The contract's `Http` with a simulated shop at its other end, faults included."""

    shop: SimulatedShopify
    certificate_expiry: float | None = None
    seconds: float = 0.1

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
        assert params is None
        path = urlsplit(url).path
        self.shop.requests.append((method, path))
        fault = self.shop.faults.take(method, path)
        if fault is not None and fault.drop:
            raise StoreError("connection", "broken off")
        given = {name.lower(): value for name, value in (headers or {}).items()}
        incoming = Incoming(method, path, {}, given, dumped(json))
        status, found, body = finished(self.shop.respond(incoming), fault)
        lower = {name.lower(): value for name, value in found.items()}
        if fault is not None and fault.truncate is not None:
            raise StoreError("connection", "broken off")
        return Response(
            status, lower, body, url, {"processing": self.seconds}, self.certificate_expiry
        )


def dumped(document: Any) -> bytes:
    return b"" if document is None else json.dumps(document).encode()


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
    """A simulated shop and the means to watch it.

    Attributes:
        memory: what the exporter remembers of the shop; emptied by a restart.
    """

    shop: SimulatedShopify
    clock: Clock
    http: DirectHttp
    cursor: MemoryCursor = field(default_factory=MemoryCursor)
    settings: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, Secret] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    url: str = "https://shop.example.com"
    sleep: Callable[[float], Awaitable[None]] | None = None

    def context(self, options: Mapping[str, Any]) -> Context:
        credentials = self.credentials or {
            "admin_token": Secret(self.shop.tokens.admin),
            "storefront_token": Secret(self.shop.tokens.storefront),
        }
        store = Store(
            org="acme",
            domain=self.shop.domain,
            platform="shopify",
            url=self.url,
            credentials=credentials,
            settings=self.settings,
        )
        return Context(
            store,
            self.http,
            self.cursor,
            options,
            self.clock.now,
            self.memory,
            self.clock.now,
            self.sleep or self.clock.asleep,
        )

    async def probe(self, name: str, **options: Any) -> Report:
        probe = PROBES[name]
        return await probe.check(self.context({**probe.options, **options}))

    async def collect(self, name: str, **options: Any) -> Report:
        collector = COLLECTORS[name]
        return await collector.check(self.context({**collector.options, **options}))

    def restart(self) -> None:
        """Forget what a new process does not know."""
        self.memory = {}


def watched(**shop: Any) -> Watched:
    """Return a simulated shop with a clock of its own, and the means to watch it."""
    clock = Clock()
    made = SimulatedShopify(clock=clock.now, seed=3, **shop)
    return Watched(made, clock, DirectHttp(made))


def figures(report: Report) -> dict[str, float]:
    """A report's samples as `name{label,...}` to value."""
    return {_key(sample): sample.value for sample in report.samples}


def _key(sample: Sample) -> str:
    labels = ",".join(sample.labels.values())
    return f"{sample.metric.name}{{{labels}}}" if labels else sample.metric.name
