"""Maintenance windows of stores: from the configuration, and begun at run time.

Probes and collectors continue during maintenance. So pages and dashboards show its progress,
figures of orders stay complete, and at its end it is known at once whether the store works.

A store has at most one window that was begun at run time; a new one replaces it. The window is
saved among the store's documents before it applies, so it survives restarts and reloads.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from ..metrics.catalogue import health
from ..metrics.families import Sample
from ..metrics.recorder import Recorder
from ..stores.maintenance import MAX_BEGUN_SECONDS, Window, is_reason
from ..stores.model import Store
from ..turns import together
from .state.documents import Documents
from .state.storage import MAINTENANCE, Key, StateUnavailableError, understood

log = logging.getLogger(__name__)

_LAST = 253_402_300_800.0
"""Unix time of the year 10000, which no date can show."""
_LONGEST_WAIT = 60.0
"""Seconds between checks of the clock, because it may be set meanwhile."""


class Maintenance:
    """Tracks the maintenance of stores and publishes it as a metric.

    Args:
        recorder: publishes it.
        documents: save the windows that were begun at run time.
        now: Unix time in seconds.
    """

    def __init__(
        self, recorder: Recorder, documents: Documents, *, now: Callable[[], float] = time.time
    ) -> None:
        self._recorder = recorder
        self._documents = documents
        self._now = now
        self._stores: dict[str, Store] = {}
        self._unread: dict[str, Store] = {}
        self._begun: dict[str, Window] = {}
        self._shown: dict[str, bool] = {}
        self._changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin and end windows in time from now on."""
        self._following = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop tracking. A window that was begun continues after a restart."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    def expect(self, stores: Iterable[Store]) -> None:
        """Track these stores from now on instead."""
        wanted = {store.domain: store for store in stores}
        for domain, old in self._stores.items():
            if (new := wanted.get(domain)) is None or _identity(new) != _identity(old):
                for known in (self._unread, self._begun, self._shown):
                    known.pop(domain, None)
        for domain, store in wanted.items():
            if domain in self._unread or domain not in self._shown:
                self._unread[domain] = store
        self._stores = wanted
        self._changed.set()

    def windows(self, store: Store, begun: Window | None = None) -> list[Window]:
        """Return the store's windows that are not over, the earliest first.

        `begun` is the result of `find`, for a store that another process may watch.
        """
        begun = begun or self.begun(store)
        known = [*store.maintenance, *([begun] if begun else [])]
        now = self._now()
        return sorted((one for one in known if one.end > now), key=lambda one: one.start)

    def current(self, store: Store) -> Window | None:
        """Return the store's current window; of several, the one that ends last."""
        now = self._now()
        running = [window for window in self.windows(store) if window.covers(now)]
        return max(running, key=lambda window: window.end, default=None)

    def begun(self, store: Store) -> Window | None:
        """Return the store's window that was begun at run time and is not over."""
        window = self._begun.get(store.domain)
        return window if window is not None and window.end > self._now() else None

    async def begin(self, store: Store, seconds: float, reason: str) -> Window:
        """Begin maintenance now, in place of what was begun before, durably.

        Args:
            store: the store.
            seconds: its duration; it ends by itself.
            reason: why.

        Raises:
            StateUnavailableError: the window cannot be saved, so it has not begun.
        """
        begins = self._now()
        window = Window(begins, begins + seconds, reason)
        saved = {"from": window.start, "to": window.end, "reason": window.reason}
        await self._save(store, saved, window)
        return window

    async def end(self, store: Store) -> bool:
        """End the window that was begun at run time, durably; False if there is none.

        Raises:
            StateUnavailableError: it cannot be read or its end not be saved, so it continues.
        """
        if await self.find(store) is None:
            return False
        await self._save(store, {}, None)
        return True

    async def find(self, store: Store) -> Window | None:
        """Return the store's window that was begun at run time, by whichever process.

        Raises:
            StateUnavailableError: it cannot be read now.
        """
        if self._stores.get(store.domain) is store and store.domain not in self._unread:
            return self.begun(store)
        window = await self._saved(store)
        return window if window is not None and window.end > self._now() else None

    async def _saved(self, store: Store) -> Window | None:
        key = Key.of(store, MAINTENANCE)
        return understood(key, await self._documents.read(key), _window, None)

    async def _save(self, store: Store, document: object, window: Window | None) -> None:
        text = json.dumps(document, separators=(",", ":"))
        await self._documents.write(Key.of(store, MAINTENANCE), text)
        if self._stores.get(store.domain) is None:
            return
        self._unread.pop(store.domain, None)
        self._begun.pop(store.domain, None)
        if window is not None:
            self._begun[store.domain] = window
        self.look(store)
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            await self.read(self._stores.values())
            waits = self.look_at_all() - self._now()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(max(waits, 0.0), _LONGEST_WAIT)):
                    await self._changed.wait()

    async def read(self, stores: Iterable[Store]) -> None:
        """Read the windows of newly watched stores that were begun before this process.

        Args:
            stores: those to read now if they are new. All are read soon after they are new.
        """
        unread = [store for store in stores if self._unread.get(store.domain) is store]
        failed = list(filter(None, await together(self._read_one, unread)))
        if failed:
            # Windows of the configuration apply all the same; reading is tried again.
            message = "the saved maintenance of %d stores cannot be read yet: %s"
            log.warning(message, len(failed), failed[0])

    async def _read_one(self, store: Store) -> StateUnavailableError | None:
        domain, failed = store.domain, None
        try:
            window = await self._saved(store)
        except StateUnavailableError as error:
            failed = error
        else:
            if self._unread.get(domain) is not store:
                return None
            del self._unread[domain]
            if window is not None:
                self._begun[domain] = window
        self.look(store)
        return failed

    def look_at_all(self) -> float:
        """Publish which windows have begun or ended; return when the next one begins or ends."""
        dated = [store for store in self._stores.values() if store.maintenance]
        dated += [store for domain in self._begun if (store := self._stores.get(domain))]
        for store in dated:
            self.look(store)
        now = self._now()
        edges = [edge for one in dated for w in self.windows(one) for edge in (w.start, w.end)]
        return min((edge for edge in edges if edge > now), default=now + _LONGEST_WAIT)

    def look(self, store: Store) -> None:
        """Publish whether a store is in maintenance, unless that is not known yet."""
        window = self.current(store)
        before = self._shown.get(store.domain)
        if before is (window is not None):
            return
        if window is None and store.domain in self._unread:
            # What an earlier process published holds the store's alerts back for some minutes.
            return
        self._shown[store.domain] = window is not None
        sample = Sample(health.MAINTENANCE, float(window is not None))
        group = ("maintenance", store.domain)
        self._recorder.publish(group, store.labels, [sample], ttl=None)
        where = {"org": store.org, "store": store.domain}
        if window is not None:
            log.info("maintenance begins", extra={**where, "reason": window.reason})
        elif before:
            log.info("maintenance ends", extra=where)


def _identity(store: Store) -> tuple[str, ...]:
    return (*store.labels, store.url)


def _window(saved: dict[str, Any]) -> Window | None:
    """Return a saved window, or None for one that was ended."""
    if not saved:
        return None
    window = Window(float(saved["from"]), float(saved["to"]), saved["reason"])
    # As `begin` lets them be; the times are those that can be written as dates.
    if not (0 <= window.start < window.end <= window.start + MAX_BEGUN_SECONDS < _LAST):
        raise ValueError("invalid duration of maintenance")
    if not is_reason(window.reason):
        raise ValueError("invalid reason of maintenance")
    return window
