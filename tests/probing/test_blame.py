"""Whose fault a run is: the store's, or our own budget, disk, descriptors and event loop."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import replace
from typing import Any

import pytest

from store_exporter.contract import Check, Collector, Probe, Report, Response, Run
from store_exporter.errors import ErrorName, StoreError
from store_exporter.metrics.catalogue import business, exporter, health
from store_exporter.metrics.catalogue.values import SkipReason
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing.results.outcomes import Skipped, exporter_failure
from store_exporter.probing.results.result import Result
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.storage import Key
from store_exporter.probing.transport import Transport
from tests.fakes import bad_server
from tests.fakes.bad_server import serving
from tests.probing.bench import Bench, Jobs, failing, reporting
from tests.probing.scripted import Scripted


async def test_the_store_is_not_to_blame_for_our_own_spent_budget(job: Jobs) -> None:
    bench = Bench()
    poor = job(liveness=True, requests_per_hour=10)
    assert isinstance(await bench.runner.run(poor), Result)
    skipped = await bench.runner.run(poor)
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.wait) == ("budget", pytest.approx(400))
    assert bench.value(health.UP) == 1
    assert bench.series(exporter.RUNS_SKIPPED) == {("budget",): 1}


def greedy(_: Any, __: Run) -> Plan[Report]:
    """Send more requests than the budget allows at once."""
    for _ in range(5):
        yield from once(Request("GET", "/"))
    return Report()


async def test_a_probe_that_spends_the_budget_half_way_is_skipped_too(job: Jobs) -> None:
    bench = Bench()
    outcome = await bench.runner.run(job(greedy, requests_per_hour=20))
    assert isinstance(outcome, Skipped)
    assert bench.value(health.PROBE_SUCCESS, "liveness") is None


async def test_a_collector_that_spends_the_budget_half_way_is_left_out(job: Jobs) -> None:
    bench = Bench()
    outcome = await bench.runner.run(job(greedy, kind=Collector, requests_per_hour=20))
    assert isinstance(outcome, Skipped)
    assert (outcome.reason, outcome.wait) == ("budget", 60.0)
    assert "own budget" in outcome.message
    assert bench.series(business.COLLECTOR_FAILURES) == {}


@pytest.mark.parametrize("error_type", ["local_failure", "pool_timeout"])
@pytest.mark.parametrize("kind", [Probe, Collector])
async def test_a_failure_of_the_exporter_says_nothing_about_the_store(
    error_type: ErrorName, kind: type[Probe | Collector], job: Jobs
) -> None:
    bench = Bench()
    own = {"liveness": True} if kind is Probe else {}
    outcome = await bench.runner.run(
        job(failing(StoreError(error_type, "no descriptor")), kind=kind, **own)
    )
    assert isinstance(outcome, Skipped)
    assert outcome.reason == "local"
    assert bench.names() == set()
    assert bench.series(exporter.RUNS_SKIPPED) == {("local",): 1}


async def test_a_single_run_that_fails_on_our_side_is_reported_but_not_recorded(job: Jobs) -> None:
    bench = Bench()
    error = StoreError("local_failure", "no descriptor")
    result = await bench.runner.run_anyway(job(failing(error), liveness=True))
    assert (result.ok, result.error_type, result.skipped) == (False, "local_failure", "local")
    assert bench.names() == set()


async def test_a_store_that_is_throttled_is_not_down(job: Jobs) -> None:
    bench = Bench()
    await bench.run(job(failing(StoreError("rate_limited", "HTTP 429")), liveness=True))
    assert bench.value(health.UP) == 1
    assert bench.value(health.HEALTH, "degraded") == 1


def _stand_still(seconds: float) -> Check:
    """Return a check that stops the event loop in the midst of its request."""

    def check(_: Any, __: Run) -> Plan[Report]:
        asyncio.get_running_loop().call_later(0.05, time.sleep, seconds)
        yield from once(Request("GET", "/"))
        return Report()

    return check


@pytest.mark.parametrize(("still", "limit"), [(0.8, 0.5), (0.3, 0.25)])
async def test_a_deadline_that_passes_while_we_stand_still_is_ours(
    job: Jobs, transport: Transport, still: float, limit: float
) -> None:
    async def slowly(connection: bad_server.Connection) -> None:
        await asyncio.sleep(0.2)
        await bad_server.answer()(connection)

    async with serving(slowly) as server:
        bench = Bench(transport)
        stalled = job(_stand_still(still), url=server.url, liveness=True, timeout=limit)
        outcome = await bench.runner.run(stalled)
        assert isinstance(outcome, Skipped), outcome
        assert outcome.reason == "local"
        assert bench.value(health.UP) is None


@pytest.mark.parametrize(("still", "limit"), [(0.8, 15.0), (2.4, 10.0), (0.6, 4.0)])
def test_a_store_that_hangs_is_down_although_we_stood_still_for_a_small_part_of_it(
    job: Jobs, still: float, limit: float
) -> None:
    late = StoreError("timeout", "it took too long")
    assert exporter_failure(job(timeout=limit), late, still) is None
    ours = exporter_failure(job(timeout=limit), late, limit / 4)
    assert isinstance(ours, StoreError)
    assert ours.error_type == "local_failure"


@pytest.mark.parametrize("limit", [1.0, 15.0])
def test_a_response_that_lay_unread_for_half_a_second_does_not_make_a_store_degraded(
    job: Jobs, limit: float
) -> None:
    report = Report(degraded=["The response took 5.1 s, more than 5 s."])
    assert exporter_failure(job(timeout=limit), report, 0.5) is not None
    assert exporter_failure(job(timeout=limit), report, 0.4) is None


async def test_a_store_that_hangs_is_down_although_nothing_of_ours_is_slow(
    job: Jobs, transport: Transport
) -> None:
    async with serving(bad_server.hang) as server:
        bench = Bench(transport)
        waiting = job(url=server.url, liveness=True, timeout=0.5)
        result = await bench.run(waiting)
    assert result.error_type == "timeout"
    assert bench.value(health.UP) == 0


async def test_liveness_does_not_wait_behind_a_collector(job: Jobs, transport: Transport) -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def behave(connection: bad_server.Connection) -> None:
        if "/orders" in connection.head:
            asked.set()
            await release.wait()
        await bad_server.answer()(connection)

    def orders(_: Any, __: Run) -> Plan[Report]:
        yield from once(Request("GET", "/orders"))
        return Report()

    async with serving(behave) as server:
        bench = Bench(transport)
        slow = job(orders, kind=Collector, url=server.url, concurrency=1, timeout=30)
        store = slow.store
        collector = asyncio.create_task(bench.run(slow))
        await asked.wait()
        alive = replace(job(liveness=True, url=server.url), store=store)
        assert (await bench.run(alive)).ok
        # Another probe waits, however long that takes, and is not timed out by it.
        patient = replace(job(name="tls", url=server.url, timeout=3), store=store)
        waiting = asyncio.create_task(bench.run(patient))
        began = time.monotonic()
        await asyncio.sleep(3.2)
        release.set()
        result = await waiting
        assert result.ok, result.message
        assert result.duration < time.monotonic() - began - 3
        assert (await collector).ok


async def test_a_disk_that_is_slow_amid_a_run_is_not_held_against_the_store(job: Jobs) -> None:
    class SlowDisk(MemoryDocuments):
        async def write(self, key: Key, document: str, revision: int | None = None) -> int:
            await asyncio.sleep(0.8)
            return await super().write(key, document, revision)

    def orders(_: Any, run: Run) -> Plan[Report]:
        run.cursor.save({"page": 1})
        bench.clock.advance(10)
        yield from once(Request("GET", "/"))
        return Report()

    bench = Bench(documents=SlowDisk())
    result = await bench.run(job(orders, kind=Collector, timeout=0.3))
    assert result.ok, result.message


async def test_a_descriptor_that_we_lack_is_not_the_stores_fault(
    job: Jobs, transport: Transport
) -> None:
    async with serving(bad_server.answer()) as server:
        bench = Bench(transport)
        alive = job(liveness=True, url=server.url)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        await asyncio.sleep(0)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            outcome = await bench.runner.run(alive)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert isinstance(outcome, Skipped), outcome
        assert outcome.reason == "local"
        assert (await bench.run(alive)).ok


async def test_a_back_off_holds_back_everything_but_liveness(job: Jobs) -> None:
    sender = Scripted(lambda sent: Response(429, {"retry-after": "300"}, b"", sent.url))
    bench = Bench(sender)
    await bench.run(job(liveness=True))
    assert bench.value(health.API_THROTTLED) == 1
    for other in (job(name="cart"), job(kind=Collector)):
        outcome = await bench.runner.run(other)
        assert outcome == Skipped(SkipReason.BACKOFF, 300)
    assert isinstance(await bench.runner.run(job(liveness=True)), Result)
    bench.clock.advance(301)
    assert isinstance(await bench.runner.run(job(kind=Collector)), Result)


async def test_a_probe_without_requests_runs_whatever_the_budget(job: Jobs) -> None:
    bench = Bench()
    free = job(reporting(), name="dns", requests=0, requests_per_hour=10)
    bench.runner.access(free.store).budget.refused(300)
    for _ in range(5):
        assert isinstance(await bench.runner.run(free), Result)
