"""Answers about many stores leave the event loop to others in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store_exporter.server.status import Status
from store_exporter.stores.model import Store
from tests.server.support import Running, configuration, exporting

STORES = 150


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    stores = [("acme", f"s{number}.example", "http://127.0.0.1:9") for number in range(STORES)]
    async with exporting(tmp_path, configuration(*stores)) as running:
        yield running


async def most_at_once(
    running: Running, path: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Ask, and return at how many stores was looked between two turns of the event loop."""
    looked, most, look = 0, 0, running.exporter.status

    def counting(store: Store) -> Status:
        nonlocal looked
        looked += 1
        return look(store)

    async def turn() -> None:
        nonlocal looked, most
        while True:
            most, looked = max(most, looked), 0
            await asyncio.sleep(0)

    monkeypatch.setattr(running.exporter, "status", counting)
    turning = asyncio.create_task(turn())
    answers = await asyncio.gather(*(running.api(path) for _ in range(count)))
    turning.cancel()
    assert {answer.status for answer in answers} == {200}
    return most


@pytest.mark.parametrize(("path", "most"), [("/api/v1/health", 20), ("/", 1)])
async def test_the_event_loop_turns_while_an_answer_is_made(
    running: Running, path: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < await most_at_once(running, path, 1, monkeypatch) <= most


async def test_those_who_ask_about_an_org_at_the_same_time_take_no_more_of_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await most_at_once(running, "/api/v1/health", 8, monkeypatch) <= 20
