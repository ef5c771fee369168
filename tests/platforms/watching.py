"""What tests need to run a probe or collector directly, whatever its platform."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from store_exporter.contract import Collector, Probe, Report, Run
from store_exporter.metrics.families import Sample
from store_exporter.net.plans import Pause
from store_exporter.platforms.kit.connection import Connection
from store_exporter.probing.driver import Driver, Http
from store_exporter.stores.model import Store


class KilledError(BaseException):
    """The end of the process."""


@dataclass
class MemoryCursor:
    """A cursor that keeps what a disk would: text. It may break down after some saves.

    Nothing is saved while `is_dead`, as by a process that was killed.
    """

    text: str = "{}"
    saves: int = 0
    fail_after: int | None = None
    is_dead: bool = False
    discarded: str = ""

    def load(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document

    def save(self, document: Mapping[str, Any]) -> None:
        if self.fail_after is not None and self.saves >= self.fail_after:
            raise OSError("no space left on device")
        if self.is_dead:
            return
        self.saves += 1
        self.text = json.dumps(document, allow_nan=False)

    def discard(self, why: str) -> None:
        self.discarded = why
        self.text = "{}"


@dataclass
class Watcher:
    """Runs checks of one store over an HTTP of the test's own."""

    store: Store
    connection: Connection[Any]
    http: Http
    cursor: MemoryCursor
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timeout: float = math.inf

    async def run(self, check: Probe | Collector, options: Mapping[str, Any]) -> Report:
        report: Report = await self.drive(check.check, {**check.options, **options})
        return report

    async def drive(self, plan: Any, options: Mapping[str, Any] | None = None) -> Any:
        """Run whatever makes a plan from an API and a run."""
        run = Run(self.store, options or {}, self.cursor, self.now, self.timeout)
        return await Driver(self.http, self.connection, pause=self._pause).run(plan, run)

    async def _pause(self, pause: Pause) -> None:
        await self.sleep(pause.seconds)


def figures(report: Report) -> dict[str, float]:
    """A report's samples as `name{label,...}` to value."""
    return {_key(sample): sample.value for sample in report.samples}


def rows(report: Report, name: str) -> list[tuple[dict[str, str], float]]:
    """Labels and values of one metric, in their order."""
    return [(dict(s.labels), s.value) for s in report.samples if s.metric.name == name]


def list_sizes(report: Report) -> dict[str, float]:
    """How many things each list has."""
    return {labels["list"]: value for labels, value in rows(report, "store_listed")}


def _key(sample: Sample) -> str:
    labels = ",".join(sample.labels.values())
    return f"{sample.metric.name}{{{labels}}}" if labels else sample.metric.name
