"""Who watches a store: of all exporters that share a state, the one that holds its lease.

An exporter wants the stores of its configuration, or of its shard. It holds those whose lease it
got, watches these and shows nothing of the others. So replicas, shards that overlap while their
number changes, and a reload that one exporter has seen before the other, all come to the same: a
store is watched by one.

No clocks are compared. A holder counts beats in a row of its own; who sees the same count at
`MISSED` looks in succession, each `BEAT_SECONDS` after the one before, takes it for gone. A holder
whose last beat began `VALID_SECONDS` ago shows nothing more, which is earlier than anybody can have
taken its stores. What it still writes of a store that somebody else has read meanwhile is refused
by the revision of the document.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ...stores.model import Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 4.0
"""Between two beats of a holder, and between two looks at the others'."""
MISSED = 5
"""Looks in succession that see no beat of a holder, after which its stores are free."""
VALID_SECONDS = 12.0
"""How long a beat lets its holder show what it watches; less than `(MISSED - 1) * BEAT_SECONDS`."""
_IN_TIME = 0.9

Labels = tuple[str, str, str]
"""A store by org, domain and platform."""
Reports = Callable[[], Awaitable[Mapping[Labels, str]]]
"""Returns what is new to tell others of stores; only asked where there are others."""


class LeaseError(Exception):
    """The leases cannot be read or written now; the message says why."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a beat found.

    Attributes:
        held: the stores whose leases the process holds now.
        others: the count of beats of each other holder.
    """

    held: frozenset[Labels]
    others: Mapping[str, int]


class LeaseTable(Protocol):
    """Leases and holders, where all processes see them. Every call blocks.

    Each method raises `LeaseError`.
    """

    def beat(
        self, wanted: Collection[Labels], gone: Mapping[str, int], reports: Mapping[Labels, str]
    ) -> Heartbeat:
        """Show that this process is alive, release leases not wanted and take free ones.

        Args:
            wanted: stores that this process would watch.
            gone: holders that are taken for gone, unless they have beaten more often than this.
            reports: what to tell others of stores that are held.
        """
        ...

    def reports(self, org: str) -> Mapping[Labels, str]:
        """Return what their holders report of an org's stores."""
        ...

    def leave(self) -> None:
        """Give up everything."""
        ...

    def close(self) -> None:
        """Let go of what the table needs."""
        ...


class LeaseHolder:
    """Keeps the leases of one process, in a task and a thread beside the event loop.

    Args:
        table: where they are; closed with this.
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(
        self, table: LeaseTable, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.table = table
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="leases")
        self._wanted: frozenset[Labels] = frozenset()
        self._seen: dict[str, tuple[int, int]] = {}
        self._looked = -math.inf
        self._until = -math.inf
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._complained = False
        self.held: frozenset[Labels] = frozenset()
        """Stores that are this process's, unless `lapsed`."""

    @property
    def lapsed(self) -> bool:
        """Whether others may have taken what is held. May be asked by any thread."""
        return self._monotonic() > self._until

    def holds(self, store: Store) -> bool:
        """Whether a store is this process's to watch."""
        return store.labels in self.held

    def want(self, stores: Collection[Store]) -> None:
        """Ask for these stores; those that are free are taken soon."""
        wanted = frozenset(store.labels for store in stores)
        if wanted != self._wanted:
            self._wanted = wanted
            self.held &= wanted
            self._wake.set()

    async def start(self, changed: Callable[[], object], reports: Reports) -> None:
        """Take what is free, and keep it from now on.

        Args:
            changed: called, in the event loop, when what is held has changed.
            reports: returns what is new to tell others of stores.
        """
        await self._beat(reports)
        self._task = asyncio.create_task(self._keep(changed, reports))

    async def _keep(self, changed: Callable[[], object], reports: Reports) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            await self.beat(changed, reports)

    async def beat(self, changed: Callable[[], object], reports: Reports) -> None:
        """Renew what is held and take what is free, as `start` has it done from time to time."""
        before = self.held
        if before and self.lapsed:
            # Nothing of these stores may be shown any more, not even if they are taken again.
            log.warning(
                "the leases were not renewed in time; another exporter may take over the stores"
            )
            self.held = before = frozenset()
            changed()
        await self._beat(reports)
        if self.held != before:
            log.info("this exporter watches %d stores now", len(self.held))
            changed()

    async def _beat(self, reports: Reports) -> None:
        reported = await reports() if self._seen else {}
        wanted, begun = self._wanted, self._monotonic()
        gone = {name: beat for name, (beat, looks) in self._seen.items() if looks >= MISSED}
        loop = asyncio.get_running_loop()
        try:
            beat = await loop.run_in_executor(self._thread, self.table.beat, wanted, gone, reported)
        except LeaseError as error:
            log.log(logging.DEBUG if self._complained else logging.ERROR, "%s", error)
            self._complained = True
            return
        self._complained = False
        # Whoever is alone goes on while the state is away: there is nobody to take over.
        self._until = begun + VALID_SECONDS if beat.others else math.inf
        self.held = beat.held & self._wanted
        # What comes sooner, for a reload, leaves the others no time to beat.
        counts = begun - self._looked >= _IN_TIME * BEAT_SECONDS
        if counts:
            self._looked = begun
        self._seen = {
            name: self._look(name, count, int(counts)) for name, count in beat.others.items()
        }

    def _look(self, name: str, count: int, looks: int) -> tuple[int, int]:
        """Return a holder's count, and at how many looks in succession it was seen."""
        before, sofar = self._seen.get(name, (count, 0))
        return count, sofar + looks if count == before else looks

    async def reports(self, org: str) -> Mapping[Labels, str]:
        """Return what other processes report of an org's stores.

        Raises:
            LeaseError: it cannot be read now.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self.table.reports, org)

    async def stop(self) -> None:
        """Give up everything, so that another exporter need not wait."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        self.held = frozenset()
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.table.leave)
        except LeaseError as error:
            log.warning("the leases could not be released: %s", error)

    async def close(self) -> None:
        """Let go of the table."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.table.close)
        self._thread.shutdown(wait=False)
