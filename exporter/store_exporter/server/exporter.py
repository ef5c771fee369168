"""The running exporter: its configuration, stores, probing and figures, and how they change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ..config import Config, ConfigError
from ..config.dump import secrets
from ..discovery.discoverer import Discoverer
from ..ingest.intake import Intake
from ..metrics.catalogue import Metric
from ..metrics.catalogue import exporter as catalogue
from ..metrics.recorder import Recorder
from ..net.redactor import Redactor
from ..platforms import base
from ..probing.health import Health
from ..probing.history import History
from ..probing.leases import Keeper, Labels
from ..probing.maintenance import Maintenance
from ..probing.runner import Runner
from ..probing.scheduler import Scheduler
from ..stores.inventory import Change, Inventory, Shard
from ..stores.model import Store
from .reports import written
from .status import State, Status, state_of, status

log = logging.getLogger(__name__)


class Exporter:
    """One process that watches stores.

    Args:
        config: what it starts with.
        load: reads the configuration again, at each reload.
        recorder: where everything is counted.
        scheduler: runs probes and collectors.
        history: what they found last.
        health: the state of a store by its domain, None before it is known.
        maintenance: which stores are in maintenance.
        single: makes what runs one probe on demand and records it elsewhere.
        intake: counts what applications report.
        redact: masks secrets; it learns those of each configuration before it is used.
        shard: which part of the stores is this process's.
        keeper: tells which of these no other exporter watches; all of them without it.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        config: Config,
        load: Callable[[], Config],
        *,
        recorder: Recorder,
        scheduler: Scheduler,
        history: History,
        health: Callable[[str], Health | None],
        maintenance: Maintenance,
        single: Callable[[Recorder], Runner],
        intake: Intake,
        redact: Redactor,
        shard: Shard | None = None,
        keeper: Keeper | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.recorder = recorder
        self.redact = redact
        self.single = single
        self.maintenance = maintenance
        self.intake = intake
        self.inventory = Inventory(shard)
        self.keeper = keeper
        self.ready = False
        self.reload_problem = ""
        self._load = load
        self._scheduler = scheduler
        self._history = history
        self._health = health
        self._clock = clock
        self._reloading = asyncio.Lock()
        self._found: tuple[Store, ...] = ()
        self._platforms: set[str] = set()
        self._discoverer = Discoverer(self.found, self._not_found)
        self.config = config
        self._accept(config)
        recorder.before_look = self._withhold

    async def start(self) -> None:
        """Begin to probe and to look for further stores; the exporter is ready from now on."""
        if self.keeper is not None:
            await self.keeper.start(self._watch, self._reports)
        watched = self._watched()
        self._scheduler.start(watched)
        self.maintenance.start(watched)
        self._discoverer.replace(self.config.discovery)
        self.ready = True

    async def stop(self) -> None:
        """End both, in bounded time; no longer ready from the first moment."""
        self.ready = False
        await self._discoverer.stop()
        await self._scheduler.stop()
        await self.maintenance.stop()
        if self.keeper is not None:
            await self.keeper.stop()

    def watches(self, store: Store) -> bool:
        """Whether this process is the one that watches a store."""
        mine = self.inventory.stores.get(store.domain) is store
        return mine and (self.keeper is None or self.keeper.holds(store))

    def _watch(self) -> None:
        """Watch the stores that are this process's now, and no others."""
        watched = self._watched()
        self._scheduler.update(watched)
        self.maintenance.expect(watched)

    def _watched(self) -> list[Store]:
        """Return the stores that are this process's now, and count them."""
        watched = list(filter(self.watches, self.inventory.stores.values()))
        self._count(catalogue.STORES, watched)
        if self.keeper is not None:
            left = [s for s in self.inventory.stores.values() if not self.keeper.holds(s)]
            self._count(catalogue.STORES_STANDBY, left)
        return watched

    def _withhold(self) -> None:
        """Show nothing of stores that another exporter may watch already."""
        if self.keeper is not None and self.keeper.lapsed:
            for labels in self.keeper.held:
                self.recorder.forget(labels)

    def _reports(self) -> Mapping[Labels, str]:
        """Return what other exporters may tell of the stores that had results lately."""
        changed = map(self.inventory.stores.get, self._history.take_changed())
        return {s.labels: written(self.status(s)) for s in changed if s and self.watches(s)}

    def states(self) -> list[tuple[Store, State]]:
        """Return the state of every store."""
        stores = self.inventory.stores.values()
        return [(store, state_of(self._health(store.domain))) for store in stores]

    def status(self, store: Store) -> Status:
        """Return how a store is and what each of its checks last found."""
        return status(
            store,
            self._history.latest(store.domain),
            self._health(store.domain),
            self.maintenance.current(store),
        )

    async def reload(self) -> Change:
        """Read the configuration again and take it, or keep the old one if it has problems.

        Raises:
            ConfigError: it has problems; a metric and the landing page say so until it has none.
        """
        async with self._reloading:
            try:
                config = await asyncio.to_thread(self._load)
            except ConfigError as error:
                self.reload_problem = self.redact(str(error))
                self.recorder.set(catalogue.RELOAD_SUCCESSFUL, (), 0)
                log.error(
                    "the configuration was not reloaded; the old one stays",
                    extra={"problems": self.reload_problem},
                )
                raise
            change = self._accept(config)
            self._watch()
            self._discoverer.replace(config.discovery)
            log.info("the configuration was reloaded", extra={"stores": str(change)})
            return change

    def found(self, stores: Sequence[Store]) -> Change:
        """Take the stores that discovery found in place of those it found before."""
        self._found = tuple(stores)
        change = self._take_stores()
        if change and self.ready:
            self._watch()
            log.info("discovery changed the stores", extra={"stores": str(change)})
        return change

    def _not_found(self, org: str) -> None:
        self.recorder.inc(catalogue.DISCOVERY_FAILURES, (org,))

    def _accept(self, config: Config) -> Change:
        self.config = config
        self.reload_problem = ""
        change = self._take_stores()
        self.recorder.set(catalogue.RELOAD_SUCCESSFUL, (), 1)
        self.recorder.set(catalogue.RELOAD_TIMESTAMP, (), self._clock())
        return change

    def _take_stores(self) -> Change:
        stores = (*self.config.stores, *self._found)
        self.redact.add(secrets([self.config, self._found]))
        for platform in sorted({store.platform for store in stores}):
            self.redact.add(patterns=base.load(platform).marks.secrets)
        # The file's stores come first: discovery cannot take a configured store's place.
        before = self.inventory.contested
        change = self.inventory.replace([*self.config.stores, *self._found])
        for store in (*change.added, *(new for _, new in change.changed)):
            if store.problem:
                log.error(
                    "a store has a secret that cannot be read; it is shown as critical",
                    extra={"org": store.org, "store": store.domain, "problem": store.problem},
                )
        for domain in self.inventory.contested - before:
            log.warning("a store was found for more than one org", extra={"store": domain})
        if self.keeper is not None:
            self.keeper.want(self.inventory.stores.values())
        return change

    def _count(self, metric: Metric, stores: Sequence[Store]) -> None:
        counts = Counter(store.platform for store in stores)
        self._platforms |= counts.keys()
        for platform in self._platforms:
            self.recorder.set(metric, (platform,), counts[platform])
