"""The scheduler of probes and collectors: starts are spread, and no job runs twice at a time.

Every job has a place of its own in its interval, from a hash of its domain and name, on a grid
that is anchored in Unix time: a restart does not shift it, and no two exporters of a fleet meet at
the full minute. Right after the start each job runs once before its place on the grid comes up, so
that a new user need not wait; those first runs are spread as well. Where there are so many that
they take the whole interval, they have their places on the grid.

One heap and one timer drive all jobs; only runs that are under way have a task.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import Random

from ..metrics.catalogue.values import SkipReason
from ..stores.model import Store
from ..turns import in_turns
from .budget import Priority
from .jobs import PROBE, Job, jobs_of
from .results.outcomes import Skipped
from .runner import Runner
from .timetable import FIRST_SPACING, Entry, Timetable

log = logging.getLogger(__name__)

_TURNS = tuple(
    (first, *(priority for priority in Priority if priority is not first))
    for first in (Priority.LIVENESS, Priority.PROBE, Priority.LIVENESS, Priority.COLLECTOR)
)
"""Order of priorities for successive starts, so that no kind of run waits forever when there is not
enough room or processor time."""
_SHORTEST_WAIT = 1.0
_CONFIRM_AFTER = 60.0, 72.0
"""Seconds after which a probe that began to fail runs again, from and to. Less than two minutes, so
that an alert which waits for two or three rests on two failed runs; spread, because the stores of
one host fail at the same moment."""
_STOP_SECONDS = 5.0
_IDLE_SECONDS = 3600.0


class Scheduler:
    """Runs the jobs of stores on their schedules.

    Args:
        runner: runs them.
        concurrency: maximum number of concurrent runs; further ones wait, which counts as lag.
        jobs: returns the jobs of a store.
        now: Unix time in seconds; only read at the start.
        monotonic: seconds of a monotonic clock.
        sleep: waits for seconds of that clock.
        random: for jitter.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        concurrency: int = 512,
        jobs: Callable[[Store], Iterable[Job]] = jobs_of,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        self._runner = runner
        self._concurrency = concurrency
        self._jobs = jobs
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - jitter, not cryptography
        self._timetable = Timetable(monotonic, now() - monotonic(), self._random)
        self._stores: dict[str, Store] = {}
        self._entries: dict[str, dict[tuple[str, str, str], Entry]] = {}
        self._ready: dict[Priority, dict[str, deque[tuple[Entry, float]]]]
        self._ready = {priority: {} for priority in Priority}
        self._tasks: set[asyncio.Task[None]] = set()
        self._collecting: set[asyncio.Task[None]] = set()
        self._starts = 0
        self._timer: asyncio.Task[None] | None = None
        self._starting: asyncio.Handle | None = None
        self._wakes = -math.inf

    async def start(self, stores: Sequence[Store]) -> None:
        """Start running the jobs of these stores."""
        self._runner.recording.begin()
        await self.update(stores)

    async def update(self, stores: Sequence[Store]) -> None:
        """Replace the stores; one update at a time.

        Stores that are the same objects keep their places, at hardly any cost; the inventory has
        compared them. Changed stores run soon, because an operator may be waiting for the effect of
        the change. Runs of removed stores are interrupted, and their series removed. The event loop
        gets control in between.
        """
        before, self._stores = self._stores, {store.domain: store for store in stores}
        gone = [
            old
            for domain, old in before.items()
            if (new := self._stores.get(domain)) is not old
            and (new is None or new.labels != old.labels)
        ]
        async for store in in_turns(gone):
            self._drop_store(store)
        changed = [new for domain, new in self._stores.items() if before.get(domain) is not new]
        fresh: list[Entry] = []
        async for store in in_turns(changed):
            fresh += self._expect(store)
        window = len(fresh) * FIRST_SPACING
        async for entry in in_turns(fresh):
            self._timetable.place_first(entry, window)
        if fresh:
            self._arm()

    def _arm(self) -> None:
        """Restart the timer, because the timetable has changed."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.create_task(self._drive())
        self._timer.add_done_callback(_timer_ended)

    async def stop(self) -> None:
        """End all runs, within a few seconds."""
        for waiting in self._ready.values():
            waiting.clear()
        tasks = self._tasks | ({self._timer} if self._timer is not None else set())
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=_STOP_SECONDS)
            if stuck:
                log.warning("%d runs did not end when they were cancelled", len(stuck))

    def _drop_store(self, store: Store) -> None:
        for entry in self._entries.pop(store.domain, {}).values():
            self._timetable.drop(entry)
        self._runner.forget(store)

    def _expect(self, store: Store) -> list[Entry]:
        jobs = {job.key: job for job in self._jobs(store)}
        self._runner.expect(store, jobs.values())
        entries = self._entries.setdefault(store.domain, {})
        for key in entries.keys() - jobs.keys():
            entry = entries.pop(key)
            self._timetable.drop(entry)
            self._runner.forget_job(entry.job)
        for key, job in jobs.items():
            if key in entries:
                entries[key].job = job
            else:
                entries[key] = Entry(job)
        return list(entries.values())

    async def _drive(self) -> None:
        while True:
            now = self._monotonic()
            for entry in self._timetable.due(now):
                self._due(entry, now)
            self._start_ready()
            soonest = self._timetable.next()
            wait = _IDLE_SECONDS if soonest is None else soonest - self._monotonic()
            wait = max(wait, 0.0)
            self._wakes = self._monotonic() + wait
            await self._sleep(wait)

    def _due(self, entry: Entry, now: float) -> None:
        # Starts that were missed while this process was stopped or late are not repeated.
        missed = int((now - entry.due) / entry.job.schedule.interval) + entry.running
        if missed:
            self._runner.recording.skipped(SkipReason.OVERLAP, missed)
        if not entry.running:
            entry.running = True
            waiting = self._ready[entry.job.priority]
            waiting.setdefault(entry.job.store.org, deque()).append((entry, entry.due))
        self._timetable.place_next(entry, now)

    def _start_ready(self) -> None:
        """Start a run, and further ones one by one in the next turns of the event loop.

        So active runs continue before another one starts. If processor time is short, runs wait
        here, which counts as lag, and not in the middle, where the store would look slow.
        """
        if self._starting is None and self._start_one():
            self._starting = asyncio.get_running_loop().call_soon(self._start_more)

    def _start_more(self) -> None:
        self._starting = None
        self._start_ready()

    def _start_one(self) -> bool:
        """Start the next run, if one waits and there is room; return whether one was started."""
        if len(self._tasks) >= self._concurrency:
            return False
        for priority in _TURNS[self._starts % len(_TURNS)]:
            waiting, collector = self._ready[priority], priority is Priority.COLLECTOR
            # Half of the room is reserved for probes, because collectors of hanging stores would
            # use all of it until their timeouts.
            if collector and len(self._collecting) >= max(1, self._concurrency // 2):
                continue
            while waiting:
                # Orgs take turns, so that an org whose stores all hang delays only its own runs.
                org, queue = next(iter(waiting.items()))
                del waiting[org]
                entry, due = queue.popleft()
                if queue:
                    waiting[org] = queue
                if entry.dropped:
                    continue
                entry.task = asyncio.create_task(self._run(entry, due))
                self._tasks.add(entry.task)
                if collector:
                    self._collecting.add(entry.task)
                entry.task.add_done_callback(self._ended)
                self._starts += 1
                return True
        return False

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._collecting.discard(task)
        self._start_ready()

    async def _run(self, entry: Entry, due: float) -> None:
        self._runner.recording.started(self._monotonic() - due)
        try:
            outcome = await self._runner.run(entry.job)
        except Exception:
            log.exception("running %s of %s failed", entry.job.name, entry.job.store.domain)
            return
        finally:
            entry.running = False
            entry.task = None
        if entry.dropped:
            return
        if isinstance(outcome, Skipped):
            entry.held = outcome.reason is SkipReason.BACKOFF
            self._sooner(entry, outcome.wait)
            return
        had_failed, entry.failed, entry.held = entry.failed, not outcome.ok, False
        job = entry.job
        if job.kind == PROBE and entry.failed and not had_failed:
            # Its failure counts until its next run, which may be an hour away.
            self._sooner(entry, self._random.uniform(*_CONFIRM_AFTER))
        if job.liveness and outcome.ok and not self._runner.access(job.store).budget.held:
            self._resume(job.store.domain, had_failed)

    def _sooner(self, entry: Entry, wait: float) -> None:
        """Run an entry in some seconds, unless it is due earlier."""
        again = self._monotonic() + max(wait, _SHORTEST_WAIT)
        if again < entry.due:
            self._timetable.place(entry, again)
            if again < self._wakes:
                # Several may come at once; the timer is set once for all of them.
                self._wakes = again
                self._arm()

    def _resume(self, domain: str, was_down: bool) -> None:
        """Run soon what was backed off or failed while the store was down.

        Otherwise a store would stay critical for the interval of its slowest probe.
        """
        for entry in self._entries.get(domain, {}).values():
            if (entry.held or (was_down and entry.failed)) and not entry.running:
                self._sooner(entry, _SHORTEST_WAIT)


def _timer_ended(timer: asyncio.Task[None]) -> None:
    if not timer.cancelled() and (error := timer.exception()) is not None:
        log.critical("the scheduler stopped; nothing is probed any more", exc_info=error)
