"""Runs one probe or collector once: within its deadline and the store's budget, with its memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from ..contract import Report, Run
from ..metrics.catalogue.values import SkipReason, StateErrorReason
from ..stores.model import Store
from .access import Access, Journal
from .budget import BudgetSpentError, Priority
from .driver import Driver
from .exchange import IDLE, Sender
from .http import StoreHttp
from .jobs import COLLECTOR, PROBE, Job
from .results.outcomes import Skipped, exporter_failure, throttled_as_degraded
from .results.recording import Recording
from .stalls import StallMeter
from .state.cursor import RunMemory
from .state.documents import Documents
from .state.storage import Key, StateUnavailableError

_LOCAL_WAIT = 5.0
"""Seconds until the next attempt after a run that failed because of this exporter."""
_STATE_WAIT = 30.0
"""Seconds until the next attempt after a run whose state could not be saved."""


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        ended: the report that it returned, or the exception that it raised.
        journal: what it requested of the store.
        duration: seconds that it took, without those in which it waited for its turn.
    """

    ended: Report | Exception
    journal: Journal
    duration: float


class Attempts:
    """Runs jobs, each once; whatever they do ends in an outcome.

    Args:
        sender: sends requests.
        documents: keeps collectors' documents.
        access: returns the budget and slots of a store.
        recording: counts what happens to the documents.
        now: Unix time in seconds.
        monotonic: seconds of a clock that never jumps.
        sleep: waits for seconds of that clock.
    """

    def __init__(
        self,
        sender: Sender,
        documents: Documents,
        access: Callable[[Store], Access],
        recording: Recording,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._sender = sender
        self._documents = documents
        self._access = access
        self._recording = recording
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._stalls = StallMeter()

    async def run(self, job: Job, *, detailed: bool, priority: Priority | None) -> Ended | Skipped:
        """Run a job once, and save what it keeps, unless the caller is cancelled.

        `detailed` is whether every phase of the connection is to be shown, `priority` its claim to
        the store's budget; None for the job's own.

        Raises:
            asyncio.CancelledError: the caller was cancelled.
        """
        # Reading and writing our own disk does not count towards the run's time.
        access = self._access(job.store)
        memory = self._memory(job, is_first=job.name not in access.saved)
        began = took = 0.0
        http: StoreHttp | None = None
        ended: Report | Exception
        lost = self._stalls.lost
        try:
            await memory.read()
            http = self._http(job, priority, detailed=detailed)
            began = time.perf_counter()
            lost = self._stalls.lost
            try:
                with self._stalls:
                    ended = await self._check(job, http, memory)
            finally:
                took = time.perf_counter() - began
                if await memory.save() and job.name not in access.saved:
                    access.saved += (job.name,)
        except StateUnavailableError as error:
            _stop_if_cancelled()
            self._recording.state_failed(error.reason)
            wait = (
                job.schedule.interval if error.reason is StateErrorReason.CONFLICT else _STATE_WAIT
            )
            return Skipped(SkipReason.STATE, wait, error)
        except BudgetSpentError as error:
            # Our own budget says nothing about the store. A collector that has spent it half-way
            # has a whole interval until the next run, in which the budget is refilled.
            wait = error.wait if job.kind == PROBE else job.schedule.interval
            _stop_if_cancelled()
            return Skipped(SkipReason.BUDGET, wait, error)
        except asyncio.CancelledError as error:
            # If this task was not cancelled, then something was that the check waited for.
            ended = RuntimeError("the check let a cancellation through")
            ended.__context__ = error
        except Exception as error:  # noqa: BLE001 - classified, the runner counts and logs it
            ended = error
        _stop_if_cancelled()
        journal = Journal() if http is None else http.journal
        return _judged(job, ended, journal, took, self._stalls.lost - lost)

    def _memory(self, job: Job, *, is_first: bool) -> RunMemory:
        key = Key.of(job.store, job.name) if job.kind == COLLECTOR else None
        lost = self._recording.state_lost
        return RunMemory(self._documents, key, self._monotonic, lost, is_first=is_first)

    def _http(self, job: Job, priority: Priority | None, *, detailed: bool) -> StoreHttp:
        # A run on request shows the phases of a new connection, and other probes exist to test it.
        lasting = job.liveness and not detailed and job.schedule.interval < IDLE
        return StoreHttp(
            job.store,
            self._sender,
            self._access(job.store),
            timeout=job.schedule.timeout,
            priority=job.priority if priority is None else priority,
            liveness=job.liveness,
            idle=job.schedule.interval if lasting else None,
            now=self._now,
            sleep=self._sleep,
        )

    async def _check(self, job: Job, http: StoreHttp, memory: RunMemory) -> Report:
        connection = self._access(job.store).connection(job.store)
        between = partial(http.apart, memory.keep) if job.kind == COLLECTOR else None
        driver = Driver(http, connection, pause=http.pause, between=between)
        run = Run(job.store, job.options, memory.cursor, self._now, job.schedule.timeout)
        return await http.within_deadline(driver.run(job.check.check, run))


def _judged(
    job: Job, ended: Report | Exception, journal: Journal, took: float, lost: float
) -> Ended | Skipped:
    """Return how a run ended for the store, or that this exporter made it fail.

    It took so many seconds; the event loop stalled for `lost` of them.
    """
    ours = exporter_failure(job, ended, lost)
    if ours is not None:
        return Skipped(SkipReason.LOCAL, _LOCAL_WAIT, ours)
    if job.kind == PROBE:
        ended = throttled_as_degraded(ended)
    return Ended(ended, journal, took - journal.waited)


def _stop_if_cancelled() -> None:
    """Record nothing for a cancelled caller, even if a check swallowed the cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
