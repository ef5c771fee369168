"""When each job is due: at its place in its interval, on a grid that starts at Unix time zero."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable, Iterator
from hashlib import blake2b
from random import Random

from .jobs import Job

FIRST_SPACING = 0.02
"""Seconds between first runs: a hundred jobs start within two seconds, ten thousand within 200."""
TICK = 0.05
"""Seconds: jobs start at multiples of this time, so that a large fleet's start together. Each
wake of the event loop costs time: ten thousand stores a minute take a fifth less of the processor
than if each woke it, and a probe's own time grows by a millisecond."""
_STALE = 1000
"""Minimum number of outdated places in the heap before they are removed."""
JITTER_SHARE = 0.02
LONGEST_JITTER = 1.0


class Entry:
    """One job in the timetable.

    Attributes:
        job: the job; replaced when its configuration changes.
        place: its place in its interval, from 0 to 1, the same in every process.
        due: when it is due next, by the monotonic clock.
        number: the number of its valid place in the heap, from 1; other places are outdated. 0
            while it has none, -1 after it was dropped.
        running: whether it runs or waits for a free slot.
        failed: whether its last run failed.
        held: whether its last run was skipped because of a back-off.
        task: its current run.
    """

    __slots__ = ("due", "failed", "held", "job", "number", "place", "running", "task")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.place = _place(job)
        self.due = 0.0
        self.number = -1
        self.running = self.failed = self.held = False
        self.task: asyncio.Task[None] | None = None

    @property
    def dropped(self) -> bool:
        """Whether it has no place in the timetable."""
        return self.number == -1

    def drop(self) -> None:
        """Mark it as removed and interrupt its run."""
        self.number = -1
        if self.task is not None:
            self.task.cancel()


class Timetable:
    """The places of all jobs, as one heap.

    Args:
        monotonic: seconds of a clock that never jumps.
        epoch: Unix time at which that clock was zero.
        random: for jitter.
    """

    def __init__(self, monotonic: Callable[[], float], epoch: float, random: Random) -> None:
        self._monotonic = monotonic
        self._epoch = epoch
        self._random = random
        self._heap: list[tuple[float, int, Entry]] = []
        self._count = 0
        self._stale = 0

    def place_first(self, entry: Entry, window: float) -> None:
        """Make an entry due within a window of seconds, or at its next place on the grid.

        The grid is used if the window is as long as the interval. Otherwise the second runs would
        be due while the first ones have not ended.
        """
        now = self._monotonic()
        if window < entry.job.schedule.interval:
            self.place(entry, now + entry.place * window)
        else:
            self._place_on_grid(entry, now)

    def place_next(self, entry: Entry, now: float) -> None:
        """Give an entry its next place on the grid, at least half an interval from now."""
        self._place_on_grid(entry, now + entry.job.schedule.interval / 2)

    def _place_on_grid(self, entry: Entry, earliest: float) -> None:
        interval = entry.job.schedule.interval
        place = entry.place * interval - self._epoch
        step = math.ceil((earliest - place) / interval)
        jitter = self._random.random() * min(LONGEST_JITTER, interval * JITTER_SHARE)
        self.place(entry, place + step * interval + jitter)

    def place(self, entry: Entry, due: float) -> None:
        """Give an entry a place at the next tick; its previous place becomes outdated."""
        self._leave(entry)
        self._count += 1
        due = math.ceil(due / TICK) * TICK
        entry.due, entry.number = due, self._count
        heapq.heappush(self._heap, (due, self._count, entry))

    def drop(self, entry: Entry) -> None:
        """Remove an entry and interrupt its run."""
        self._leave(entry)
        entry.drop()

    def _leave(self, entry: Entry) -> None:
        """Mark an entry's place as outdated; remove outdated places when most are."""
        if entry.number <= 0:
            return
        entry.number = 0
        self._stale += 1
        if self._stale > max(_STALE, len(self._heap) // 2):
            self._heap = [place for place in self._heap if place[2].number == place[1]]
            heapq.heapify(self._heap)
            self._stale = 0

    def due(self, now: float) -> Iterator[Entry]:
        """Remove and yield the entries that are due; the caller gives each its next place."""
        while self._heap and self._heap[0][0] <= now:
            _, number, entry = heapq.heappop(self._heap)
            if entry.number == number:
                entry.number = 0
                yield entry
            else:
                self._stale -= 1

    def next(self) -> float | None:
        """Return when the next entry may be due; None when there is none."""
        return self._heap[0][0] if self._heap else None


def _place(job: Job) -> float:
    digest = blake2b(f"{job.store.domain}\0{job.name}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
