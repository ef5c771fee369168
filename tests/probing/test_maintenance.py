"""When a store is in maintenance, what shows it, and that it survives the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store_exporter.metrics.catalogue.values import StateErrorReason
from store_exporter.metrics.exposition import render_text
from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.maintenance import Maintenance
from store_exporter.probing.state.documents import Documents, MemoryDocuments, StoredDocuments
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import Key, Saved, StateUnavailableError
from store_exporter.stores.maintenance import Window
from store_exporter.stores.model import Store
from tests.fakes.clock import SettableClock

SHOP = Store("acme", "shop.example", "woocommerce", "https://shop.example")
NIGHT = Window(1000.0, 2000.0, "the database moves")


def shown(recorder: Recorder, store: Store = SHOP) -> float | None:
    """The value of the metric for a store."""
    for line in b"".join(render_text(recorder.families())).decode().splitlines():
        if line.startswith("store_maintenance{") and f'domain="{store.domain}"' in line:
            return float(line.rpartition(" ")[2])
    return None


@asynccontextmanager
async def following(
    clock: SettableClock,
    stores: Sequence[Store] = (SHOP,),
    documents: Documents | None = None,
) -> AsyncIterator[tuple[Maintenance, Recorder]]:
    recorder = Recorder()
    maintenance = Maintenance(recorder, documents or MemoryDocuments(), now=clock)
    maintenance.expect(stores)
    maintenance.start()
    try:
        async with asyncio.timeout(60):
            while any(shown(recorder, one) is None for one in stores):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield maintenance, recorder
    finally:
        await maintenance.stop()


async def test_a_window_of_the_configuration_begins_and_ends_by_itself() -> None:
    clock = SettableClock(500.0)
    store = replace(SHOP, maintenance=(NIGHT,))
    async with following(clock, [store]) as (maintenance, recorder):
        assert (shown(recorder), maintenance.current(store)) == (0, None)
        assert maintenance.look_at_all() == NIGHT.start
        clock.now = NIGHT.start
        assert maintenance.look_at_all() == NIGHT.end
        assert (shown(recorder), maintenance.current(store)) == (1, NIGHT)
        clock.now = NIGHT.end
        maintenance.look_at_all()
        assert (shown(recorder), maintenance.windows(store)) == (0, [])


async def test_the_end_comes_without_anybody_looking() -> None:
    clock = SettableClock(500.0)
    async with following(clock) as (maintenance, recorder):
        await maintenance.begin(SHOP, 0.05, "quick")
        assert shown(recorder) == 1
        clock.now += 1
        async with asyncio.timeout(60):
            while shown(recorder):  # noqa: ASYNC110 - the task that is tested sets no event here
                await asyncio.sleep(0.01)


async def test_what_is_begun_counts_at_once_and_another_takes_its_place() -> None:
    clock = SettableClock(500.0)
    async with following(clock) as (maintenance, recorder):
        first = await maintenance.begin(SHOP, 3600, "plugins")
        assert first == Window(500.0, 4100.0, "plugins")
        assert (shown(recorder), maintenance.current(SHOP)) == (1, first)
        second = await maintenance.begin(SHOP, 60, "plugins, nearly done")
        assert maintenance.windows(SHOP) == [second]
        assert await maintenance.end(SHOP)
        assert (shown(recorder), maintenance.current(SHOP)) == (0, None)
        assert not await maintenance.end(SHOP)


async def test_ending_what_was_begun_leaves_what_the_configuration_says() -> None:
    clock = SettableClock(NIGHT.start + 1)
    store = replace(SHOP, maintenance=(NIGHT,))
    async with following(clock, [store]) as (maintenance, recorder):
        assert not await maintenance.end(store)
        await maintenance.begin(store, 5000, "longer")
        assert await maintenance.end(store)
        assert (shown(recorder), maintenance.current(store)) == (1, NIGHT)


async def test_it_survives_a_restart_and_ends_while_the_process_is_down(tmp_path: Path) -> None:
    clock = SettableClock(500.0)
    for moment, expected in ((500.0, 0), (600.0, 1), (9999.0, 0)):
        clock.now = moment
        documents = StoredDocuments(SqliteState(tmp_path))
        try:
            async with following(clock, documents=documents) as (maintenance, recorder):
                assert shown(recorder) == expected
                if moment == 500.0:
                    await maintenance.begin(SHOP, 3600, "plugins")
        finally:
            await documents.close()


async def test_what_was_begun_before_a_restart_is_known_and_ended_before_it_was_read() -> None:
    clock, documents = SettableClock(500.0), MemoryDocuments()
    async with following(clock, documents=documents) as (earlier, _):
        begun = await earlier.begin(SHOP, 3600, "plugins")
    starting = Maintenance(Recorder(), documents, now=clock)
    starting.expect([SHOP])
    await starting.read([SHOP])
    assert starting.current(SHOP) == begun
    starting = Maintenance(Recorder(), documents, now=clock)
    assert await starting.find(SHOP) == begun
    starting.expect([SHOP])
    assert await starting.find(SHOP) == begun
    assert await starting.end(SHOP)
    await starting.read([SHOP])
    assert starting.current(SHOP) is None
    assert not await starting.end(SHOP)


async def test_it_survives_a_reload_and_not_a_change_of_owner() -> None:
    clock = SettableClock(500.0)
    async with following(clock) as (maintenance, recorder):
        begun = await maintenance.begin(SHOP, 3600, "plugins")
        changed = replace(SHOP, requests_per_hour=9)
        maintenance.expect([changed])
        assert (shown(recorder), maintenance.current(changed)) == (1, begun)
        other = replace(SHOP, org="zen")
        maintenance.expect([other])
        assert maintenance.current(other) is None


async def test_a_store_that_is_gone_is_no_longer_followed() -> None:
    clock = SettableClock(500.0)
    async with following(clock) as (maintenance, _):
        await maintenance.begin(SHOP, 3600, "plugins")
        maintenance.expect([])
        assert maintenance.look_at_all() == clock.now + 60


class FullDisk(MemoryDocuments):
    """Takes nothing."""

    async def write(self, *_: Any) -> int:
        raise StateUnavailableError(StateErrorReason.FULL, "no space is left on the disk")


async def test_what_cannot_be_saved_does_not_begin() -> None:
    async with following(SettableClock(500.0), documents=FullDisk()) as (maintenance, recorder):
        with pytest.raises(StateUnavailableError, match="no space"):
            await maintenance.begin(SHOP, 3600, "plugins")
        assert (shown(recorder), maintenance.current(SHOP)) == (0, None)


class Away(MemoryDocuments):
    """Responds again when a test says so."""

    away = True

    async def read(self, key: Key) -> Saved | None:
        if self.away:
            raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "the disk does not respond")
        return await super().read(key)


async def test_a_store_whose_saved_window_cannot_be_read_is_not_shown_as_open() -> None:
    clock, documents = SettableClock(NIGHT.start), Away()
    closed = replace(SHOP, domain="closed.example", maintenance=(NIGHT,))
    async with following(clock, [closed], documents) as (maintenance, recorder):
        maintenance.expect([SHOP, closed])
        await maintenance.read([SHOP])
        maintenance.look_at_all()
        assert (shown(recorder), shown(recorder, closed)) == (None, 1)
        documents.away = False
        await maintenance.read([SHOP])
        assert shown(recorder) == 0


class Unreadable(MemoryDocuments):
    """Holds what nobody can read."""

    async def read(self, *_: Any) -> Saved | None:
        return Saved('{"from": "yesterday"}', 1)


async def test_saved_maintenance_that_is_damaged_leaves_the_configurations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = SettableClock(NIGHT.start)
    store = replace(SHOP, maintenance=(NIGHT,))
    async with following(clock, [store], Unreadable()) as (maintenance, recorder):
        assert (shown(recorder), maintenance.current(store)) == (1, NIGHT)
    assert "the saved maintenance of shop.example cannot be understood" in caplog.text
