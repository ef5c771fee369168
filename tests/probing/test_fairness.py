"""Whoever is due gets a turn, however much others want of the same store or exporter."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from random import Random

import pytest

from store_exporter.contract import Check, Collector, Probe, Report, Response, Run
from store_exporter.metrics.catalogue import health
from store_exporter.metrics.families import HistogramValue
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Pause, Plan, Request, once
from store_exporter.probing.exchange import Exchange, Outgoing
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.probing.scheduler import Scheduler
from store_exporter.stores.model import Schedule, Secret, Store
from tests.fakes.virtual_time import VirtualTime

PROBES = [f"probe{number}" for number in range(10)]
PATIENT = 3600.0
"""Seconds of a timeout that the test's own clock never reaches."""


def store(domain: str = "shop.example.com", requests_per_hour: int = 1_000_000) -> Store:
    keys = {"consumer_key": Secret("ck_1"), "consumer_secret": Secret("cs_1")}
    return Store(
        *("acme", domain, "woocommerce", f"https://{domain}", keys),
        requests_per_hour=requests_per_hour,
    )


class Fleet:
    """A scheduler, in a time that only the test moves, over stores that take theirs."""

    def __init__(self, answer: float = 0.0, *, concurrency: int = 512) -> None:
        self.time = VirtualTime()
        self.answer = answer
        self.checks: list[Probe | Collector] = []
        self.ended: dict[tuple[str, str], list[float]] = {}
        self.recorder = Recorder(clock=self.time.now, monotonic=self.time.monotonic)
        runner = Runner(
            self.recorder,
            self,
            now=self.time.now,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
        )
        self.scheduler = Scheduler(
            runner,
            concurrency=concurrency,
            jobs=self.jobs,
            now=self.time.now,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
            random=Random(1),
        )

    async def send(self, outgoing: Outgoing, exchange: Exchange) -> Response:
        """Answer as a slow store does."""
        await self.time.sleep(self.answer)
        exchange.responded(200)
        return Response(200, {}, b"{}", outgoing.url)

    def jobs(self, one: Store) -> Iterable[Job]:
        for check in self.checks:
            yield Job(one, check, Schedule(check.interval, check.timeout))

    def probe(self, name: str, interval: float, *, hang: float = 0.0) -> None:
        """Have a probe run, which asks once, or else only waits."""
        check = self.asking(name, 0 if hang else 1, hang)
        liveness = name == "liveness"
        requests = 0 if hang else 1
        self.checks.append(
            Probe(name, check, "", interval, PATIENT, liveness=liveness, requests=requests)
        )

    def collector(self, interval: float, requests: int) -> None:
        """Have a collector run, which asks several times."""
        check = self.asking("orders", requests, 0.0)
        self.checks.append(
            Collector("orders", check, "", interval=interval, timeout=PATIENT, requests=requests)
        )

    def asking(self, name: str, requests: int, hang: float) -> Check:
        def check(_: object, run: Run) -> Plan[Report]:
            for _ in range(requests):
                yield from once(Request("GET", "/"))
            if hang:
                yield Pause(hang)
            self.ended.setdefault((run.store.domain, name), []).append(self.time.monotonic())
            return Report()

        return check

    def times(self, name: str, domain: str = "shop.example.com") -> list[float]:
        return self.ended.get((domain, name), [])

    def up(self) -> list[float]:
        found = [family for family in self.recorder.families() if family.metric is health.UP]
        values = (value for family in found for _, value in family.series)
        return [value for value in values if not isinstance(value, HistogramValue)]


def longest_gap(times: list[float]) -> float:
    return max((later - sooner for sooner, later in itertools.pairwise(times)), default=PATIENT)


@pytest.fixture
async def fleet(request: pytest.FixtureRequest) -> AsyncIterator[Fleet]:
    made = Fleet(**getattr(request, "param", {}))
    yield made
    await made.scheduler.stop()


@pytest.mark.parametrize("fleet", [{"answer": 1.5}], indirect=True)
async def test_probes_of_a_slow_store_that_always_queue_let_its_collector_through(
    fleet: Fleet,
) -> None:
    fleet.probe("liveness", 1)
    for name in PROBES:
        fleet.probe(name, 1)
    fleet.collector(60, requests=5)
    await fleet.scheduler.start([store()])
    await fleet.time.advance(600)
    assert longest_gap(fleet.times("orders")) < 130
    assert len(fleet.times("orders")) >= 7
    assert longest_gap(fleet.times("liveness")) < 4, "it never waits for others"
    for name in PROBES:
        assert longest_gap(fleet.times(name)) < 40
    assert fleet.up() == [1.0]


async def test_the_collector_gets_its_turns_when_probes_need_the_whole_budget(
    fleet: Fleet,
) -> None:
    fleet.probe("liveness", 60)
    for name in PROBES:
        fleet.probe(name, 10)
    fleet.collector(300, requests=5)
    await fleet.scheduler.start([store(requests_per_hour=600)])
    await fleet.time.advance(3 * 3600)
    assert longest_gap(fleet.times("orders")) < 400
    assert longest_gap(fleet.times("liveness")) < 70
    assert sum(len(fleet.times(name)) for name in PROBES) > 3 * 350
    assert fleet.up() == [1.0]


@pytest.mark.parametrize("fleet", [{"concurrency": 4}], indirect=True)
async def test_probes_that_take_all_the_room_of_the_exporter_let_collectors_start(
    fleet: Fleet,
) -> None:
    stores = [store(f"shop{number}.example.com") for number in range(20)]
    fleet.probe("liveness", 10, hang=9)
    fleet.probe("cart", 30, hang=9)
    fleet.collector(600, requests=1)
    await fleet.scheduler.start(stores)
    await fleet.time.advance(1800)
    for one in stores:
        for name in ("liveness", "cart", "orders"):
            assert len(fleet.times(name, one.domain)) >= 2, (one.domain, name)
