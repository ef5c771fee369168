"""Runs one probe or collector of one store once, whatever it does, and records the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from ..errors import StoreError
from ..metrics.catalogue.values import SkipReason
from ..metrics.recorder import Recorder
from ..stores.model import Store
from . import spans
from .access import Access, Journal
from .attempts import Attempts, Ended
from .budget import Priority
from .changes import Changes
from .exchange import Sender
from .jobs import Job
from .results.health import Health, LastResults
from .results.outcomes import ResultLog, Skipped, facts_of, result_of
from .results.recording import Recording
from .results.result import Result
from .state.budgets import Budgets
from .state.documents import Documents, MemoryDocuments


class Runner:
    """Runs probes and collectors. Nothing that they do can break it or exceed the deadline.

    Args:
        recorder: where metrics are written.
        sender: sends requests; a `Transport`.
        documents: keeps collectors' documents.
        changes: notices changes of stores; without it, the facts about stores are dropped.
        now: Unix time in seconds.
        monotonic: seconds of a clock that never jumps.
        sleep: waits for seconds of that clock.

    Attributes:
        results: the last ones, and what they say about stores.
        recording: writes metrics.
        changes: the events of stores.
        result_log: logs results.
    """

    def __init__(
        self,
        recorder: Recorder,
        sender: Sender,
        *,
        documents: Documents | None = None,
        changes: Changes | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.results = LastResults()
        self.recording = Recording(recorder)
        documents = documents or MemoryDocuments()
        self.changes = changes or Changes(recorder, documents, now=now)
        self._budgets = Budgets(documents, now=now)
        self._sender = sender
        self._now = now
        self._monotonic = monotonic
        self.result_log = ResultLog(monotonic)
        self._attempts = Attempts(
            sender, documents, self.access, self.recording,
            now=now, monotonic=monotonic, sleep=sleep,
        )  # fmt: skip
        self._accesses: dict[str, Access] = {}

    def access(self, store: Store) -> Access:
        """Return the budget and slots that all runs against a store share."""
        access = self._accesses.get(store.domain)
        if access is None:
            access = self._accesses[store.domain] = Access(
                store, budgets=self._budgets, monotonic=self._monotonic, now=self._now
            )
        return access

    def health(self, domain: str) -> Health | None:
        """Return a store's health; None before its liveness probe has run."""
        state = self.results.health(domain, self._monotonic())
        return None if state is None else Health(state)

    def expect(self, store: Store, jobs: Iterable[Job]) -> None:
        """Apply a store's configuration, at first and after each change."""
        jobs = list(jobs)
        self.access(store).update(store)
        self.recording.expect(store, jobs)
        self.changes.expect(store)
        self.results.expect(store.domain, jobs)

    def forget(self, store: Store) -> None:
        """Forget a store that is no longer watched, with all its series."""
        self.changes.forget(store)
        self.recording.forget(store)
        self.results.forget(store.domain)
        self._accesses.pop(store.domain, None)

    def forget_job(self, job: Job) -> None:
        """Forget a probe or collector that is no longer run."""
        self.recording.forget_job(job)
        self.results.forget_check(job.key)

    async def run(self, job: Job) -> Result | Skipped:
        """Run a job, or skip it for now, and record which; record nothing if it is cancelled.

        Raises:
            asyncio.CancelledError: the caller was cancelled; nothing is recorded then.
        """
        await self.access(job.store).restore()
        outcome = self._obstacle(job) or await self._run(job)
        if isinstance(outcome, Skipped):
            self._skipped(job, outcome)
        return outcome

    async def run_anyway(self, job: Job, *, reserve: bool = True) -> Result:
        """Run a job for a waiting caller, whether or not the store is in a back-off.

        A run that fails because of this exporter is returned as failed, but not recorded, because
        it says nothing about the store. Nothing is recorded of a caller that is cancelled, either.

        `reserve` is whether a liveness probe may use the reserve of the scheduled ones. Not for
        requests of strangers: they could use it up, and the store would not be watched.

        Raises:
            asyncio.CancelledError: the caller was cancelled; nothing is recorded then.
        """
        await self.access(job.store).restore()
        priority = job.priority if reserve else max(job.priority, Priority.PROBE)
        outcome = await self._run(job, detailed=True, priority=priority)
        if isinstance(outcome, Result):
            return outcome
        self._skipped(job, outcome)
        error = outcome.error or StoreError("local_failure", outcome.message)
        redact = self.access(job.store).redactor(job.store)
        now = self._now()
        result = result_of(job, error, Journal(), redact, time=now, duration=0.0, detailed=True)
        return result._replace(skipped=outcome.reason)

    def _skipped(self, job: Job, skipped: Skipped) -> None:
        self.recording.skipped(skipped.reason)
        self.result_log.skipped(job, skipped)

    def single(self, recorder: Recorder) -> Runner:
        """Return a runner for runs on request, which records into another recorder.

        It spends the budgets that all runs against a store share.
        """
        return _SingleRunner(recorder, self._sender, self)

    async def close(self) -> None:
        """Save what the next process needs to know about the stores."""
        await self.changes.close()
        await self._budgets.close()

    def _obstacle(self, job: Job) -> Skipped | None:
        """Return why a job should not run now; None if it should.

        A store that requested a pause gets only its liveness probe: one cheap request, so that its
        recovery is noticed.
        """
        budget = self.access(job.store).budget
        if not job.check.requests:
            return None
        if job.priority is not Priority.LIVENESS and budget.held:
            return Skipped(SkipReason.BACKOFF, budget.held)
        wait = budget.wait(job.priority)
        return Skipped(SkipReason.BUDGET, wait) if wait else None

    async def _run(
        self, job: Job, *, detailed: bool = False, priority: Priority | None = None
    ) -> Result | Skipped:
        with spans.run_span(job) as span:
            ended = await self._attempts.run(job, detailed=detailed, priority=priority)
            if isinstance(ended, Skipped):
                return ended
            result = self._finish(job, ended, detailed=detailed)
            if span is not None:
                spans.annotate(span, result)
        return result

    def _finish(self, job: Job, run: Ended, *, detailed: bool) -> Result:
        access, ended, journal = self.access(job.store), run.ended, run.journal
        redact = access.redactor(job.store)
        describe = partial(
            result_of,
            job,
            journal=journal,
            redact=redact,
            time=self._now(),
            duration=run.duration,
            detailed=detailed,
        )
        now = self._monotonic()
        standing = self.results.after(job, describe(ended), now)
        try:
            self.changes.notice(job.store, facts_of(job, ended, journal))
            self.recording.record(standing, ended, journal, redact)
        except Exception as error:  # noqa: BLE001 - it becomes the result, counted and logged
            # An unknown metric or fact is a bug of the check, like any other.
            ended = error
            standing = self.results.after(job, describe(ended), now)
            self.recording.record(standing, ended, journal, redact)
        result, before = standing.result, self.results.get(job.key)
        self.result_log.log(job, result, None if before is None else before.result, ended)
        known = self.results.health(job.store.domain, now)
        if result.lines:
            standing = standing._replace(result=result._replace(lines=()))
        self.results.keep(standing)
        health = self.results.health(job.store.domain, now)
        self.result_log.state(job.store, known, health)
        self.recording.store(job, health, access)
        return result


class _SingleRunner(Runner):
    def __init__(self, recorder: Recorder, sender: Sender, scheduled: Runner) -> None:
        super().__init__(recorder, sender)
        self._scheduled = scheduled
        self.result_log = scheduled.result_log.without_changes()

    def access(self, store: Store) -> Access:
        return self._scheduled.access(store)
