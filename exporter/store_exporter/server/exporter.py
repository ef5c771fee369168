"""The running exporter: its configuration, stores, probing and figures, and how they change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from ..config import Config, ConfigError
from ..config.dump import secrets, store_secrets
from ..metrics.catalogue import exporter as catalogue
from ..metrics.recorder import Recorder
from ..stores.inventory import Change, Inventory, Shard
from ..stores.model import Store
from .redaction import Redactor

log = logging.getLogger(__name__)


class Scheduler(Protocol):
    """What runs the probes and collectors of stores."""

    def start(self, stores: Sequence[Store]) -> None:
        """Begin to run them, spread over their intervals."""

    def update(self, stores: Sequence[Store]) -> None:
        """Take these stores instead; those that are equal keep their schedule and state."""

    async def stop(self) -> None:
        """End all runs, in bounded time."""


class Exporter:
    """One process that watches stores.

    Args:
        load: reads the configuration; called again at each reload.
        recorder: where everything is counted.
        scheduler: runs probes and collectors.
        redact: masks secrets; it learns those of each configuration before it is used.
        shard: which part of the stores is this process's.
        clock: Unix time in seconds.

    Raises:
        ConfigError: at construction, when the configuration has problems.
    """

    def __init__(
        self,
        load: Callable[[], Config],
        *,
        recorder: Recorder,
        scheduler: Scheduler,
        redact: Redactor | None = None,
        shard: Shard | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.recorder = recorder
        self.redact = redact or Redactor()
        self.inventory = Inventory(shard)
        self.ready = False
        self.reload_problem = ""
        self._load = load
        self._scheduler = scheduler
        self._clock = clock
        self._reloading = asyncio.Lock()
        self._found: tuple[Store, ...] = ()
        self.config = load()
        self._accept(self.config)

    async def start(self) -> None:
        """Begin to probe; the exporter is ready from now on."""
        self._scheduler.start(list(self.inventory.stores.values()))
        self.ready = True

    async def stop(self) -> None:
        """End probing, in bounded time; no longer ready from the first moment."""
        self.ready = False
        await self._scheduler.stop()

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
            self._scheduler.update(list(self.inventory.stores.values()))
            log.info("the configuration was reloaded", extra={"stores": str(change)})
            return change

    def found(self, stores: Sequence[Store]) -> Change:
        """Take the stores that discovery found in place of those it found before."""
        self._found = tuple(stores)
        change = self._take_stores()
        if change and self.ready:
            self._scheduler.update(list(self.inventory.stores.values()))
        return change

    def _accept(self, config: Config) -> Change:
        self.config = config
        self.reload_problem = ""
        change = self._take_stores()
        self.recorder.set(catalogue.RELOAD_SUCCESSFUL, (), 1)
        self.recorder.set(catalogue.RELOAD_TIMESTAMP, (), self._clock())
        return change

    def _take_stores(self) -> Change:
        self.redact.add([*secrets(self.config), *store_secrets(self._found)])
        # The file's stores come first: discovery cannot take a configured store's place.
        change = self.inventory.replace([*self.config.stores, *self._found])
        platforms = Counter(store.platform for store in self.inventory.stores.values())
        for platform in {old.platform for old in change.removed} | platforms.keys():
            self.recorder.set(catalogue.STORES, (platform,), platforms[platform])
        return change
