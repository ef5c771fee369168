"""However often the process is killed, whatever keeps its state: each order is counted once.

By default a handful of kills; `STORE_EXPORTER_KILLS=50` makes a long run of it.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from tests.servers import Postgresql

KILLS = int(os.environ.get("STORE_EXPORTER_KILLS", "4"))
# One life: it counts as fast as it can, and prints what it shows after each run.
LIFE = """
import asyncio, sys
from pathlib import Path
from store_exporter.metrics.catalogue import business
from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.state.documents import StoredDocuments
from store_exporter.probing.jobs import jobs_of
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Schedule, Secret, Store

url, key, secret, kind, *place = sys.argv[1:]
if kind == "sqlite":
    from store_exporter.probing.state.sqlite_state import SqliteState
    from store_exporter.probing.state.storage import StorageEvents
    state = SqliteState(Path(place[0]), events=StorageEvents(lambda: sys.exit("told as lost")))
else:
    from store_exporter.probing.state.postgresql_state import PostgresqlState
    state = PostgresqlState(*place)
store = Store(
    "acme", "shop.example.com", "woocommerce", url,
    {"consumer_key": Secret(key), "consumer_secret": Secret(secret)},
    collectors={"orders": Schedule(60.0, 30.0, options={"page_size": 10, "overlap": 5.0})},
    requests_per_hour=1_000_000,
)

async def live():
    recorder = Recorder()
    runner = Runner(recorder, Transport(), documents=StoredDocuments(state))
    work = next(job for job in jobs_of(store) if job.name == "orders")
    while True:
        outcome = await runner.run(work)
        if not getattr(outcome, "ok", False):
            print(outcome, file=sys.stderr)
            continue
        shown = {
            family.metric: [float(value) for _, value in family.series]
            for family in recorder.families()
        }
        paid, revenue = shown[business.ORDERS_PAID][0], sum(shown.get(business.REVENUE, []))
        print(paid, revenue, flush=True)

asyncio.run(live())
"""


class Shopping:
    """Places orders of 1.00, 2.00, … until it is told to stop."""

    def __init__(self, shop: SimulatedWooCommerce) -> None:
        self._shop = shop
        self._stopped = asyncio.Event()
        self.orders = 0
        self.revenue = 0.0

    async def go_on(self) -> None:
        while not self._stopped.is_set():
            self.orders += 1
            self.revenue += self.orders
            self._shop.new_order("processing", total=f"{self.orders}.00")
            await asyncio.sleep(0.3)

    def stop(self) -> tuple[float, float]:
        """Return what has to be counted."""
        self._stopped.set()
        return float(self.orders), self.revenue


@pytest.mark.timeout(240 + KILLS * 15)
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
async def test_every_order_is_counted_once_however_often_the_process_is_killed(
    kind: str, tmp_path: Path, seed: int, request: pytest.FixtureRequest
) -> None:
    place = [str(tmp_path / "state")]
    if kind == "postgresql":
        server: Postgresql = request.getfixturevalue("postgresql")
        place = [server.database(), server.password]
    chance = random.Random(seed)
    shop = SimulatedWooCommerce("shop.example.com", orders=5)
    key = shop.keys.read_only
    shopping, shown = Shopping(shop), (0.0, 0.0)
    async with shop.serve() as url:
        argv = ["-c", LIFE, url, key.consumer_key, key.consumer_secret, kind, *place]
        async with life(argv) as figures:
            assert await figures() == shown
            buying = asyncio.create_task(shopping.go_on())
        for number in range(KILLS):
            async with life(argv) as figures:
                first = await figures()
                assert first >= shown, f"seed {seed}, life {number}: less than was shown before"
                shown = first
                ends = time.monotonic() + chance.uniform(0, 0.5)
                while time.monotonic() < ends:
                    shown = await figures()
        truth = shopping.stop()
        await buying
        async with life(argv) as figures:
            while (found := await figures()) != truth:
                assert shown <= found <= truth, f"seed {seed}"
                shown = found
            # And nothing is counted again when it is read again.
            assert await figures() == truth
    request.node.user_properties.append(("kills, orders, revenue", (KILLS + 1, *truth)))


@asynccontextmanager
async def life(argv: list[str]) -> AsyncIterator[Callable[[], Awaitable[tuple[float, float]]]]:
    """A process that is killed at the end; yields what reads the next figures that it shows."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *argv, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    output = process.stdout

    async def figures() -> tuple[float, float]:
        async with asyncio.timeout(60):
            paid, revenue = (await output.readline()).split()
        return float(paid), float(revenue)

    try:
        yield figures
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
