"""The events of stores: found by probes and collectors, or reported by their org.

They are saved with the rest of the state, so that a change which happens while no exporter runs is
noticed by the next one, which also shows those of before again. A run never waits for that: what
it found is compared beside it.

As a metric an event is shown for a day, with its time as the value. That is longer than the steps
in which a dashboard over two years asks for it, and Prometheus remembers the rest.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain, islice

from ..events.event import Event, EventKind
from ..events.page import Facts, Page, tidy
from ..metrics.catalogue import health
from ..metrics.families import Sample
from ..metrics.recorder import Recorder
from ..stores.model import Store
from .state.documents import Documents
from .state.storage import Key, StateUnavailableError

log = logging.getLogger(__name__)

DOCUMENT = "(events)"
"""Stands where others have a collector's name, which no collector can have."""
SHOWN_SECONDS = 86_400.0
SHOWN_EVENTS = 20
"""Events of a store, and as many of an org, that are series at the same time."""
_TRIES = 3
_AT_ONCE = 100
"""Stores that are compared at the same time, and looked at between two turns of the loop."""


class Changes:
    """Remembers events and shows them as a metric.

    Args:
        recorder: where to.
        documents: keep them.
        redact: hides secrets in what stores say.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        recorder: Recorder,
        documents: Documents,
        *,
        redact: Callable[[str], str] = str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._recorder = recorder
        self._documents = documents
        self._redact = redact
        self._now = now
        self._pages: dict[Key, Page] = {}
        self._found: dict[Key, tuple[Store, dict[EventKind, dict[str, str]]]] = {}
        self._unsaved: set[Key] = set()
        self._shown: dict[Key, dict[tuple[str, ...], float]] = {}
        self._orgs: set[str] = set()
        self._comparing: asyncio.Task[None] | None = None
        self._telling: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def expect(self, store: Store) -> None:
        """Show what is saved of a store that is watched from now on, and of all stores of its org.

        It is read beside the store's runs.
        """
        key = Key.of(store, DOCUMENT)
        if key not in self._pages:
            self._found.setdefault(key, (store, {}))
            self._start()

    def notice(self, store: Store, facts: Facts) -> None:
        """Take what a store was found to be; what of it changed becomes events soon.

        Raises:
            ValueError: there is no such kind.
        """
        if not facts:
            return
        key, found = Key.of(store, DOCUMENT), tidy(facts, self._redact)
        page = self._pages.get(key)
        is_pending = key in self._unsaved or key in self._found
        if page is not None and page.knows(found) and not is_pending:
            return
        _, before = self._found.get(key, (store, {}))
        self._found[key] = (store, before | found)
        self._start()

    def _start(self) -> None:
        if self._comparing is None or self._comparing.done():
            self._comparing = asyncio.create_task(self._compare())

    async def settle(self) -> None:
        """Wait until what was found so far is compared."""
        if self._comparing is not None:
            await self._comparing

    async def _compare(self) -> None:
        while self._found:
            # Several at a time: those that are saved together wait for the disk together.
            await asyncio.gather(*map(self._compare_store, islice(self._found, _AT_ONCE)))

    async def _compare_store(self, key: Key) -> None:
        with suppress(StateUnavailableError):  # the next run finds the same once more
            await self._load(key)
            await self._show_org(key.org)
        store, found = self._found.pop(key, (None, {}))
        if store is None:
            # It was forgotten meanwhile.
            self._pages.pop(key, None)
            return
        page = self._pages.get(key)
        if page is None or (page.knows(found) and key not in self._unsaved):
            return
        for event in page.notice(store.labels, found, self._now()):
            self._announce(key, event)
        try:
            await self._documents.write(key, page.document())
        except StateUnavailableError as error:
            self._unsaved.add(key)
            log.warning("what changed at %s cannot be saved yet: %s", store.domain, error)
        else:
            self._unsaved.discard(key)

    async def _load(self, key: Key) -> Page:
        """Return a watched store's page, as it is saved if it is not known yet."""
        page = self._pages.get(key)
        if page is None:
            read, _ = await self._read(key)
            # Somebody else may have read it meanwhile.
            page = self._pages.setdefault(key, read)
            for event in page.events:
                self._show(key, event)
        return page

    async def _show_org(self, org: str) -> None:
        """Show what was reported of all stores of an org before this process started."""
        if org in self._orgs:
            return
        self._orgs.add(org)
        key = _key_of(org)
        try:
            page, _ = await self._read(key)
        except StateUnavailableError:
            self._orgs.discard(org)
            raise
        for event in page.events:
            self._show(key, event)

    async def _read(self, key: Key) -> tuple[Page, int]:
        """Return a page as it is saved, with its revision; what is damaged counts as nothing."""
        saved = await self._documents.read(key)
        if saved is None:
            return Page(), 0
        try:
            return Page.read(saved.document), saved.revision
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.warning("the saved events of %s are damaged: %r", key.domain, error)
            return Page(), saved.revision

    async def tell(self, event: Event, store: Store | None) -> tuple[Event, bool]:
        """Remember a reported event, durably, unless it is known by its key.

        Args:
            event: of one store, or of all stores of an org.
            store: the store, which this process watches; None for all stores of the org.

        Returns:
            The event as it is remembered, and whether it is new.

        Raises:
            StateUnavailableError: it cannot be saved, and is not remembered.
        """
        # One after the other: they replace the same document, and one that is sent again while it
        # is being saved is known only once it is.
        async with self._telling[event.org]:
            if store is None:
                key, (told, is_new) = _key_of(event.org), await self._tell_org(event)
            else:
                key, (told, is_new) = Key.of(store, DOCUMENT), await self._tell_store(event, store)
        if is_new:
            self._announce(key, told)
        return told, is_new

    async def _tell_store(self, event: Event, store: Store) -> tuple[Event, bool]:
        key = Key.of(store, DOCUMENT)
        page = await self._load(key)
        if (known := page.find(event.key)) is not None:
            return known, False
        told = page.add(event, self._now())
        try:
            await self._documents.write(key, page.document())
        except StateUnavailableError:
            page.events = [one for one in page.events if one is not told]
            raise
        return told, True

    async def _tell_org(self, event: Event) -> tuple[Event, bool]:
        """Every process accepts these, so replacing the document compares it with what was read."""
        key, left = _key_of(event.org), _TRIES
        while True:
            page, revision = await self._read(key)
            if (known := page.find(event.key)) is not None:
                return known, False
            told, left = page.add(event, self._now()), left - 1
            try:
                await self._documents.write(key, page.document(), revision)
            except StateUnavailableError as error:
                if error.reason != "conflict" or not left:
                    raise
            else:
                return told, True

    async def of(self, org: str, stores: Iterable[Store]) -> list[Event]:
        """Return the events of some stores of an org, and those of all its stores; newest first.

        Raises:
            StateUnavailableError: those of a store cannot be read.
        """
        keys = chain([_key_of(org)], (Key.of(store, DOCUMENT) for store in stores))
        found: list[Event] = []
        for number, key in enumerate(keys):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            page = self._pages.get(key)
            found += (page or (await self._read(key))[0]).events
        # Of two at the same time the one that came later is the newer one.
        found.reverse()
        found.sort(key=lambda event: -event.time)
        return found

    def forget(self, store: Store) -> None:
        """Forget a store that is no longer watched; what is saved stays."""
        key = Key.of(store, DOCUMENT)
        for known in (self._pages, self._found, self._shown):
            known.pop(key, None)
        self._unsaved.discard(key)

    def _announce(self, key: Key, event: Event) -> None:
        """Show and log what is new."""
        self._show(key, event)
        log.info(
            "something changed", extra={"org": event.org, "store": event.domain, **_own(event)}
        )

    def _show(self, key: Key, event: Event) -> None:
        ttl = event.time + SHOWN_SECONDS - self._now()
        if ttl <= 0:
            return
        own = _own(event)
        # The same change a second time is the same series.
        group = ("event", *key, *own.values())
        shown = self._shown.setdefault(key, {})
        shown[group] = event.time
        labels = (event.org, event.domain, event.platform)
        self._recorder.publish(group, labels, [Sample(health.EVENT, event.time, own)], ttl=ttl)
        while len(shown) > SHOWN_EVENTS:
            oldest = min(shown, key=shown.__getitem__)
            del shown[oldest]
            self._recorder.withdraw(oldest)


def _own(event: Event) -> dict[str, str]:
    """The labels that an event's series has besides its store."""
    return {
        "kind": str(event.kind),
        "component": event.component,
        "before": event.before,
        "after": event.after,
    }


def _key_of(org: str) -> Key:
    """Return the key of what is about all stores of an org.

    No store has such a domain, and no two orgs have the same, as if it had moved.
    """
    return Key(org, "", f"({org})", "", DOCUMENT)
