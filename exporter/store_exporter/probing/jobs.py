"""Jobs: one probe or collector of one store, with its schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..calls import call
from ..contract import Collector, Probe
from ..platforms import base
from ..stores.model import Schedule, Store
from .budget import BURST_SHARE, Priority

PROBE, COLLECTOR = call.PROBE, call.COLLECTOR
FRESH_INTERVALS = 3
"""Intervals after which a figure disappears if it is not renewed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One probe or collector of one store, with what follows from them."""

    store: Store
    check: Probe | Collector
    schedule: Schedule

    # Kept with each of the million jobs of a large fleet, what follows would fill much memory.
    @property
    def kind(self) -> str:
        """`PROBE` or `COLLECTOR`."""
        return PROBE if isinstance(self.check, Probe) else COLLECTOR

    @property
    def name(self) -> str:
        """The probe's or collector's name."""
        return self.check.name

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the job: domain, kind and name."""
        return self.store.domain, self.kind, self.check.name

    @property
    def liveness(self) -> bool:
        """Whether its result is `store_up`."""
        return isinstance(self.check, Probe) and self.check.liveness

    @property
    def critical(self) -> bool:
        """Whether its failure makes the store critical rather than degraded."""
        if not isinstance(self.check, Probe):
            return False
        own = self.schedule.critical
        return self.check.critical if own is None else own

    @property
    def priority(self) -> Priority:
        """The order in which jobs get a slot of the store."""
        if not isinstance(self.check, Probe):
            return Priority.COLLECTOR
        return Priority.LIVENESS if self.check.liveness else Priority.PROBE

    @property
    def ttl(self) -> float:
        """Seconds for which its figures are shown."""
        return FRESH_INTERVALS * self.schedule.interval + self.schedule.timeout

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options, with the defaults filled in."""
        return {**self.check.options, **self.schedule.options}


def jobs_of(store: Store) -> Iterator[Job]:
    """Yield a store's jobs: what its platform offers, applies to the store and is not disabled.

    A probe or collector without a schedule of its own has the platform's.
    """
    platform = base.load(store.platform)
    for checks, schedules in (
        (platform.probes, store.probes),
        (platform.collectors, store.collectors),
    ):
        for name, check in checks.items():
            if isinstance(check, Probe) and not check.applies(store):
                continue
            schedule = schedules.get(name) or Schedule(check.interval, check.timeout)
            if schedule.enabled:
                yield Job(store, check, schedule)


def budget_problem(store: Store) -> str:
    """Return why the liveness probe leaves no requests to other jobs; "" if it does.

    The liveness probe goes first. A tenth of the hourly requests is for bursts, and the other nine
    tenths are refilled within the hour. So a probe that needs nine tenths uses all of them.
    """
    for name, check in base.load(store.platform).probes.items():
        schedule = store.probes.get(name) or Schedule(check.interval, check.timeout)
        needed = check.requests * 3600 / schedule.interval
        most = store.requests_per_hour * (1 - BURST_SHARE)
        if check.liveness and schedule.enabled and needed >= most:
            return (
                f"requests_per_hour is {store.requests_per_hour}, and the probe {name} alone "
                f"takes {needed:.0f}: raise it, or the interval of {name}"
            )
    return ""
