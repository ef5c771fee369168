"""A store's health as one of three states, from the last findings of its probes and collectors.

A finding counts for as long as its figures are shown. After that, nothing is known.

critical: a probe that is marked critical fails.
degraded: another probe fails, or a probe or collector that succeeded says why the store works but
    not well.
healthy: neither.

A failing collector does not count: its figures are missing, which has metrics of its own, but
customers notice nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..jobs import PROBE, Job
from .result import Result


class State(StrEnum):
    """The values of the label `state` of `store_health`, the best first."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Health:
    """The health of one store, as far as it is known."""

    state: State


class HealthTracker:
    """Tracks the health of one store."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str], tuple[State, float]] = {}
        """By kind and name of a probe or collector: what it found, and until when that counts."""
        self._alive_until = -math.inf
        self._awaits_liveness = False

    def expect(self, jobs: Iterable[Job]) -> None:
        """Forget jobs that are no longer run."""
        jobs = list(jobs)
        kept = {(job.kind, job.name) for job in jobs}
        for key in self._findings.keys() - kept:
            del self._findings[key]
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
        self._findings[job.kind, job.name] = _found(job, result), now + job.ttl

    def health(self, now: float) -> Health | None:
        """Return the health; None while no liveness probe has a result that still counts."""
        for key in [key for key, (_, until) in self._findings.items() if until < now]:
            del self._findings[key]
        if not self._findings or (self._awaits_liveness and self._alive_until < now):
            return None
        found = {state for state, _ in self._findings.values()}
        return Health(next(state for state in reversed(State) if state in found))


def _found(job: Job, result: Result) -> State:
    if job.kind == PROBE and not result.ok:
        return State.CRITICAL if job.critical else State.DEGRADED
    return State.DEGRADED if result.degraded else State.HEALTHY
