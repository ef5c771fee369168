"""The stores that this process watches now: it probes these, and shows no others."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from ..metrics.catalogue import Metric
from ..metrics.catalogue import exporter as catalogue
from ..metrics.recorder import Recorder
from ..probing.maintenance import Maintenance
from ..probing.scheduler import Scheduler
from ..probing.state.kept_calls import KeptCalls
from ..probing.state.leases import Labels, LeaseHolder, Reports
from ..stores.inventory import Inventory
from ..stores.model import Store
from ..turns import in_turns
from .process.large_work import without_pauses

log = logging.getLogger(__name__)

_RECALL_SECONDS = 10.0
"""How long stores wait at most for a state that does not respond."""


class Watching:
    """Tracks the inventory and the leases.

    Attributes:
        lease_holder: as given; only this class starts, queries and stops it.
    """

    def __init__(
        self,
        inventory: Inventory,
        lease_holder: LeaseHolder,
        *,
        recorder: Recorder,
        scheduler: Scheduler,
        maintenance: Maintenance,
        kept: KeptCalls,
    ) -> None:
        self._inventory = inventory
        self.lease_holder = lease_holder
        self._recorder = recorder
        self._scheduler = scheduler
        self._maintenance = maintenance
        self._kept = kept
        self._following = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown: frozenset[Labels] = frozenset()
        self._leaving: set[Labels] = set()
        self._gone: set[Labels] = set()
        self._platforms: set[str] = set()
        self._stopped = False

    def want(self) -> None:
        """Request the leases of the stores in the inventory."""
        self.lease_holder.want(self._inventory.stores.values())

    async def start(self, reports: Reports) -> None:
        """Start watching; `reports` returns what other exporters may show of stores."""
        await self.lease_holder.start(self.update, reports)
        async with self._following:
            with without_pauses():
                watched = self._watched()
                self._shown = frozenset(store.labels for store in watched)
                await self._recall(watched)
                await self._scheduler.start(watched)
                self._maintenance.start()

    async def stop(self) -> None:
        """Stop watching, in bounded time; a later `update` changes nothing."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await self._scheduler.stop()
        await self._maintenance.stop()
        await self._kept.stop()
        await self.lease_holder.stop()

    def watches(self, store: Store) -> bool:
        """Whether this process watches a store."""
        mine = self._inventory.stores.get(store.domain) is store
        return mine and self.lease_holder.holds(store)

    def update(self, before: Iterable[Store] = ()) -> None:
        """Watch exactly the stores that belong to this process now.

        It proceeds in steps in a separate task, so that the event loop gets control. Updates run
        one after the other. Stores that are given up are not shown any more from this call on.

        Args:
            before: the previous stores. Everything about those that are gone or belong to another
                org is forgotten, including the reports of applications.
        """
        if self._stopped:
            # A reload or a beat that was under way.
            return
        watched = self._watched()
        shown = frozenset(store.labels for store in watched)
        leaving, self._shown = self._shown - shown, shown
        fleet = self._inventory.fleet
        gone = {
            store.labels
            for store in before
            if (now := fleet.get(store.domain)) is None or now.labels != store.labels
        }
        self._leaving |= leaving
        self._gone |= gone
        task = asyncio.create_task(self._follow(watched, leaving, gone))
        self._tasks.add(task)
        task.add_done_callback(self._followed)

    async def settled(self) -> None:
        """Wait until all updates so far have ended."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _followed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the stores that are watched could not be changed", exc_info=error)

    async def _follow(
        self, watched: Sequence[Store], leaving: frozenset[Labels], gone: set[Labels]
    ) -> None:
        async with self._following:
            with without_pauses():
                async for labels in in_turns(gone):
                    self._recorder.forget(labels)
                await self._recall(watched)
                await self._scheduler.update(watched)
            self._leaving -= leaving
            self._gone -= gone

    async def _recall(self, watched: Sequence[Store]) -> None:
        """Read what was saved of these stores, before anything new is found out about them.

        What cannot be read in time, these two read later by themselves.
        """
        self._maintenance.expect(watched)
        self._kept.expect(watched)
        with suppress(TimeoutError):
            async with asyncio.timeout(_RECALL_SECONDS):
                await self._maintenance.read(watched)
                await self._kept.restore()

    def withhold(self) -> None:
        """Show nothing of stores that are gone, or that another exporter may watch already."""
        lapsed = self.lease_holder.held if self.lease_holder.lapsed else ()
        for labels in tuple(self._gone):
            self._recorder.forget(labels)
        for labels in (*(self._leaving - self._gone), *lapsed):
            self._recorder.forget(labels, operations=False)

    def _watched(self) -> list[Store]:
        """Return the stores that belong to this process now, and count them."""
        watched = list(filter(self.watches, self._inventory.stores.values()))
        self._count(catalogue.STORES, watched)
        left = [s for s in self._inventory.stores.values() if not self.lease_holder.holds(s)]
        self._count(catalogue.STORES_STANDBY, left)
        return watched

    def _count(self, metric: Metric, stores: Sequence[Store]) -> None:
        counts = Counter(store.platform for store in stores)
        self._platforms |= counts.keys()
        for platform in self._platforms:
            self._recorder.set(metric, (platform,), counts[platform])
