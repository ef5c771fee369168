"""When probes and collectors run, in a time that only tests move."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from store_exporter.contract import Check, Collector, Probe, Report, Run
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue import exporter as catalogue
from store_exporter.metrics.catalogue import health
from store_exporter.metrics.families import HistogramValue
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Pause, Plan
from store_exporter.probing.jobs import Job
from store_exporter.probing.results.health import State
from store_exporter.probing.results.recording import SKIP_REASONS
from store_exporter.probing.runner import Runner
from store_exporter.probing.scheduler import Scheduler
from store_exporter.stores.inventory import Inventory
from store_exporter.stores.model import Schedule, Store
from tests.fakes.virtual_time import VirtualTime
from tests.probing.scripted import always
from tests.steps import counting


def store(domain: str = "shop.example.com", **changes: object) -> Store:
    fields = {"requests_per_hour": 100_000, **changes}
    return Store("acme", domain, "woocommerce", f"https://{domain}", **fields)  # type: ignore[arg-type]


@dataclass
class World:
    """A scheduler, its clock and what it ran."""

    time: VirtualTime
    recorder: Recorder
    runner: Runner
    interval: float = 60.0
    extra: list[Probe | Collector] = field(default_factory=list)
    runs: list[tuple[float, str, str]] = field(default_factory=list)
    behave: Callable[[Run], Plan[None]] | None = None
    scheduler: Scheduler = field(init=False)
    inventory: Inventory = field(default_factory=Inventory)

    def make(self, concurrency: int = 512, seed: int = 1) -> Scheduler:
        self.scheduler = Scheduler(
            self.runner,
            concurrency=concurrency,
            jobs=self.jobs,
            now=self.time.now,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
            random=Random(seed),
        )
        return self.scheduler

    async def start(self, stores: Sequence[Store]) -> None:
        self.inventory.replace(stores)
        await self.scheduler.start(list(self.inventory.stores.values()))

    async def update(self, stores: Sequence[Store]) -> None:
        self.inventory.replace(stores)
        await self.scheduler.update(list(self.inventory.stores.values()))

    def jobs(self, one: Store) -> Iterable[Job]:
        def check(_: Any, run: Run) -> Plan[Report]:
            self.runs.append((self.time.monotonic(), run.store.domain, "liveness"))
            if self.behave is not None:
                yield from self.behave(run)
            return Report()

        probe = Probe("liveness", check, "", liveness=True, requests=0)
        schedule = one.probes.get("liveness", Schedule(self.interval, 10.0))
        if schedule.enabled:
            yield Job(one, probe, schedule)
        for further in self.extra:
            yield Job(one, further, Schedule(further.interval, further.timeout))

    def times(self, domain: str = "shop.example.com", name: str = "liveness") -> list[float]:
        return [moment for moment, where, what in self.runs if (where, what) == (domain, name)]

    def value(self, metric: object, *labels: str) -> float | None:
        for family in self.recorder.families():
            if family.metric is metric:
                for found, value in family.series:
                    if found == labels:
                        return value.sum if isinstance(value, HistogramValue) else value
        return None


@pytest.fixture
async def world() -> AsyncIterator[World]:
    time = VirtualTime()
    recorder = Recorder(clock=time.now, monotonic=time.monotonic)
    runner = Runner(recorder, always(), now=time.now, monotonic=time.monotonic, sleep=time.sleep)
    made = World(time, recorder, runner)
    made.make()
    yield made
    await made.scheduler.stop()


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


async def test_no_more_runs_than_allowed_go_on_at_the_same_time(world: World) -> None:
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
    assert world.runner.history.latest("shop.example.com") == []
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


async def test_a_run_that_was_held_back_is_tried_again_when_it_may_run(world: World) -> None:
    world.extra = [Collector("orders", _collect(world), "", interval=3600, timeout=60)]
    await world.start([store()])
    await world.time.advance(3)
    first = len(world.times(name="orders"))
    world.runner.access(store()).budget.refused(100)
    await world.update([replace(store(), concurrency=2)])
    await world.time.advance(90)
    assert len(world.times(name="orders")) == first
    await world.time.advance(20)
    assert len(world.times(name="orders")) == first + 1
    assert world.value(catalogue.RUNS_SKIPPED, "backoff") == 1


async def test_what_was_held_back_runs_as_soon_as_the_store_is_back(world: World) -> None:
    world.extra = [Collector("orders", _collect(world), "", interval=3600, timeout=60)]
    await world.start([store()])
    await world.time.advance(3)
    first = len(world.times(name="orders"))
    budget = world.runner.access(store()).budget
    budget.failed(600)
    await world.update([replace(store(), concurrency=2)])
    await world.time.advance(40)
    assert len(world.times(name="orders")) == first
    budget.responded()
    await world.time.advance(70)
    assert len(world.times(name="orders")) == first + 1, "600 s were announced and not needed"


async def test_a_probe_that_failed_in_an_outage_is_looked_at_again_when_it_ends(
    world: World,
) -> None:
    down = True

    def fail(_: Run) -> Plan[None]:
        yield from ()
        if down:
            raise StoreError("maintenance", "an update")

    def cart(_: Any, run: Run) -> Plan[Report]:
        world.runs.append((world.time.monotonic(), run.store.domain, "cart"))
        yield from fail(run)
        return Report()

    world.behave = fail
    world.extra = [Probe("cart", cart, "", interval=3600, timeout=60, requests=0)]
    await world.start([store()])
    await world.time.advance(130)
    before = len(world.times(name="cart"))
    down = False
    await world.time.advance(70)
    assert len(world.times(name="cart")) == before + 1
    health = world.runner.health("shop.example.com")
    assert health is not None
    assert health.state is State.HEALTHY
    await world.time.advance(600)
    assert len(world.times(name="cart")) == before + 1, "once is enough"


def _probed(world: World, outcomes: Callable[[Run], Plan[bool]]) -> Check:
    """A check `cart` that fails where `outcomes` says so."""

    def cart(_: Any, run: Run) -> Plan[Report]:
        world.runs.append((world.time.monotonic(), run.store.domain, "cart"))
        if not (yield from outcomes(run)):
            raise StoreError("server_error", "HTTP 500")
        return Report()

    return cart


def _cart(world: World, succeeds: Callable[[int], bool], requests: int = 0) -> Probe:
    """A critical probe of every five minutes that succeeds or not by the number of its run."""

    def outcomes(_: Run) -> Plan[bool]:
        yield from ()
        return succeeds(len(world.times(name="cart")))

    check = _probed(world, outcomes)
    return Probe("cart", check, "", interval=300, timeout=10, critical=True, requests=requests)


def _gaps(world: World, name: str = "cart") -> list[float]:
    return [later - sooner for sooner, later in itertools.pairwise(world.times(name=name))]


def _state(world: World) -> State:
    found = world.runner.health("shop.example.com")
    assert found is not None
    return found.state


async def test_a_probe_that_fails_once_runs_again_a_minute_later_and_not_an_interval_later(
    world: World,
) -> None:
    world.extra = [_cart(world, lambda number: number != 3)]
    await world.start([store()])
    while len(world.times(name="cart")) < 3:
        await world.time.advance(5)
    assert _state(world) is State.CRITICAL
    await world.time.advance(75)
    assert _state(world) is State.HEALTHY
    await world.time.advance(1200)
    again, back_on_the_grid, *usual = _gaps(world)[2:]
    assert 60 <= again <= 73
    assert back_on_the_grid == pytest.approx(300 - again, abs=2)
    assert len(usual) >= 2
    assert all(298 <= gap <= 302 for gap in usual)


async def test_a_probe_that_goes_on_failing_keeps_its_interval(world: World) -> None:
    world.extra = [_cart(world, lambda number: number < 3)]
    await world.start([store()])
    await world.time.advance(2400)
    again, back_on_the_grid, *usual = _gaps(world)[2:]
    assert 60 <= again <= 73
    assert 220 <= back_on_the_grid <= 242
    assert len(usual) >= 3
    assert all(298 <= gap <= 302 for gap in usual)


async def test_a_probe_of_every_minute_that_fails_runs_no_more_often(world: World) -> None:
    def fail(_: Run) -> Plan[None]:
        yield from ()
        if len(world.runs) % 2:
            raise StoreError("server_error", "HTTP 500")

    world.behave = fail
    await world.start([store()])
    await world.time.advance(1270)
    assert len(world.runs) in (21, 22)
    assert all(58 <= gap <= 62 for gap in _gaps(world, "liveness")[1:])


async def test_a_collector_that_fails_waits_for_its_interval(world: World) -> None:
    def fail(_: Any, run: Run) -> Plan[Report]:
        world.runs.append((world.time.monotonic(), run.store.domain, "orders"))
        yield from ()
        raise StoreError("server_error", "HTTP 500")

    world.extra = [Collector("orders", fail, "", interval=300, timeout=60, requests=0)]
    await world.start([store()])
    await world.time.advance(1200)
    assert min(_gaps(world, "orders")[1:]) >= 298


async def test_a_probe_that_failed_runs_again_no_sooner_than_the_store_asks_for(
    world: World,
) -> None:
    def succeeds(number: int) -> bool:
        if number == 3:
            world.runner.access(store()).budget.refused(150)
        return number != 3

    world.extra = [_cart(world, succeeds, requests=1)]
    await world.start([store()])
    await world.time.advance(1500)
    assert 149 <= _gaps(world)[2] <= 153


async def test_stores_that_fail_at_the_same_moment_are_probed_again_at_different_ones(
    world: World,
) -> None:
    failing_from = world.time.monotonic() + 1000

    def hang(_: Run) -> Plan[bool]:
        now = world.time.monotonic()
        if failing_from - 300 < now < failing_from:
            yield Pause(failing_from - now)
        return now <= failing_from - 300

    check = _probed(world, hang)
    world.extra = [Probe("cart", check, "", interval=300, timeout=400, requests=0)]
    await world.make().start([store(f"shop{number}.example.com") for number in range(120)])
    await world.time.advance(1059)
    before = len(world.runs)
    await world.time.advance(15)
    seconds = Counter(int(moment) for moment, _, name in world.runs[before:] if name == "cart")
    assert sum(seconds.values()) > 80, "the others have had their usual run within the minute"
    assert max(seconds.values()) < 20, "of eight a second on average"


def _collect(world: World) -> Check:
    def collect(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        world.runs.append((world.time.monotonic(), run.store.domain, "orders"))
        return Report()

    return collect


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
    for reason in SKIP_REASONS:
        assert world.value(catalogue.RUNS_SKIPPED, reason) == 0
    assert world.value(catalogue.STATE_LOSSES) == 0
    assert world.value(health.API_THROTTLED, "acme", "shop.example.com", "woocommerce") == 0


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


@pytest.mark.parametrize("what", ["added", "removed", "changed"])
async def test_many_stores_come_and_go_without_holding_up_what_goes_on(what: str) -> None:
    def fleet(count: int) -> list[Store]:
        return [store(f"shop{number}.example.com") for number in range(count)]

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


async def test_a_store_that_did_not_change_costs_its_comparison(world: World) -> None:
    async def steps(count: int) -> int:
        stores = [store(f"shop{number}.example.com") for number in range(count)]
        await world.update(stores)
        found, _ = await steps_of_an_update(world, stores, [*stores, store("one.example.com")])
        return found

    few = await steps(100)
    assert await steps(500) < few + 400 * 60
