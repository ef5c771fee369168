"""A runner without a network, and checks for it to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from store_exporter.contract import Check, Report, Run
from store_exporter.metrics.catalogue import Metric
from store_exporter.metrics.families import HistogramValue, Sample
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing.jobs import Job
from store_exporter.probing.results.result import Result
from store_exporter.probing.runner import Runner
from tests.fakes.clock import Clock
from tests.probing.scripted import always

URL = "https://shop.example.com"
LABELS = ("acme", "shop.example.com", "woocommerce")

Jobs = Callable[..., Job]


class Bench:
    """A runner over a sender without a network, with a clock that stands still."""

    def __init__(self, sender: Any = None, **options: Any) -> None:
        self.clock = Clock()
        self.recorder = Recorder(clock=self.clock.now, monotonic=self.clock.now)
        self.runner = Runner(
            self.recorder,
            sender or always(),
            now=self.clock.now,
            monotonic=self.clock.now,
            **options,
        )

    def series(self, metric: Metric) -> dict[tuple[str, ...], float | HistogramValue]:
        for family in self.recorder.families():
            if family.metric == metric:
                return dict(family.series)
        return {}

    def value(self, metric: Metric, *further: str) -> float | HistogramValue | None:
        return self.series(metric).get((*LABELS, *further))

    def names(self) -> set[str]:
        return {
            family.metric.name
            for family in self.recorder.families()
            if any(LABELS[1] in labels for labels, _ in family.series)
        }

    async def run(self, job: Job) -> Result:
        """A run in time: one during which a busy machine stood still is made again."""
        return await in_time(self.runner, job)


async def in_time(runner: Runner, job: Job) -> Result:
    """Run a check until the machine kept up, without which nothing is said about the store."""
    for _ in range(20):
        outcome = await runner.run(job)
        if isinstance(outcome, Result):
            return outcome
        assert outcome.reason == "local", outcome
    raise AssertionError(outcome)


def ask(_: Any, __: Run) -> Plan[Report]:
    yield from once(Request("GET", "/"))
    return Report(summary="it answered")


def failing(error: BaseException) -> Check:
    def check(_: Any, __: Run) -> Plan[Report]:
        raise error

    return check


def reporting(*samples: Sample, degraded: tuple[str, ...] = ()) -> Check:
    def check(_: Any, __: Run) -> Plan[Report]:
        yield from ()
        return Report(samples, degraded, "done")

    return check
