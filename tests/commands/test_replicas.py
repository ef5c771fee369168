"""Several exporters and a real Prometheus: one ends, stands still or is added, no order is lost."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from store_demo.ports import free_ports
from store_exporter.metrics.catalogue import business
from store_exporter.mixin import series
from store_exporter.mixin.rules import recording
from tests.commands.fleet import (
    PAID,
    Fleet,
    Process,
    begun,
    fleet,
    open_shops,
    relabelling,
    scraping,
    seen,
    until,
    write_configuration,
)
from tests.servers import Server

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

PROBE_INTERVAL = 10
"""Seconds, as `fleet` configures it."""


def longest_gap(server: Server, domain: str) -> float:
    """Seconds between two samples of a store's `store_up`, at most."""
    found = server.json("/api/v1/query", query=f'store_up{{domain="{domain}"}}[10m]')["data"]
    times = sorted(float(t) for series in found["result"] for t, _ in series["values"])
    return max(after - before for before, after in pairwise(times))


def alike(running: Fleet, *processes: Process) -> Callable[[], Awaitable[bool]]:
    """Ask whether processes tell the same, that every store is healthy."""

    async def all_of_them() -> bool:
        found = [await running.health(process) for process in processes]
        healthy = found[0]["healthy_domains"] == found[0]["total_domains"] == len(running.shops)
        return healthy and found[0]["complete"] and all(each == found[0] for each in found)

    return all_of_them


async def test_no_order_is_lost_when_one_of_two_exporters_is_killed_and_the_other_stopped(
    tmp_path: Path, repository: Path
) -> None:
    ports = free_ports(3)
    async with (
        fleet(tmp_path, open_shops(2)) as running,
        scraping(tmp_path, ports, relabelling(repository)) as server,
    ):
        first = await running.start(ports[0])
        second = await running.start(ports[1])
        await begun(server, running)
        running.sell()
        await until(seen(server, running), "orders that the first one counted")
        assert await running.watched(second) == set()
        await until(alike(running, second, first), "the same health from both")

        # Orders are paid while nobody watches, and right before the end.
        running.sell()
        await first.end(signal.SIGKILL)
        running.sell()
        await until(seen(server, running), "orders across the crash")
        assert await running.watched(second) == set(running.shops)

        third = await running.start(ports[2])
        assert await running.watched(third) == set()
        running.sell()
        second.send(signal.SIGSTOP)
        running.sell()

        async def taken_over() -> bool:
            return await running.watched(third) == set(running.shops)

        await until(taken_over, "the third one watches")
        running.sell()
        await until(seen(server, running), "orders across the standstill")

        second.send(signal.SIGCONT)
        # Not even the first answer of the one that stood still shows anything.
        assert await running.watched(second) == set()
        running.sell()
        await until(seen(server, running), "orders after it came back")
        assert await running.watched(third) == set(running.shops)
        await until(alike(running, second, third), "the same health from both, again")
        for domain in running.shops:
            assert await asyncio.to_thread(longest_gap, server, domain) < 2 * PROBE_INTERVAL + 8


RULES = """
global: {evaluation_interval: 500ms}
rule_files: [../rules.yml]
"""
SCRAPED = 2
"""Seconds between scrapes of two that share nothing."""


