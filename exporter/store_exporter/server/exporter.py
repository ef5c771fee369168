"""The running exporter: its configuration, stores, probing and figures, and their changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from ..calls.book import CallBook
from ..calls.store_calls import CallLimits
from ..config import Config, ConfigError
from ..discovery.discoverer import Discoverer
from ..discovery.owners_file import OwnersFile
from ..ingest.intake import Intake
from ..metrics.catalogue import exporter as catalogue
from ..metrics.recorder import Recorder
from ..net.redactor import Redactor
from ..probing.maintenance import Maintenance
from ..probing.runner import Runner
from ..probing.scheduler import Scheduler
from ..probing.state.documents import Documents
from ..probing.state.kept_calls import KeptCalls
from ..probing.state.leases import Labels, LeaseHolder
from ..stores.inventory import Change, Inventory, Shard
from ..stores.model import Store
from ..stores.owners import RefusedDomain, SourceClaim
from ..turns import in_turns
from .api.reports import written
from .preparing import Prepared, Preparer
from .process import loop_lag
from .process.large_work import without_pauses
from .status import State, Status, state_of, status
from .watching import Watching

log = logging.getLogger(__name__)

_SOURCES_SECONDS = 5.0
"""How long the start waits for the first responses of sources of stores."""


class Exporter:
    """One process that watches stores.

    Args:
        load: reads the configuration again, at each reload.
        runner: runs probes and collectors; has the last results, the health of stores, and their
            events.
        redact: masks secrets; it learns those of each configuration before it is used.
        documents: save the recent calls, if the configuration says so.
        owners: remembers which org had which of the domains that sources name.

    Attributes:
        silent: orgs with a source of stores that has not responded since the start.
        refusals: domains that sources name and that are refused.
        watching: watches the stores of this process.
    """

    def __init__(
        self,
        config: Config,
        load: Callable[[], Config],
        *,
        recorder: Recorder,
        scheduler: Scheduler,
        runner: Runner,
        maintenance: Maintenance,
        intake: Intake,
        redact: Redactor,
        shard: Shard,
        lease_holder: LeaseHolder,
        documents: Documents,
        owners: OwnersFile,
    ) -> None:
        self.recorder = recorder
        self.redact = redact
        self.calls = recorder.calls = CallBook(redact=redact.of_tenant)
        self.single = runner.single
        self.maintenance = maintenance
        self.changes = runner.changes
        self._kept = KeptCalls(self.calls, documents)
        self.intake = intake
        self.inventory = Inventory(shard)
        self.watching = Watching(
            self.inventory,
            lease_holder,
            recorder=recorder,
            scheduler=scheduler,
            maintenance=maintenance,
            kept=self._kept,
        )
        self.ready = False
        self.reload_problem = ""
        self.refusals: Sequence[RefusedDomain] = ()
        self._load = load
        self._runner = runner
        self._changing = asyncio.Lock()
        self._lag: asyncio.Task[None] | None = None
        self._preparer = Preparer(self.inventory, owners, intake, redact)
        self._owners = owners
        self.silent: frozenset[str] = frozenset()
        self._refused: set[tuple[str, str]] = set()
        self._discoverer = Discoverer(self.found, self._source_read)
        self._sourced: set[str] = set()
        self._begin(config)
        recorder.before_look = self.watching.withhold

    def _begin(self, config: Config) -> None:
        """Apply the first configuration, before its sources of stores are queried."""
        unasked = [
            SourceClaim(one.template.org, requested=False, responded=False)
            for one in config.discovery
        ]
        self._commit(config, self._preparer.prepare(config, unasked))
        self._accepted()

    async def start(self) -> None:
        """Start probing and discovery; the exporter is ready from now on."""
        self._lag = asyncio.create_task(loop_lag.watch(self.recorder))
        async with self._changing:
            await self._discoverer.replace(self.config.discovery)
            self._discoverer.start()
        # Otherwise the first requests would find that the stores of sources do not exist.
        await self._discoverer.applied(_SOURCES_SECONDS)
        async with self._changing:
            await self.watching.start(self._reports)
        self.ready = True

    async def stop(self) -> None:
        """Stop both, in bounded time; the exporter is not ready from the beginning of this call."""
        self.ready = False
        if self._lag is not None:
            self._lag.cancel()
        await self._discoverer.stop()
        await self.watching.stop()

    async def _reports(self) -> Mapping[Labels, str]:
        """Return the reports for other exporters about the stores with new results."""
        reports: dict[Labels, str] = {}
        async for domain in in_turns(self._runner.results.pop_changed()):
            store = self.inventory.stores.get(domain)
            if store is not None and self.watching.watches(store):
                reports[store.labels] = written(self.status(store))
        return reports

    def states(self) -> list[tuple[Store, State]]:
        """Return the state of every store."""
        stores = self.inventory.stores.values()
        return [(store, state_of(self._runner.health(store.domain))) for store in stores]

    def status(self, store: Store) -> Status:
        """Return the status of a store, with the last result of each check."""
        return status(
            store,
            self._runner.results.of(store.domain),
            self._runner.health(store.domain),
            self.maintenance.current(store),
        )

    def awaits(self, org: str, domain: str | None = None) -> bool:
        """Tell whether a source of an org has not responded since the start.

        With a domain, only a source counts that named it when it last responded.
        """
        return org in self.silent and (domain is None or self._owners.known.get(domain) == org)

    async def reload(self) -> Change:
        """Reload the configuration; keep the old one if the new one has problems.

        Raises:
            ConfigError: it has problems, which a metric and the landing page show until they are
                solved.
        """
        async with self._changing:
            with without_pauses():
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
                claims = await self._discoverer.replace(config.discovery)
                self._show_failing_sources()
                try:
                    change = await self._apply(config, claims)
                finally:
                    self._discoverer.start()
            self._accepted()
            log.info("the configuration was reloaded", extra={"stores": str(change)})
            return change

    async def found(self, claims: Sequence[SourceClaim]) -> Change:
        """Apply what sources name now, in place of what they named before."""
        async with self._changing:
            change = await self._apply(self.config, claims)
            if change:
                log.info("discovery changed the stores", extra={"stores": str(change)})
            return change

    def _source_read(self, org: str, responded: bool) -> None:
        if not responded:
            self.recorder.inc(catalogue.DISCOVERY_FAILURES, (org,))
        self._show_failing_sources()

    def _show_failing_sources(self) -> None:
        failing = self._discoverer.failing
        self._sourced |= failing.keys()
        for org in self._sourced:
            self.recorder.set(catalogue.DISCOVERY_FAILING, (org,), failing.get(org, 0))

    def _accepted(self) -> None:
        self.reload_problem = ""
        self.recorder.set(catalogue.RELOAD_SUCCESSFUL, (), 1)
        self.recorder.set(catalogue.RELOAD_TIMESTAMP, (), time.time())

    async def _apply(self, config: Config, claims: Sequence[SourceClaim]) -> Change:
        """Apply a configuration and what sources name, when the previous change is complete."""
        prepared = await asyncio.to_thread(self._preparer.prepare, config, claims)
        await self.watching.settled()
        change = self._commit(config, prepared)
        if change:
            # Thousands of stores take seconds. Nobody needs to wait for them, unless a store has a
            # new owner, who must not see what was found for the previous one.
            self.watching.update((*change.removed, *(old for old, _ in change.changed)))
            if any(old.labels != new.labels for old, new in change.changed):
                await self.watching.settled()
        return change

    def _commit(self, config: Config, prepared: Prepared) -> Change:
        change = self.inventory.apply(prepared.replacement)
        self.intake.forget(prepared.gone)
        self.config = config
        self.silent = prepared.silent
        limits = config.calls
        self.calls.limit(CallLimits(limits.failures, limits.slowest, limits.age))
        self._kept.on = limits.keep
        self.refusals = prepared.refusals
        self.watching.want()
        for labels in self._refused - prepared.refused.keys():
            self.recorder.set(catalogue.DISCOVERY_REFUSED, labels, 0)
        for labels, count in prepared.refused.items():
            self.recorder.set(catalogue.DISCOVERY_REFUSED, labels, count)
        self._refused |= prepared.refused.keys()
        return change
