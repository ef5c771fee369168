"""Jobs: one probe or collector of one store, with its schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..calls import call
from ..contract import Collector, Probe
from ..platforms import base
from ..stores.model import Schedule, Store
from .budget import BURST_SHARE, Priority

PROBE, COLLECTOR = call.PROBE, call.COLLECTOR
FRESH_INTERVALS = 3
"""Intervals after which a figure disappears if it is not renewed."""


@dataclass(slots=True)
class Job:
    """One probe or collector of one store, with what follows from them.

    Attributes:
        key: identifies the job: domain, kind and name.
        liveness: whether its result is `store_up`.
        critical: whether its failure makes the store critical rather than degraded.
        ttl: seconds for which its figures are shown.
        options: its options, with the defaults filled in.
    """

    store: Store
    check: Probe | Collector
    schedule: Schedule
    kind: str = field(init=False, compare=False)
    name: str = field(init=False, compare=False)
    key: tuple[str, str, str] = field(init=False, compare=False)
    liveness: bool = field(init=False, compare=False)
    critical: bool = field(init=False, compare=False)
    priority: Priority = field(init=False, compare=False)
    ttl: float = field(init=False, compare=False)
    options: Mapping[str, Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        check, schedule = self.check, self.schedule
        self.kind, self.liveness, self.critical = COLLECTOR, False, False
        self.priority = Priority.COLLECTOR
        if isinstance(check, Probe):
            self.kind, self.liveness = PROBE, check.liveness
            self.critical = check.critical if schedule.critical is None else schedule.critical
            self.priority = Priority.LIVENESS if check.liveness else Priority.PROBE
        self.name = check.name
        self.key = self.store.domain, self.kind, check.name
        self.ttl = FRESH_INTERVALS * schedule.interval + schedule.timeout
        self.options = {**check.options, **schedule.options}


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
