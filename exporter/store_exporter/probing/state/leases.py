"""Leases of stores: of all exporters that share a state, the holder of the lease watches a store.

No clocks are compared, only counts of beats; docs/architecture/replicas.md explains how a store
gets another holder, and why no two of them show it.
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
from typing import TYPE_CHECKING

from ...stores.model import Store

if TYPE_CHECKING:
    from .lease_tables import SqlLeases

log = logging.getLogger(__name__)

BEAT_SECONDS = 4.0
"""Seconds between two beats of a holder, and between two reads of the others' counts."""
MISSED = 5
"""Consecutive reads without a beat of a holder after which its stores are free."""
VALID_SECONDS = 12.0
"""Seconds after a beat for which its holder shows its stores.

Less than `(MISSED - 1) * BEAT_SECONDS`, so that it ends before another process takes over."""
_IN_TIME = 0.9

Labels = tuple[str, str, str]
"""A store by org, domain and platform."""
Reports = Callable[[], Awaitable[Mapping[Labels, str]]]
"""Returns the new reports about stores for other holders; only called if there are others."""


class LeaseError(Exception):
    """The leases cannot be read or written now; the message says why."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The result of a beat.

    Attributes:
        held: the stores whose leases the process holds.
        others: the count of beats of each other holder.
    """

    held: frozenset[Labels]
    others: Mapping[str, int]


class LeaseHolder:
    """Renews the leases of one process, in a task and a separate thread.

    Args:
        table: the leases; closed with this object.
        monotonic: seconds of a monotonic clock.
    """

    def __init__(
        self, table: SqlLeases, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.table = table
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="leases")
        self._wanted: frozenset[Labels] = frozenset()
        self._counts: dict[str, tuple[int, int]] = {}
        self._last_read = -math.inf
        self._until = -math.inf
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._complained = False
        self.held: frozenset[Labels] = frozenset()
        """Stores whose leases this process holds, unless `lapsed`."""

    @property
    def lapsed(self) -> bool:
        """Whether others may have taken over the held stores. Any thread may read it."""
        return self._monotonic() > self._until

    def holds(self, store: Store) -> bool:
        """Whether this process holds the lease of a store."""
        return store.labels in self.held

    def want(self, stores: Collection[Store]) -> None:
        """Request the leases of these stores; free ones are taken soon."""
        wanted = frozenset(store.labels for store in stores)
        if wanted != self._wanted:
            self._wanted = wanted
            self.held &= wanted
            self._wake.set()

    async def start(self, changed: Callable[[], object], reports: Reports) -> None:
        """Take the free leases, and renew them from now on.

        Args:
            changed: called in the event loop when `held` has changed.
            reports: returns the new reports about stores for other processes.
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
        """Renew the held leases and take free ones; `start` calls this periodically."""
        self._give_up_late(self._until, changed)
        before, until = self.held, self._until
        await self._beat(reports)
        held = self.held
        if before and self._give_up_late(until, changed):
            self.held, before = held, frozenset()
        if self.held != before:
            log.info("this exporter watches %d stores now", len(self.held))
            changed()

    def _give_up_late(self, until: float, changed: Callable[[], object]) -> bool:
        """Give up all stores after this time: they have not been shown, and may be another's.

        So they begin anew, even if their leases are taken again.
        """
        if not self.held or self._monotonic() <= until:
            return False
        log.warning(
            "the leases were not renewed in time; another exporter may take over the stores"
        )
        self.held = frozenset()
        changed()
        return True

    async def _beat(self, reports: Reports) -> None:
        reported = await reports() if self._counts else {}
        wanted, begun = self._wanted, self._monotonic()
        gone = {name: beat for name, (beat, reads) in self._counts.items() if reads >= MISSED}
        loop = asyncio.get_running_loop()
        try:
            beat = await loop.run_in_executor(self._thread, self.table.beat, wanted, gone, reported)
        except LeaseError as error:
            log.log(logging.DEBUG if self._complained else logging.ERROR, "%s", error)
            self._complained = True
            return
        self._complained = False
        # The only exporter continues while the state is unavailable: no other one could take over.
        self._until = begun + VALID_SECONDS if beat.others else math.inf
        self.held = beat.held & self._wanted
        # A beat that comes sooner, because of a reload, leaves the others no time to beat.
        counts = begun - self._last_read >= _IN_TIME * BEAT_SECONDS
        if counts:
            self._last_read = begun
        self._counts = {
            name: self._observed(name, count, int(counts)) for name, count in beat.others.items()
        }

    def _observed(self, name: str, count: int, reads: int) -> tuple[int, int]:
        """Return a holder's count, and how many consecutive reads returned it."""
        before, sofar = self._counts.get(name, (count, 0))
        return count, sofar + reads if count == before else reads

    async def reports(self, org: str) -> Mapping[Labels, str]:
        """Return the reports of other processes about an org's stores.

        Raises:
            LeaseError: it cannot be read now.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self.table.reports, org)

    async def stop(self) -> None:
        """Release all leases, so that another exporter need not wait."""
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
        """Close the table."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.table.close)
        self._thread.shutdown(wait=False)
