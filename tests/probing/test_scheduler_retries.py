"""What was held back or failed runs again before its next place."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from store_exporter.contract import Check, Collector, Probe, Report, Run
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue import exporter as catalogue
from store_exporter.metrics.catalogue.values import HealthState
from store_exporter.net.plans import Pause, Plan
from tests.probing.scheduling import World, store


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
    assert _state(world) == HealthState.HEALTHY
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


def _state(world: World) -> HealthState | None:
    health = world.runner.health("shop.example.com")
    return None if health is None else health.state


async def test_a_probe_that_fails_once_runs_again_a_minute_later_and_not_an_interval_later(
    world: World,
) -> None:
    world.extra = [_cart(world, lambda number: number != 3)]
    await world.start([store()])
    while len(world.times(name="cart")) < 3:
        await world.time.advance(5)
    assert _state(world) == HealthState.CRITICAL
    await world.time.advance(75)
    assert _state(world) == HealthState.HEALTHY
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


async def test_a_probe_that_failed_runs_again_no_sooner_than_the_store_requests(
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
