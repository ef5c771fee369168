"""A scheduler in a time that only tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from store_exporter.contract import Collector, Probe, Report, Run
from store_exporter.metrics.families import HistogramValue
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.probing.scheduler import Scheduler
from store_exporter.stores.inventory import Inventory
from store_exporter.stores.model import Schedule, Store
from tests.fakes.virtual_time import VirtualTime


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
