"""A store's health as one of three states, from the last findings of its probes and collectors.

A finding counts for as long as its figures are shown. After that, nothing is known.

critical: a probe that is marked critical fails.
degraded: another probe fails, or a probe or collector that succeeded says why the store works but
    not well.
healthy: neither.

A probe counts as failing after `threshold` failures in a row. A failing collector does not count:
its figures are missing, which has metrics of its own, but customers notice nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..jobs import PROBE, Job
from .history import Result


class State(StrEnum):
    """The values of the label `state` of `store_health`."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Health:
    """The health of one store.

    Attributes:
        state: healthy, degraded or critical.
        reasons: why it is not healthy, one sentence each, the worst first.
    """

    state: State
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class _Standing:
    """The current finding of one probe or collector."""

    critical: bool
    until: float = 0.0
    failures: int = 0
    message: str = ""
    degraded: tuple[str, ...] = ()


class HealthTracker:
    """Tracks the health of one store.

    Args:
        threshold: failures in a row after which a probe counts as failing.
    """

    def __init__(self, threshold: int = 1) -> None:
        self._threshold = threshold
        self._standings: dict[tuple[str, str], _Standing] = {}
        self._alive_until = -math.inf
        self._awaits_liveness = False

    def expect(self, jobs: Iterable[Job]) -> None:
        """Forget jobs that are no longer run."""
        jobs = list(jobs)
        kept = {(job.kind, job.name) for job in jobs}
        for key in self._standings.keys() - kept:
            del self._standings[key]
        self._awaits_liveness = any(job.liveness for job in jobs)

    def observe(self, job: Job, result: Result, now: float) -> None:
        """Record the result of a run.

        Args:
            job: what was run.
            result: its result.
            now: seconds of a clock that never jumps.
        """
        if job.liveness:
            self._alive_until = now + job.ttl
        key = (job.kind, job.name)
        standing = self._standings.setdefault(key, _Standing(job.critical))
        if standing.until < now:
            standing.failures = 0
        standing.critical = job.critical
        standing.until = now + job.ttl
        standing.degraded = result.degraded
        if result.ok:
            standing.failures = 0
        elif job.kind == PROBE:
            standing.failures += 1
            standing.message = f"{job.name}: {result.message}"

    def health(self, now: float) -> Health | None:
        """Return the health; None while no liveness probe has a result that still counts."""
        for key in [key for key, one in self._standings.items() if one.until < now]:
            del self._standings[key]
        if not self._standings or (self._awaits_liveness and self._alive_until < now):
            return None
        critical: list[str] = []
        failing: list[str] = []
        degraded: list[str] = []
        for (_, name), standing in sorted(self._standings.items()):
            if standing.failures >= self._threshold:
                (critical if standing.critical else failing).append(standing.message)
            degraded += [f"{name}: {reason}" for reason in standing.degraded]
        reasons = (*critical, *failing, *degraded)
        if critical:
            return Health(State.CRITICAL, reasons)
        return Health(State.DEGRADED if reasons else State.HEALTHY, reasons)
