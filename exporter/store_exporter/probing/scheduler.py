"""When probes and collectors run: spread, never twice at the same time, never in a queue of old.

Every job has a place of its own in its interval, from a hash of its domain and name, on a grid
that is anchored in Unix time: a restart does not shift it, and no two exporters of a fleet meet at
the full minute. Right after the start each job runs once before its place on the grid comes up, so
that a new user need not wait; those first runs are spread as well.

One heap and one timer drive all jobs; only runs that are under way have a task.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import blake2b
from random import Random

from ..stores.model import Store
from .access import Priority
from .jobs import Job, jobs_of
from .runner import Runner, Skipped

log = logging.getLogger(__name__)

FIRST_SPACING = 0.02
"""Seconds between first runs: a hundred jobs begin within two seconds, ten thousand in 200."""
JITTER_SHARE = 0.02
LONGEST_JITTER = 1.0
_TICK = 0.01
"""Seconds: jobs that are due within one tick start together."""
_SHORTEST_WAIT = 1.0
_STOP_SECONDS = 5.0


class _Entry:
    """One job and when it is due, by the monotonic clock."""

    __slots__ = ("due", "job", "number", "running", "task")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.due = 0.0
        self.number = -1
        """The valid one of its places in the heap; older ones are passed over."""
        self.running = False
        self.task: asyncio.Task[None] | None = None


class Scheduler:
    """Runs the jobs of stores on their schedules.

    Args:
        runner: runs them.
        concurrency: runs at the same time over all stores; further ones wait, and that is lag.
        jobs: what runs for a store.
        now: Unix time in seconds; only read at the start.
        monotonic: seconds of a clock that never jumps.
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
        self._epoch = now() - monotonic()
        self._stores: dict[str, Store] = {}
        self._entries: dict[str, dict[tuple[str, str, str], _Entry]] = {}
        self._heap: list[tuple[float, int, _Entry]] = []
        self._count = 0
        self._ready: dict[Priority, deque[tuple[_Entry, float]]]
        self._ready = {priority: deque() for priority in Priority}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.Task[None]] = set()

    def start(self, stores: Sequence[Store]) -> None:
        """Begin to run the jobs of these stores."""
        self.update(stores)

    def update(self, stores: Sequence[Store]) -> None:
        """Take these stores instead.

        Stores that are equal keep their places. Those that changed run soon, because somebody may
        be waiting to see whether it helped. Runs of stores that are gone are interrupted, and
        their series removed.
        """
        wanted = {store.domain: store for store in stores}
        for domain, old in list(self._stores.items()):
            new = wanted.get(domain)
            if new is None or new.labels != old.labels:
                self._drop_store(old)
        fresh: list[_Entry] = []
        for domain, store in wanted.items():
            if self._stores.get(domain) != store:
                self._stores[domain] = store
                fresh += self._take(store)
        self._place_first(fresh)
        for timer in self._timers:
            timer.cancel()
        timer = asyncio.create_task(self._drive())
        self._timers.add(timer)
        timer.add_done_callback(self._timer_ended)

    async def stop(self) -> None:
        """End all runs, within a few seconds."""
        for waiting in self._ready.values():
            waiting.clear()
        tasks = self._tasks | self._timers
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=_STOP_SECONDS)
            if stuck:
                log.warning("%d runs did not end when they were told to", len(stuck))

    def _drop_store(self, store: Store) -> None:
        for entry in self._entries.pop(store.domain, {}).values():
            self._drop(entry)
        del self._stores[store.domain]
        self._runner.forget(store)

    @staticmethod
    def _drop(entry: _Entry) -> None:
        entry.number = -1
        if entry.task is not None:
            entry.task.cancel()

    def _take(self, store: Store) -> list[_Entry]:
        """Take over what runs for a new or changed store, and return it."""
        jobs = {job.key: job for job in self._jobs(store)}
        self._runner.expect(store, jobs.values())
        entries = self._entries.setdefault(store.domain, {})
        for key in entries.keys() - jobs.keys():
            entry = entries.pop(key)
            self._drop(entry)
            self._runner.forget_job(entry.job)
        for key, job in jobs.items():
            if key in entries:
                entries[key].job = job
            else:
                entries[key] = _Entry(job)
        return list(entries.values())

    def _place_first(self, entries: list[_Entry]) -> None:
        now, window = self._monotonic(), len(entries) * FIRST_SPACING
        for entry in entries:
            spread = min(window, entry.job.schedule.interval)
            self._push(entry, now + _fraction(entry.job) * spread)

    def _push(self, entry: _Entry, due: float) -> None:
        self._count += 1
        entry.due, entry.number = due, self._count
        heapq.heappush(self._heap, (due, self._count, entry))

    def _place_next(self, entry: _Entry, now: float) -> None:
        """Put an entry at its next place on the grid, at least half an interval from now."""
        interval = entry.job.schedule.interval
        place = _fraction(entry.job) * interval - self._epoch
        step = math.ceil((now + interval / 2 - place) / interval)
        jitter = self._random.random() * min(LONGEST_JITTER, interval * JITTER_SHARE)
        self._push(entry, place + step * interval + jitter)

    def _timer_ended(self, timer: asyncio.Task[None]) -> None:
        self._timers.discard(timer)
        if not timer.cancelled() and (error := timer.exception()) is not None:
            log.critical("the scheduler stopped; nothing is probed any more", exc_info=error)

    async def _drive(self) -> None:
        while True:
            now = self._monotonic()
            while self._heap and self._heap[0][0] <= now:
                _, number, entry = heapq.heappop(self._heap)
                if entry.number == number:
                    self._due(entry, now)
            self._start_ready()
            wait = self._heap[0][0] - self._monotonic() if self._heap else 3600.0
            await self._sleep(max(wait, _TICK))

    def _due(self, entry: _Entry, now: float) -> None:
        # Places that went by while this process did not run, or ran late, are not made up for.
        missed = int((now - entry.due) / entry.job.schedule.interval) + entry.running
        if missed:
            self._runner.recording.skipped("overlap", missed)
        if not entry.running:
            entry.running = True
            self._ready[entry.job.priority].append((entry, entry.due))
        self._place_next(entry, now)

    def _start_ready(self) -> None:
        for priority, waiting in self._ready.items():
            # Half of the room is for probes alone: collectors of stores that hang take all they
            # get, for as long as they may.
            room = self._concurrency
            if priority is Priority.COLLECTOR:
                room = max(1, room // 2)
            while waiting and len(self._tasks) < room:
                entry, due = waiting.popleft()
                if entry.number == -1:
                    continue
                entry.task = asyncio.create_task(self._run(entry, due))
                self._tasks.add(entry.task)
                entry.task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start_ready()

    async def _run(self, entry: _Entry, due: float) -> None:
        self._runner.recording.started(self._monotonic() - due)
        try:
            outcome = await self._runner.run(entry.job)
        except Exception:
            log.exception("running %s of %s failed", entry.job.name, entry.job.store.domain)
            return
        finally:
            entry.running = False
            entry.task = None
        if isinstance(outcome, Skipped) and entry.number != -1:
            again = self._monotonic() + max(outcome.wait, _SHORTEST_WAIT)
            if again < entry.due:
                self._push(entry, again)


def _fraction(job: Job) -> float:
    """Return a job's place in its interval, from 0 to 1, the same in every process."""
    digest = blake2b(f"{job.store.domain}\0{job.name}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
