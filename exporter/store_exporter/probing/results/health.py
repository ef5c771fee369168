"""The last result of each probe and collector, and the health of stores, which follows from them.

A result counts for as long as its figures are shown. After that, nothing is known.

critical: a probe that is marked critical fails.
degraded: another probe fails, or a probe or collector that succeeded says why the store works but
    not well.
healthy: neither.

A failing collector does not count: its figures are missing, which has metrics of its own, but
customers notice nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ...metrics.catalogue.values import HealthState
from ..jobs import PROBE, Job
from .reasons import Failing, failing
from .result import Key, Result

_WORST_FIRST = tuple(reversed(HealthState))


@dataclass(frozen=True, slots=True)
class Health:
    """The health of one store, as far as it is known; programs that drive a runner read it."""

    state: HealthState


class Standing(NamedTuple):
    """What is known of one probe or collector after a run.

    Attributes:
        until: until when the result counts, in seconds of a clock that never jumps.
        last_success: when it last succeeded, in Unix time; None if it never did.
        failing: the failure of a probe, for as long as it fails.
    """

    job: Job
    result: Result
    until: float
    last_success: float | None
    failing: Failing | None

    @property
    def state(self) -> HealthState:
        """What it says about the store."""
        if self.failing is not None:
            return HealthState.CRITICAL if self.job.critical else HealthState.DEGRADED
        return HealthState.DEGRADED if self.result.degraded else HealthState.HEALTHY


class LastResults:
    """What is known of all probes and collectors; in memory, lost on restart."""

    def __init__(self) -> None:
        self._stores: dict[str, dict[tuple[str, str], Standing]] = {}
        self._with_liveness: set[str] = set()
        self._changed: set[str] = set()

    def expect(self, domain: str, jobs: Iterable[Job]) -> None:
        """Note whether a store has a liveness probe, without whose result its health is unknown."""
        if any(job.liveness for job in jobs):
            self._with_liveness.add(domain)
        else:
            self._with_liveness.discard(domain)

    def after(self, job: Job, result: Result, now: float) -> Standing:
        """Return what is known of a probe or collector after a run; `keep` remembers it.

        Args:
            job: what was run.
            result: its result.
            now: seconds of a clock that never jumps.
        """
        before = self.get(job.key)
        until = now + job.ttl
        if result.ok:
            return Standing(job, result, until, result.time, None)
        last_success, failure = (before.last_success, before.failing) if before else (None, None)
        failure = failing(result, failure) if job.kind == PROBE else None
        return Standing(job, result, until, last_success, failure)

    def keep(self, standing: Standing) -> None:
        """Remember what is known in the place of what was."""
        domain, kind, name = standing.job.key
        self._changed.add(domain)
        self._stores.setdefault(domain, {})[kind, name] = standing

    def get(self, key: Key) -> Standing | None:
        """Return what is known of a probe or collector."""
        return self._stores.get(key[0], {}).get(key[1:])

    def of(self, domain: str) -> list[Result]:
        """Return the last result of each probe and collector of a store."""
        return [standing.result for standing in self._stores.get(domain, {}).values()]

    def health(self, domain: str, now: float) -> HealthState | None:
        """Return a store's health; None while no liveness probe has a result that still counts."""
        found, awaited = set(), domain in self._with_liveness
        for one in self._stores.get(domain, {}).values():
            if one.until >= now:
                found.add(one.state)
                awaited = awaited and not one.job.liveness
        if awaited or not found:
            return None
        return next(state for state in _WORST_FIRST if state in found)

    def pop_changed(self) -> set[str]:
        """Return the domains that had results since this method was last called."""
        changed, self._changed = self._changed, set()
        return changed

    def forget(self, domain: str) -> None:
        """Forget a store."""
        self._stores.pop(domain, None)
        self._with_liveness.discard(domain)

    def forget_check(self, key: Key) -> None:
        """Forget a probe or collector that is no longer run."""
        self._stores.get(key[0], {}).pop(key[1:], None)