async def test_two_exporters_that_share_nothing_show_no_order_twice_from_the_first_scrape_on(
    tmp_path: Path,
) -> None:
    """Asked of each second from before the first scrape to after one was killed and came back."""
    rules = recording.document()["groups"]
    health = [{**group, "interval": "500ms"} for group in rules if ".health" in group["name"]]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": health}))
    counted = series.counted(business.ORDERS_PAID, "1h", function="max_over_time")
    ports, paid, started = free_ports(2), [], time.time()
    (tmp_path / "one").mkdir()
    async with fleet(tmp_path / "one", open_shops(1)) as running:
        shutil.copytree(tmp_path / "one", tmp_path / "two")
        other = replace(running, folder=tmp_path / "two")

        async def sell() -> None:
            while True:
                running.sell()
                paid.append(time.time())
                await asyncio.sleep(0.4)

        async with scraping(tmp_path, ports, RULES, interval=SCRAPED) as server:
            first, second = await asyncio.gather(running.start(ports[0]), other.start(ports[1]))
            selling = asyncio.create_task(sell())
            proven = partial(asyncio.to_thread, server.query, series.WATCHERS)

            async def are_known() -> bool:
                return bool(await proven())

            await until(are_known, "that there are two of them")
            await second.end(signal.SIGKILL)
            await asyncio.sleep(2 * SCRAPED)
            second = await other.start(ports[1])
            await asyncio.sleep(3 * SCRAPED)
            await first.end(signal.SIGKILL)
            await asyncio.sleep(3 * SCRAPED)
            selling.cancel()
            found = await asyncio.to_thread(
                server.json,
                "/api/v1/query_range",
                query=counted,
                start=str(started),
                end=str(time.time()),
                step="1",
            )
            both = await asyncio.to_thread(server.query, f"max_over_time({PAID}[10m])")
    (shown,) = found["data"]["result"]
    for at, value in shown["values"]:
        assert float(value) <= sum(moment <= at for moment in paid), at - started
    assert len(both) == 2
    # Each is killed with what it had counted since its last scrape.
    assert max(float(value) for _, value in shown["values"]) > len(paid) * 0.6
    assert sum(value for _, value in both) > len(paid), "they would have been counted twice"


async def test_from_two_shards_to_three_and_back_no_order_is_lost(
    tmp_path: Path, repository: Path
) -> None:
    ports = free_ports(3)
    async with (
        fleet(tmp_path, open_shops(4)) as running,
        scraping(tmp_path, ports, relabelling(repository)) as server,
    ):
        shards = [await running.start(ports[i], f"--shard={i}/2") for i in range(2)]
        await begun(server, running)
        before = await asyncio.to_thread(values, server)
        for count in (3, 2):
            running.sell()
            await until(seen(server, running), f"orders before there are {count} shards")
            # One after the other, so that old and new ones overlap, in the worse order.
            if count == 3:
                shards.append(await running.start(ports[2], "--shard=2/3"))
            else:
                await shards.pop().end()
            for index in range(2):
                running.sell()
                await shards[index].end()
                running.sell()
                shards[index] = await running.start(ports[index], f"--shard={index}/{count}")
            running.sell()
            await until(seen(server, running), f"orders when there are {count} shards")
            watched = [await running.watched(shard) for shard in shards]
            assert sorted(domain for part in watched for domain in part) == sorted(running.shops)
            for shard in shards:
                await until(alike(running, shard), "the health of all stores from every shard")
        after = await asyncio.to_thread(values, server)
        assert {domain: after[domain] - before[domain] for domain in after} == running.paid


def values(server: Server) -> dict[str, float]:
    """What the counters of every store stand at."""
    return {labels["domain"]: value for labels, value in server.query(PAID)}


async def test_every_shard_reports_all_stores_of_an_org(tmp_path: Path) -> None:
    shops = open_shops(2)
    async with fleet(tmp_path, shops) as running:
        places = {f"store{number}.example.com": "http://127.0.0.1:9" for number in range(38)}
        keys = dict.fromkeys(places, next(iter(shops.values())))
        more = {
            domain: await running.stack.enter_async_context(shop.serve())
            for domain, shop in shops.items()
        }
        # Liveness alone decides about health.
        write_configuration(tmp_path, {**places, **more}, {**keys, **shops}, orders="5m")
        starting = (running.start(port, f"--shard={i}/3") for i, port in enumerate(free_ports(3)))
        shards = await asyncio.gather(*starting)

        async def whole() -> bool:
            found = [await running.health(shard) for shard in shards]
            known = [sum(c["status"] != "unknown" for c in each["health_checks"]) for each in found]
            return known == [40] * 3 and all(each["complete"] for each in found)

        await until(whole, "all stores from every shard")
        for shard in shards:
            found = await running.health(shard)
            assert (found["total_domains"], found["healthy_domains"]) == (40, 2)
            assert found["overall_status"] == "degraded"

        # One is gone, and the finding of its stores with it once that is old.
        own = len(await running.watched(shards[2]))
        assert 0 < own < 40
        (tmp_path / "state" / "leases.db").unlink()
        await shards[2].end(signal.SIGKILL)

        async def marked() -> bool:
            found = await running.health(shards[0])
            return not found["complete"] and f"known: {own};" in str(found["warnings"])

        await until(marked, "an answer that says what is missing")
        found = await running.health(shards[0])
        assert (found["total_domains"], found["overall_status"]) == (40, "degraded")
