"""When probes and collectors run, in a time that only tests move."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from store_exporter.contract import Collector, Report, Run
from store_exporter.metrics.catalogue import exporter as catalogue
from store_exporter.metrics.catalogue import health
from store_exporter.metrics.catalogue.values import SkipReason
from store_exporter.net.plans import Pause, Plan
from store_exporter.probing.jobs import Job
from store_exporter.probing.timetable import TICK
from tests.probing.scheduling import World, store


async def test_a_single_store_is_probed_at_once_and_then_at_its_place(world: World) -> None:
    await world.start([store()])
    await world.time.advance(1)
    assert len(world.times()) == 1
    await world.time.advance(600)
    gaps = [b - a for a, b in zip(world.times(), world.times()[1:], strict=False)]
    assert 30 <= gaps[0] <= 92
    assert all(58 <= gap <= 62 for gap in gaps[1:])
    assert len(gaps) in (9, 10)


async def test_a_restart_does_not_shift_the_places(world: World) -> None:
    async def places() -> list[float]:
        world.runs.clear()
        scheduler = world.make()
        await scheduler.start([store(f"shop{n}.example.com") for n in range(20)])
        await world.time.advance(300)
        await scheduler.stop()
        offset = world.time.now() - world.time.monotonic()
        last = {domain: moment for moment, domain, _ in world.runs}
        return [(last[f"shop{n}.example.com"] + offset) % 60 for n in range(20)]

    first = await places()
    await world.time.advance(7)
    second = await places()
    for a, b in zip(first, second, strict=True):
        distance = abs(a - b)
        assert min(distance, 60 - distance) <= 1.3, "jitter and a tick"


async def test_places_are_spread_evenly_over_the_interval(world: World) -> None:
    await world.start([store(f"shop{n}.example.com") for n in range(600)])
    await world.time.advance(120)
    world.runs.clear()
    await world.time.advance(60)
    seconds = Counter(int(moment) // 10 for moment, _, _ in world.runs)
    assert len(world.runs) == pytest.approx(600, abs=20)
    assert max(seconds.values()) < 160, "of a hundred in ten seconds on average"


async def test_runs_that_are_due_within_a_tick_start_together(world: World) -> None:
    await world.start([store(f"shop{n}.example.com") for n in range(1000)])
    await world.time.advance(600)
    later = Counter(round(when, 6) for when, _, _ in world.runs if when > world.runs[0][0] + 120)
    assert all(math.isclose(when / TICK, round(when / TICK), abs_tol=1e-6) for when in later)
    assert max(later.values()) < 12
    assert len(later) > 0.3 * sum(later.values())


async def test_a_fleet_begins_at_the_pace_that_it_keeps(world: World) -> None:
    world.interval = 10.0
    await world.time.advance(14 - world.time.now() % 10)  # the grid comes round in six seconds
    await world.start([store(f"shop{n}.example.com") for n in range(600)])
    await world.time.advance(20)
    seconds = Counter(int(moment) for moment, _, _ in world.runs)
    assert len({domain for _, domain, _ in world.runs}) == 600
    assert max(seconds.values()) < 100, "of sixty a second on average"


async def test_a_run_that_takes_longer_than_its_interval_is_not_joined_by_another(
    world: World,
) -> None:
    running = 0

    def slow(run: Run) -> Plan[None]:
        nonlocal running
        running += 1
        assert running == 1
        yield Pause(150)
        running -= 1

    world.behave = slow
    await world.start([store()])
    await world.time.advance(600)
    assert len(world.times()) == 4
    skipped = world.value(catalogue.RUNS_SKIPPED, "overlap")
    assert skipped is not None
    assert 5 <= skipped <= 8


async def test_what_was_missed_is_counted_and_not_made_up_for(world: World) -> None:
    await world.start([store()])
    await world.time.advance(200)
    before = len(world.times())
    world.time.jump(3600)
    await world.time.advance(100)
    assert len(world.times()) - before in (2, 3)
    skipped = world.value(catalogue.RUNS_SKIPPED, "overlap")
    assert skipped is not None
    assert 58 <= skipped <= 61


async def test_lag_is_how_much_later_than_planned_a_run_starts(world: World) -> None:
    def slow(run: Run) -> Plan[None]:
        yield Pause(7)

    world.behave = slow
    scheduler = world.make(concurrency=1)
    await scheduler.start([store("a.example.com"), store("b.example.com")])
    await world.time.advance(20)
    lag = world.value(catalogue.SCHEDULER_LAG)
    assert lag is not None
    assert lag == pytest.approx(7, abs=0.2), "the second waited for the first"


async def test_the_number_of_concurrent_runs_is_limited(world: World) -> None:
    running = most = 0

    def slow(run: Run) -> Plan[None]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        yield Pause(2)
        running -= 1

    world.behave = slow
    scheduler = world.make(concurrency=5)
    await scheduler.start([store(f"shop{n}.example.com") for n in range(60)])
    await world.time.advance(60)
    assert most == 5
    assert len({domain for _, domain, _ in world.runs}) == 60


async def test_runs_that_are_due_together_begin_one_in_each_turn_of_the_event_loop(
    world: World,
) -> None:
    turn = 0
    turns: list[int] = []

    async def count() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    def note(_: Run) -> Plan[None]:
        turns.append(turn)
        yield from ()

    world.behave = note
    await world.make().start([store(f"shop{n}.example.com") for n in range(10)])
    world.time.jump(60)
    counting_turns = asyncio.create_task(count())
    await world.time.advance(1)
    counting_turns.cancel()
    assert len(turns) == len(set(turns)) == 10


async def test_an_org_whose_stores_all_hang_delays_no_other_org(world: World) -> None:
    def hang(run: Run) -> Plan[None]:
        if run.store.org == "evil":
            yield Pause(9)

    world.behave = hang
    scheduler = world.make(concurrency=5)
    evil = [replace(store(f"evil{n}.example.com"), org="evil") for n in range(100)]
    await scheduler.start([*evil, store("shop.example.com")])
    await world.time.advance(1200)
    times = world.times()
    # A free place comes every two seconds or so; the stores of the other org wait for minutes.
    assert max(later - sooner for sooner, later in itertools.pairwise(times)) < 75
    assert len(times) >= 18
    assert len(world.times("evil0.example.com")) < 10


async def test_collectors_that_hang_leave_room_for_probes(world: World) -> None:
    def hang(_: Any, run: Run) -> Plan[Report]:
        world.runs.append((world.time.monotonic(), run.store.domain, "orders"))
        yield Pause(math.inf)
        return Report()

    world.extra = [Collector("orders", hang, "", interval=60, timeout=3600, requests=0)]
    scheduler = world.make(concurrency=4)
    await scheduler.start([store(f"shop{n}.example.com") for n in range(10)])
    await world.time.advance(180)
    assert sum(what == "orders" for _, _, what in world.runs) == 2
    for n in range(10):
        assert len(world.times(f"shop{n}.example.com")) >= 3


async def test_stopping_is_prompt_and_interrupts_what_runs(world: World) -> None:
    interrupted: list[str] = []

    def hang(run: Run) -> Plan[None]:
        try:
            yield Pause(math.inf)
        finally:
            interrupted.append(run.store.domain)

    world.behave = hang
    scheduler = world.make(concurrency=10)
    await scheduler.start([store(f"shop{n}.example.com") for n in range(30)])
    await world.time.advance(5)
    await asyncio.wait_for(scheduler.stop(), 60)
    assert len(interrupted) == 10
    await world.time.advance(600)
    assert len(interrupted) == 10
    await scheduler.stop()


async def test_a_start_without_stores_waits_for_some(world: World) -> None:
    await world.start([])
    await world.time.advance(7200)
    await world.update([store()])
    await world.time.advance(1)
    assert len(world.runs) == 1


async def test_a_failure_of_the_runner_itself_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = world.runner.run

    async def fail_for_a(job: Job) -> object:
        if job.store.domain.startswith("a."):
            raise RuntimeError("a bug of ours")
        return await run(job)

    monkeypatch.setattr(world.runner, "run", fail_for_a)
    await world.start([store("a.example.com"), store("b.example.com")])
    await world.time.advance(130)
    assert len(world.times("b.example.com")) >= 2
    assert "a bug of ours" in caplog.text


async def test_the_end_of_the_timer_itself_is_shouted_about(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(world.runner.recording, "skipped", None)
    await world.start([store()])
    await world.time.advance(1)
    world.time.jump(3600)
    await world.time.advance(1)
    assert "nothing is probed any more" in caplog.text


async def test_counters_are_there_from_the_beginning(world: World) -> None:
    await world.start([store()])
    for reason in SkipReason:
        assert world.value(catalogue.RUNS_SKIPPED, reason) == 0
    assert world.value(catalogue.STATE_LOSSES) == 0
    assert world.value(health.API_THROTTLED, "acme", "shop.example.com", "woocommerce") == 0
