"""Work on many stores leaves the event loop to others in between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store_exporter import turns
from store_exporter.operations.track import track
from store_exporter.server.metrics import Scrape
from store_exporter.server.status import Status
from store_exporter.stores.model import Store
from tests.server.support import Running, configuration, exporting

STORES = 150


@pytest.fixture(autouse=True)
def shortest_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece of work that can be divided is a turn, however fast this machine is."""
    monkeypatch.setattr(turns, "TURN_SECONDS", -1.0)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    stores = [("acme", f"s{number}.example", "http://127.0.0.1:9") for number in range(STORES)]
    async with exporting(tmp_path, configuration(*stores)) as running:
        yield running


class Turns:
    """How often something happens between two turns of the event loop, at most, and in all."""

    def __init__(self) -> None:
        self._count = self.most = self.total = 0

    def count(self) -> None:
        self._count += 1
        self.total += 1
        self.most = max(self.most, self._count)

    async def turn(self) -> None:
        while True:
            self._count = 0
            await asyncio.sleep(0)


async def most_at_once(
    running: Running, path: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Ask, and return at how many stores was looked between two turns of the event loop."""
    counted, look = Turns(), running.exporter.status

    def counting(store: Store) -> Status:
        counted.count()
        return look(store)

    monkeypatch.setattr(running.exporter, "status", counting)
    turning = asyncio.create_task(counted.turn())
    answers = await asyncio.gather(*(running.api(path) for _ in range(count)))
    turning.cancel()
    assert {answer.status for answer in answers} == {200}
    return counted.most


async def test_the_event_loop_turns_while_stores_that_leave_are_forgotten(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, recorder = Turns(), running.exporter.recorder
    forget = recorder.forget

    def counting(labels: tuple[str, str, str], *, operations: bool = True) -> None:
        if operations:
            counted.count()
        forget(labels, operations=operations)

    monkeypatch.setattr(recorder, "forget", counting)
    running.file.write_text(configuration(("acme", "s0.example", "http://127.0.0.1:9")))
    turning = asyncio.create_task(counted.turn())
    await running.exporter.reload()
    await running.exporter.watching.settled()
    turning.cancel()
    assert counted.total == STORES - 1
    assert counted.most == 1


async def test_nothing_of_removed_stores_is_shown_while_they_are_still_to_be_forgotten(
    running: Running,
) -> None:
    recorder = running.exporter.recorder
    await running.scheduler.run("liveness")
    with track(
        "get_product", org="acme", domain="s1.example", platform="woocommerce", recorder=recorder
    ):
        pass
    running.file.write_text(configuration(("acme", "s0.example", "http://127.0.0.1:9")))
    await running.exporter.reload()
    # No other task has run since: what follows sees the moment of the response.
    assert len(running.scheduler.stores) == STORES
    shown = Scrape(recorder).show(None, None, None)[0].body.decode()
    assert set(re.findall(r'domain="(\w+)\.example"', shown)) == {"s0"}
    await running.exporter.watching.settled()
    assert list(running.scheduler.stores) == ["s0.example"]


@pytest.mark.parametrize("path", ["/api/v1/health", "/"])
async def test_the_event_loop_turns_while_a_response_is_made(
    running: Running, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await most_at_once(running, path, 1, monkeypatch) == 1


async def test_concurrent_requests_about_an_org_take_no_more_of_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await most_at_once(running, "/api/v1/health", 8, monkeypatch) == 1
