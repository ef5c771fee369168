"""Stores that come, change and go while others are probed."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from store_exporter import turns
from store_exporter.contract import Run
from store_exporter.metrics.catalogue import health
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Pause, Plan
from store_exporter.probing.runner import Runner
from store_exporter.stores.model import Schedule, Store
from tests.fakes.virtual_time import VirtualTime
from tests.probing.scheduling import World, store
from tests.probing.scripted import always
from tests.steps import counting


async def test_unchanged_stores_keep_their_places_on_an_update(world: World) -> None:
    stores = [store("a.example.com"), store("b.example.com")]
    await world.start(stores)
    await world.time.advance(130)
    world.runs.clear()
    await world.update([replace(one) for one in stores] + [store("c.example.com")])
    await world.time.advance(1)
    assert [domain for _, domain, _ in world.runs] == ["c.example.com"]
    await world.time.advance(62)
    assert {domain for _, domain, _ in world.runs} == {
        "a.example.com",
        "b.example.com",
        "c.example.com",
    }


async def test_a_changed_store_is_probed_soon_with_its_new_configuration(world: World) -> None:
    seen: list[str] = []

    def look(run: Run) -> Plan[None]:
        yield from ()
        seen.append(run.store.url)

    world.behave = look
    await world.start([store()])
    await world.time.advance(1)
    changed = replace(store(), url="https://new.example.com")
    await world.update([changed])
    await world.time.advance(1)
    assert seen == ["https://shop.example.com", "https://new.example.com"]


async def test_a_removed_store_is_interrupted_and_leaves_no_series(world: World) -> None:
    ended: list[str] = []

    def slow(run: Run) -> Plan[None]:
        try:
            if len(world.runs) > 1:
                yield Pause(math.inf)
        finally:
            ended.append(run.store.domain)

    world.behave = slow
    await world.start([store()])
    await world.time.advance(1)
    assert world.value(health.UP, "acme", "shop.example.com", "woocommerce") == 1
    await world.time.advance(100)
    assert len(world.runs) == 2
    await world.update([])
    await world.time.advance(1)
    assert len(ended) == 2
    names = {
        family.metric.name
        for family in world.recorder.families()
        for labels, _ in family.series
        if "shop.example.com" in labels
    }
    assert names == set()
    assert not world.runner.results.of("shop.example.com")
    await world.time.advance(600)
    assert len(world.runs) == 2


async def test_a_store_that_moves_to_another_org_leaves_nothing_with_the_old(
    world: World,
) -> None:
    await world.start([store()])
    await world.time.advance(1)
    await world.update([replace(store(), org="other")])
    await world.time.advance(1)
    assert world.value(health.UP, "acme", "shop.example.com", "woocommerce") is None
    assert world.value(health.UP, "other", "shop.example.com", "woocommerce") == 1


async def test_a_probe_that_is_switched_off_leaves_no_figures(world: World) -> None:
    await world.start([store()])
    await world.time.advance(1)
    await world.update([store(probes={"liveness": Schedule(60, 10, enabled=False)})])
    await world.time.advance(300)
    assert len(world.runs) == 1
    assert world.value(health.UP, "acme", "shop.example.com", "woocommerce") is None


async def test_a_changed_interval_holds_from_now_on(world: World) -> None:
    await world.start([store()])
    await world.time.advance(1)
    await world.update([store(probes={"liveness": Schedule(10, 5)})])
    await world.time.advance(100)
    assert 9 <= len(world.times()) <= 13


async def test_stores_that_come_and_go_for_ever_leave_no_places_behind(world: World) -> None:
    stores = [store(f"shop{number}.example.com") for number in range(300)]
    kept = store("kept.example.com")
    await world.start([kept])
    for _ in range(20):
        await world.update([kept, *map(replace, stores)])
        await world.update([kept])
    assert len(world.scheduler._timetable._heap) < 1100
    await world.time.advance(130)
    assert {domain for _, domain, _ in world.runs} == {"kept.example.com"}
    assert len(world.runs) >= 2


@pytest.fixture
def _turns_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """End a turn after ten items: by a real clock a busy machine has more, and each is steps."""
    looks = itertools.count()
    monkeypatch.setattr(turns, "perf_counter", lambda: next(looks) * turns.TURN_SECONDS / 10)


async def steps_of_an_update(
    world: World, before: Sequence[Store], after: Sequence[Store]
) -> tuple[int, int]:
    """Return the steps of a change in all, and of the longest stretch without another's turn."""
    await world.start(before)
    list(world.recorder.families())  # what was written before is not what is counted
    world.inventory.replace(after)  # nor is what a thread compares
    after = list(world.inventory.stores.values())
    marks = [0]
    with counting() as steps:
        change = asyncio.create_task(world.scheduler.update(after))
        while not change.done():
            await asyncio.sleep(0)
            marks.append(steps.count)
    return steps.count, max(end - begin for begin, end in itertools.pairwise(marks))


@pytest.mark.usefixtures("_turns_of_ten")
@pytest.mark.parametrize("what", ["added", "removed", "changed"])
async def test_many_stores_come_and_go_without_holding_up_what_goes_on(what: str) -> None:
    def fleet(count: int) -> list[Store]:
        # No other test has names of these domains in a cache.
        return [store(f"{what}{number}.of{count}.example.com") for number in range(count)]

    async def steps(count: int) -> tuple[int, int]:
        time = VirtualTime()
        recorder = Recorder(clock=time.now, monotonic=time.monotonic)
        runner = Runner(recorder, always(), now=time.now, monotonic=time.monotonic)
        world = World(time, recorder, runner)
        world.make()
        stores = fleet(count)
        other = [replace(one, concurrency=2) for one in stores]
        none: list[Store] = []
        changes = {"added": (none, stores), "removed": (stores, none), "changed": (stores, other)}
        found = await steps_of_an_update(world, *changes[what])
        await world.scheduler.stop()
        return found

    few, longest = await steps(200)
    many, longest_of_many = await steps(800)
    assert few > 200 * 20
    assert many < 4.4 * few
    # What is left to grow is the comparison of each store: a hundredth of what a change costs. The
    # longest stretch is the events of a hundred stores, which are read meanwhile.
    assert longest < few / 3
    assert longest_of_many < longest + 600 * 80


@pytest.mark.usefixtures("_turns_of_ten")
async def test_a_store_that_did_not_change_costs_its_comparison(world: World) -> None:
    async def steps(count: int) -> int:
        stores = [store(f"shop{number}.example.com") for number in range(count)]
        await world.update(stores)
        await world.runner.changes.settle()  # the events of stores are read meanwhile
        found, _ = await steps_of_an_update(world, stores, [*stores, store("one.example.com")])
        return found

    few = await steps(100)
    assert await steps(500) < few + 400 * 60
