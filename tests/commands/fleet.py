"""Real exporters, the stores that they watch, and a real Prometheus that scrapes them."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from store_demo.stores.base import Role, open_store
from store_demo.stores.woocommerce.demo import DemoWooCommerce
from tests import servers
from tests.commands.serving import Process as Command
from tests.commands.serving import served
from tests.server.support import ENVIRON
from tests.servers import Server

INTERVAL = 1
"""Seconds between scrapes."""
PAID = "store_orders_paid_total"
RULE = re.compile(r"    metric_relabel_configs:\n.*?target_label: instance\n", re.DOTALL)


def relabelling(repository: Path) -> str:
    """The rule of docs/scaling.md by which series are the stores' own."""
    found = RULE.search((repository / "docs" / "scaling.md").read_text("utf-8"))
    assert found is not None
    return found.group()


def open_shops(count: int) -> dict[str, DemoWooCommerce]:
    """Simulated shops by domain."""
    found: dict[str, DemoWooCommerce] = {}
    for number in range(count):
        domain = f"shop{number}.example.com"
        shop = open_store(Role("acme", domain, "woocommerce", "EUR"), seed=number + 1)
        assert isinstance(shop, DemoWooCommerce)
        found[domain] = shop
    return found


def write_configuration(
    folder: Path,
    places: Mapping[str, str],
    shops: Mapping[str, DemoWooCommerce],
    *,
    orders: str = "1s",
    **more: Any,
) -> None:
    """Describe stores by their addresses; a shop of these is watched with its own key.

    Args:
        folder: takes the configuration.
        places: addresses by domain.
        shops: whose key is used, by domain.
        orders: how often orders are counted.
        more: further keys of the configuration.
    """
    stores = []
    for domain, url in places.items():
        shop = shops[domain]
        for name, value in shop.credentials.items():
            (folder / f"{domain}-{name}").write_text(value)
        stores.append(
            {
                "domain": domain,
                "org": "acme",
                "platform": "woocommerce",
                "url": url,
                "credentials": {name: f"file:{domain}-{name}" for name in shop.credentials},
                "requests_per_hour": 100_000,
                "probes": {"liveness": {"interval": "10s"}},
                "collectors": {"orders": {"interval": orders}},
            }
        )
    document = {
        "orgs": [{"org": "acme", "api_tokens": ["env:ACME_TOKEN"]}],
        "state_directory": "state",
        "stores": stores,
        **more,
    }
    (folder / "store-exporter.yml").write_text(yaml.safe_dump(document))


@dataclass(slots=True)
class Process:
    """One running exporter."""

    child: Command
    url: str

    def send(self, number: signal.Signals) -> None:
        self.child.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.send(number)
        await self.child.wait()


@dataclass(slots=True)
class Fleet:
    """Exporters that share a folder; the logs of all their lives are whole at the end."""

    folder: Path
    shops: Mapping[str, DemoWooCommerce]
    paid: dict[str, int]
    stack: AsyncExitStack
    session: aiohttp.ClientSession
    logs: list[list[str]] = field(default_factory=list)

    async def start(self, port: int, *flags: str) -> Process:
        """Start an exporter on a port."""
        address = f"--web.listen-address=127.0.0.1:{port}"
        running = served(self.folder, *flags, address=address, environ=ENVIRON)
        child, url, log = await self.stack.enter_async_context(running)
        self.logs.append(log)
        return Process(child, url)

    def sell(self) -> None:
        """Have every shop sell something."""
        for domain, shop in self.shops.items():
            shop.new_order("processing")
            self.paid[domain] += 1

    async def text(self, process: Process) -> str:
        """What a process shows to a scraper that is none."""
        async with self.session.get(f"{process.url}/metrics") as answer:
            return await answer.text()

    async def watched(self, process: Process) -> set[str]:
        """The stores of which a process shows anything."""
        return set(re.findall(r'domain="([^"]+)"', await self.text(process)))

    async def health(self, process: Process) -> Any:
        """What a process answers about the org's health."""
        headers = {"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}"}
        url = f"{process.url}/api/v1/health"
        async with self.session.get(url, headers=headers) as answer:
            return await answer.json()


@asynccontextmanager
async def fleet(
    folder: Path, shops: Mapping[str, DemoWooCommerce], **more: Any
) -> AsyncIterator[Fleet]:
    """Serve the shops and end every exporter that was started, at the end.

    Args:
        folder: where everything is.
        shops: those that are watched.
        more: further keys of the configuration.
    """
    async with AsyncExitStack() as stack:
        places = {d: await stack.enter_async_context(shop.serve()) for d, shop in shops.items()}
        write_configuration(folder, places, shops, **more)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Fleet(folder, shops, dict.fromkeys(shops, 0), stack, session)


@asynccontextmanager
async def scraping(
    folder: Path, ports: Sequence[int], more: str, *, interval: int = INTERVAL
) -> AsyncIterator[Server]:
    """Run a Prometheus that scrapes these ports.

    Args:
        folder: where it is.
        ports: of the exporters.
        more: what follows in the scrape configuration, or after it.
        interval: seconds between scrapes.
    """
    targets = ", ".join(f"'127.0.0.1:{port}'" for port in ports)
    config = (
        f"scrape_configs:\n  - job_name: store-exporter\n    scrape_interval: {interval}s\n"
        f"    static_configs: [{{targets: [{targets}]}}]\n{more}"
    )
    (folder / "prometheus").mkdir(exist_ok=True)
    with servers.prometheus(config, folder / "prometheus") as server:
        yield server


async def until(
    holds: Callable[[], Awaitable[bool | str]], what: str, *, seconds: float = 150
) -> None:
    """Wait until something is so, which only other processes bring about.

    Args:
        holds: returns True once it is so, and else False or what is there instead.
        what: is waited for.
        seconds: to wait at most.

    Raises:
        AssertionError: it was not within that time.
    """
    began = time.monotonic()
    waited = 0.0
    while (found := await holds()) is not True:
        assert waited < seconds, f"not within {seconds:g} s: {what} ({found})"
        await asyncio.sleep(max(servers.pause(waited), 0.2))
        waited = time.monotonic() - began


def grown(server: Server) -> dict[str, float]:
    """How many paid orders Prometheus has seen, by store."""
    return {domain: count for (domain,), count in server.growth(PAID, "domain").items()}


def seen(server: Server, running: Fleet) -> Callable[[], Awaitable[bool | str]]:
    """Ask whether Prometheus has seen every order that was paid."""

    async def all_of_them() -> bool | str:
        found = await asyncio.to_thread(grown, server)
        paid = {d: float(count) for d, count in running.paid.items() if count}
        return found == paid or f"Prometheus has {found}, and paid were {paid}"

    return all_of_them


async def begun(server: Server, running: Fleet) -> None:
    """Wait until the counters of every store are known to Prometheus."""

    async def known() -> bool:
        found = await asyncio.to_thread(server.query, PAID)
        return {labels["domain"] for labels, _ in found} == set(running.shops)

    await until(known, "the first figures of every store")
