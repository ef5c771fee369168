"""How much a store is asked, at the most."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.probing.budget import LONGEST_BACKOFF, Budget, Priority, Slots
from tests.fakes.clock import Clock


@settings(deadline=None)
@given(
    per_hour=st.integers(1, 100),
    gaps=st.lists(st.floats(0, 900), min_size=1, max_size=100),
    priority=st.sampled_from(Priority),
)
def test_no_hour_wherever_it_begins_sees_more_requests_than_the_limit(
    per_hour: int, gaps: list[float], priority: Priority
) -> None:
    clock = Clock(0.0)
    budget = Budget(per_hour, monotonic=clock.now)
    sent: list[float] = []
    for gap in gaps:
        clock.advance(gap)
        for _ in range(per_hour + 2):
            if not budget.spend(priority):
                break
            sent.append(clock.now())
    for first, begins in enumerate(sent):
        within = bisect_left(sent, begins + 3600) - first
        # A limit of one request an hour leaves no room for a burst besides.
        assert within <= max(per_hour, 2)


@settings(deadline=None)
@given(per_hour=st.integers(1, 100_000))
def test_a_wait_ends_with_a_request_that_may_be_sent(per_hour: int) -> None:
    clock = Clock(0.0)
    budget = Budget(per_hour, monotonic=clock.now)
    while budget.spend(Priority.COLLECTOR):
        pass
    wait = budget.wait(Priority.COLLECTOR)
    assert 0 < wait <= 7200
    clock.advance(wait)
    assert budget.spend(Priority.COLLECTOR)


def test_collectors_leave_a_reserve_to_liveness_probes() -> None:
    clock = Clock(0.0)
    budget = Budget(600, monotonic=clock.now)
    taken = 0
    while budget.spend(Priority.COLLECTOR):
        taken += 1
    assert taken == 45
    assert budget.remaining == 15
    for _ in range(15):
        assert budget.spend(Priority.LIVENESS)
    assert not budget.spend(Priority.LIVENESS)


def test_liveness_probes_are_never_starved_by_collectors_that_take_all_they_get() -> None:
    clock = Clock(0.0)
    budget = Budget(600, monotonic=clock.now)
    for _ in range(24 * 60):
        while budget.spend(Priority.COLLECTOR):
            pass
        assert budget.spend(Priority.LIVENESS)
        clock.advance(60)


def test_probes_and_collectors_take_turns_at_what_is_too_little_for_both() -> None:
    clock = Clock(0.0)
    budget = Budget(600, monotonic=clock.now)
    had: Counter[Priority] = Counter()
    for second in range(7200):
        clock.advance(1)
        if second % 60 == 0:
            assert budget.spend(Priority.LIVENESS)
        # Probes always ask first, as many as there are.
        for priority in (Priority.PROBE, Priority.PROBE, Priority.COLLECTOR):
            had[priority] += second > 1800 and budget.spend(priority)
    assert had.total() == pytest.approx(1.5 * (540 - 60) + 45, abs=3)
    assert abs(had[Priority.PROBE] - had[Priority.COLLECTOR]) <= 45


@pytest.mark.parametrize("per_hour", [1, 10, 20, 600])
def test_who_is_turned_away_and_does_not_come_again_holds_up_nobody(per_hour: int) -> None:
    clock = Clock(0.0)
    budget = Budget(per_hour, monotonic=clock.now)
    while budget.spend(Priority.PROBE):
        pass
    assert budget.wait(Priority.COLLECTOR)
    for _ in range(3):
        clock.advance(wait := budget.wait(Priority.PROBE))
        assert wait <= 7200
        assert budget.spend(Priority.PROBE)


def test_a_changed_limit_does_not_give_back_what_is_spent() -> None:
    budget = Budget(600, monotonic=Clock(0.0).now)
    for _ in range(50):
        budget.spend(Priority.LIVENESS)
    budget.limit(1000)
    assert budget.remaining == 10
    budget.limit(10)
    assert budget.remaining == 1


def test_back_offs_grow_up_to_a_limit_until_the_store_responds() -> None:
    clock = Clock(0.0)
    budget = Budget(600, monotonic=clock.now, random=Random(7))
    held = []
    for _ in range(12):
        budget.failed()
        held.append(budget.held)
        clock.advance(budget.held)
    assert held[0] == pytest.approx(30, rel=0.2)
    assert held[1] == pytest.approx(60, rel=0.2)
    assert held[-1] == pytest.approx(LONGEST_BACKOFF, rel=0.2)
    budget.failed()
    budget.responded()
    assert budget.held == 0
    budget.failed()
    assert budget.held == pytest.approx(30, rel=0.2)


def test_a_pause_that_a_store_requested_applies_although_it_responds_again() -> None:
    clock = Clock(0.0)
    budget = Budget(600, monotonic=clock.now)
    budget.refused(300)
    budget.responded()
    assert budget.held == 300
    budget.refused(10)
    assert budget.held == 300, "a shorter wish does not shorten a longer one"


def test_what_a_store_in_trouble_expects_ends_when_it_responds() -> None:
    clock = Clock(0.0)
    budget = Budget(600, monotonic=clock.now)
    budget.failed(600)
    assert budget.held == 600
    budget.responded()
    assert budget.held == 0


@asynccontextmanager
async def held(slots: Slots, priority: int) -> AsyncIterator[None]:
    await slots.acquire(priority)
    try:
        yield
    finally:
        slots.release()


async def _run(
    slots: Slots, priority: int, name: str, ended: list[str], hold: asyncio.Event
) -> None:
    async with held(slots, priority):
        await hold.wait()
        ended.append(name)


async def test_the_most_urgent_waits_least_and_equals_take_turns() -> None:
    ended: list[str] = []
    slots, hold = Slots(1), asyncio.Event()
    names = [(2, "first"), (2, "second"), (1, "probe"), (0, "liveness"), (1, "probe 2")]
    tasks = []
    for priority, name in names:
        tasks.append(asyncio.create_task(_run(slots, priority, name, ended, hold)))
        await asyncio.sleep(0)
    hold.set()
    await asyncio.gather(*tasks)
    assert ended == ["first", "liveness", "probe", "probe 2", "second"]


async def test_every_fourth_slot_goes_to_who_is_least_urgent() -> None:
    ended: list[str] = []
    slots, hold = Slots(1), asyncio.Event()
    async with held(slots, 1):
        tasks = [asyncio.create_task(_run(slots, 2, "collector", ended, hold))]
        await asyncio.sleep(0)
        for _ in range(20):
            tasks.append(asyncio.create_task(_run(slots, 1, "probe", ended, hold)))
            await asyncio.sleep(0)
    hold.set()
    await asyncio.gather(*tasks)
    assert ended.index("collector") == 3


async def test_no_more_than_the_slots_run_at_the_same_time() -> None:
    slots = Slots(2)
    running = most = 0

    async def run() -> None:
        nonlocal running, most
        async with held(slots, 1):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(run() for _ in range(20)))
    assert (running, most) == (0, 2)


@pytest.mark.parametrize("late", [False, True])
async def test_who_gives_up_waiting_leaves_the_slot_to_the_next(late: bool) -> None:
    ended: list[str] = []
    slots, hold = Slots(1), asyncio.Event()
    hold.set()
    async with held(slots, 1):
        impatient = asyncio.create_task(_run(slots, 1, "impatient", ended, hold))
        patient = asyncio.create_task(_run(slots, 2, "patient", ended, hold))
        await asyncio.sleep(0)
        if not late:
            impatient.cancel()
            await asyncio.sleep(0)
    if late:
        # Its turn has come at this very moment.
        impatient.cancel()
    await asyncio.wait_for(patient, 60)
    assert ended == ["patient"]
    assert impatient.cancelled()


async def test_a_wider_limit_lets_those_in_who_wait() -> None:
    ended: list[str] = []
    slots, hold = Slots(1), asyncio.Event()
    tasks = [asyncio.create_task(_run(slots, 1, str(n), ended, hold)) for n in range(3)]
    await asyncio.sleep(0)
    slots.size = 3
    hold.set()
    await asyncio.gather(*tasks)
    assert len(ended) == 3
