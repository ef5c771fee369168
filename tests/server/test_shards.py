"""From two shards to three and back each store's counters go on, and no order is lost.

The exporters of all shards serve in this process, which starts them in a tenth of the time; that
processes take over from each other is tested in tests/commands/test_replicas.py.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.config import load
from store_exporter.server.app import create_app
from store_exporter.server.assembly import assembled
from store_exporter.server.process.listen import listening
from store_exporter.stores.inventory import Shard
from tests.server.support import ENVIRON
from tests.servers import Postgresql

PAID = re.compile(r'^store_orders_paid_total\{.*domain="([^"]+)".*\} (\S+)', re.MULTILINE)
DOMAINS = [f"shop{number}.example.com" for number in range(6)]


@pytest.fixture
def shops() -> dict[str, SimulatedWooCommerce]:
    return {domain: SimulatedWooCommerce(domain, orders=3) for domain in DOMAINS}


@asynccontextmanager
async def open_for_business(
    shops: dict[str, SimulatedWooCommerce], folder: Path, more: str
) -> AsyncIterator[None]:
    """Serve the shops, and write a configuration that counts their orders every two seconds."""
    stores = []
    async with AsyncExitStack() as stack:
        for domain, shop in shops.items():
            url = await stack.enter_async_context(shop.serve())
            key = shop.keys.read_only
            (folder / f"{domain}.key").write_text(key.consumer_key)
            (folder / f"{domain}.secret").write_text(key.consumer_secret)
            stores.append(
                {
                    "domain": domain,
                    "org": "acme",
                    "platform": "woocommerce",
                    "url": url,
                    "credentials": {
                        "consumer_key": f"file:{domain}.key",
                        "consumer_secret": f"file:{domain}.secret",
                    },
                    "requests_per_hour": 100_000,
                    "collectors": {"orders": {"interval": "2s", "timeout": "2s"}},
                }
            )
        text = f"orgs: [{{org: acme}}]\nstores: {json.dumps(stores)}\n{more}\n"
        (folder / "store-exporter.yml").write_text(text)
        yield


@asynccontextmanager
async def serving(folder: Path, shard: Shard, environ: Mapping[str, str]) -> AsyncIterator[str]:
    """Serve a shard until the block ends; yields its address."""
    read = partial(load, folder / "store-exporter.yml", environ=environ)
    async with (
        assembled(read, shard=shard) as exporter,
        listening(create_app(exporter), [("127.0.0.1", 0)]) as (address,),
    ):
        yield address


async def paid(addresses: list[str]) -> dict[str, list[float]]:
    """What each process shows of each store's paid orders."""
    found: dict[str, list[float]] = {}
    async with aiohttp.ClientSession() as session:
        for address in addresses:
            async with session.get(f"{address}/metrics") as answer:
                text = await answer.text()
            for domain, value in PAID.findall(text):
                found.setdefault(domain, []).append(float(value))
    return found


async def until_all_show(addresses: list[str], truth: dict[str, float]) -> None:
    wanted = {domain: [value] for domain, value in truth.items()}
    found: dict[str, list[float]] = {}
    try:
        async with asyncio.timeout(60):
            while (found := await paid(addresses)) != wanted:
                # A store that begins anew, or is counted twice, never comes to the truth.
                assert all(max(values) <= truth[domain] for domain, values in found.items())
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"shown {found}, and true is {wanted}") from None


@pytest.mark.timeout(360)
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def test_from_two_shards_to_three_and_back_no_counter_begins_anew(
    kind: str,
    shops: dict[str, SimulatedWooCommerce],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    more, environ = "", dict(ENVIRON)
    if kind == "postgresql":
        server: Postgresql = request.getfixturevalue("postgresql")
        environ["STATE_PASSWORD"] = server.password
        more = f"state_database: {{url: '{server.database()}', password: 'env:STATE_PASSWORD'}}"
    truth = dict.fromkeys(DOMAINS, 0.0)
    moved = {
        d for d in DOMAINS if not any(Shard(n, 3).has(d) and Shard(n, 2).has(d) for n in (0, 1))
    }
    assert moved, "some stores change the process"
    async with open_for_business(shops, tmp_path, more):
        for count in (2, 3, 2):
            async with AsyncExitStack() as stack:
                shards = (serving(tmp_path, Shard(index, count), environ) for index in range(count))
                addresses = [await stack.enter_async_context(shard) for shard in shards]
                assert (tmp_path / "state" / "state.db").exists() == (kind == "sqlite")
                assert not list((tmp_path / "state").glob("*shard*")), "they share one state"
                await until_all_show(addresses, truth)
                for number, shop in enumerate(shops.values()):
                    for _ in range(number + 1):
                        shop.new_order("processing", total="10")
                    truth[shop.domain] += number + 1
                await until_all_show(addresses, truth)
            # Paid while nobody watches.
            for shop in shops.values():
                shop.new_order("processing", total="5")
                truth[shop.domain] += 1
