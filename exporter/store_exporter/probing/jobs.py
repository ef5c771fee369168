"""What is to be run: one probe or collector of one store, with its schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..contract import Collector, Probe
from ..platforms import base
from ..stores.model import Schedule, Store
from .access import Priority

PROBE, COLLECTOR = "probe", "collector"
FRESH_INTERVALS = 3
"""A figure disappears when it was not renewed for this many intervals."""


@dataclass(frozen=True, slots=True)
class Job:
    """One probe or collector of one store.

    Attributes:
        store: the store.
        check: what the platform offers.
        schedule: how often and how long it may run.
    """

    store: Store
    check: Probe | Collector
    schedule: Schedule

    @property
    def kind(self) -> str:
        """`probe` or `collector`."""
        return PROBE if isinstance(self.check, Probe) else COLLECTOR

    @property
    def name(self) -> str:
        """The probe's or collector's name."""
        return self.check.name

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it: domain, kind and name."""
        return (self.store.domain, self.kind, self.check.name)

    @property
    def liveness(self) -> bool:
        """Whether `store_up` is its result."""
        return isinstance(self.check, Probe) and self.check.liveness

    @property
    def critical(self) -> bool:
        """Whether its failure makes the store critical rather than degraded."""
        if not isinstance(self.check, Probe):
            return False
        return self.check.critical if self.schedule.critical is None else self.schedule.critical

    @property
    def priority(self) -> Priority:
        """Who goes first when a store has no free slot."""
        if self.liveness:
            return Priority.LIVENESS
        return Priority.PROBE if self.kind == PROBE else Priority.COLLECTOR

    @property
    def ttl(self) -> float:
        """Seconds for which what it finds may be shown."""
        return FRESH_INTERVALS * self.schedule.interval + self.schedule.timeout

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options, with the defaults filled in."""
        return {**self.check.options, **self.schedule.options}


def jobs_of(store: Store) -> Iterator[Job]:
    """Yield what runs for a store: what its platform offers, applies to it and is not disabled.

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
