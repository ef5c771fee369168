"""Events of stores, found by probes and collectors or reported by their org.

Events are saved in the state. So a change that happens while no exporter runs is found by the next
one, which also restores the previous events. The metric of an event exists for a day, with the
event's time as its value: longer than the step of a dashboard over two years.
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
from ..metrics.catalogue.values import StateErrorReason
from ..metrics.families import Sample
from ..metrics.recorder import Recorder
from ..stores.model import Store
from ..turns import in_turns, together
from .state.documents import Documents
from .state.storage import EVENTS, Key, StateUnavailableError, understood

log = logging.getLogger(__name__)

SHOWN_SECONDS = 86_400.0
SHOWN_EVENTS = 20
"""Maximum number of events per store, and per org, with a series at the same time."""
_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")
_TRIES = 3
_END_SECONDS = 5.0
"""Seconds that the end of the process waits for a slow state."""
_AT_ONCE = 100
"""Stores that are compared concurrently."""


class Changes:
    """Stores events and publishes them as a metric.

    `redact` masks secrets in texts from stores; `now` is Unix time in seconds.
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
        self._reporting: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def expect(self, store: Store) -> None:
        """Publish, in a separate task, the saved events of a newly watched store and its org."""
        key = Key.of(store, EVENTS)
        if key not in self._pages:
            self._found.setdefault(key, (store, {}))
            self._start()

    def notice(self, store: Store, facts: Facts) -> None:
        """Compare facts about a store with the previous ones; changes soon become events.

        Raises:
            ValueError: a fact has an unknown kind.
        """
        if not facts:
            return
        key, found = Key.of(store, EVENTS), tidy(facts, self._redact)
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
        """Wait until all facts found so far are compared."""
        if self._comparing is not None:
            await self._comparing

    async def close(self) -> None:
        """Compare what was found, in bounded time; the next process finds the rest again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self.settle()

    async def _compare(self) -> None:
        while self._found:
            # Several at a time, because documents saved together share the wait for the disk.
            await asyncio.gather(*map(self._compare_store, islice(self._found, _AT_ONCE)))

    async def _compare_store(self, key: Key) -> None:
        with suppress(StateUnavailableError):  # the next run finds the same facts
            await self._load(key)
            await self._show_org(key.org)
        store, found = self._found.pop(key, (None, {}))
        if store is None:
            # The store was removed meanwhile.
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
        page = self._pages.get(key)
        if page is None:
            read, _ = await self._read(key)
            # Another task may have read it meanwhile.
            page = self._pages.setdefault(key, read)
            for event in page.events:
                self._show(key, event)
        return page

    async def _show_org(self, org: str) -> None:
        """Publish an org's events that were reported before this process started."""
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
        """Return a saved page with its revision; a malformed one counts as empty."""
        saved = await self._documents.read(key)
        return understood(key, saved, Page.read, Page()), saved.revision if saved else 0

    async def report(self, event: Event, store: Store | None) -> tuple[Event, bool]:
        """Save a reported event durably, unless an event with its key is already saved.

        `store` is the event's, which this process watches; None for all stores of the org.

        Returns:
            The saved event, and whether it is new.

        Raises:
            StateUnavailableError: it cannot be saved, and is discarded.
        """
        # One after the other: they replace the same document, and a repeated event is recognised
        # only after the first one is saved.
        async with self._reporting[event.org]:
            if store is None:
                key, (saved, is_new) = _key_of(event.org), await self._report_org(event)
            else:
                key = Key.of(store, EVENTS)
                saved, is_new = await self._report_store(event, store)
        if is_new:
            self._announce(key, saved)
        return saved, is_new

    async def _report_store(self, event: Event, store: Store) -> tuple[Event, bool]:
        key = Key.of(store, EVENTS)
        page = await self._load(key)
        if (known := page.find(event.key)) is not None:
            return known, False
        added = page.add(event, self._now())
        try:
            await self._documents.write(key, page.document())
        except StateUnavailableError:
            page.events = [one for one in page.events if one is not added]
            raise
        return added, True

    async def _report_org(self, event: Event) -> tuple[Event, bool]:
        """Every process accepts these, so a write checks the revision of the document."""
        key, left = _key_of(event.org), _TRIES
        while True:
            page, revision = await self._read(key)
            if (known := page.find(event.key)) is not None:
                return known, False
            added, left = page.add(event, self._now()), left - 1
            try:
                await self._documents.write(key, page.document(), revision)
            except StateUnavailableError as error:
                if error.reason is not StateErrorReason.CONFLICT or not left:
                    raise
            else:
                return added, True

    async def of(self, org: str, stores: Iterable[Store]) -> list[Event]:
        """Return the events of some stores of an org, and those of all its stores; newest first.

        Raises:
            StateUnavailableError: those of a store cannot be read.
        """
        keys = chain([_key_of(org)], (Key.of(store, EVENTS) for store in stores))
        pages = {key: self._pages.get(key) async for key in in_turns(keys)}
        unread = [key for key, page in pages.items() if page is None]
        read = dict(zip(unread, await together(self._read, unread), strict=True))
        found: list[Event] = []
        async for key, page in in_turns(pages.items()):
            found += (page or read[key][0]).events
        # Of two events with the same time, the one that was added later comes first.
        found.reverse()
        found.sort(key=lambda event: -event.time)
        return found

    def forget(self, store: Store) -> None:
        """Forget a store that is no longer watched; its saved events stay."""
        key = Key.of(store, EVENTS)
        for known in (self._pages, self._found, self._shown):
            known.pop(key, None)
        self._unsaved.discard(key)

    def _announce(self, key: Key, event: Event) -> None:
        self._show(key, event)
        log.info(
            "something changed", extra={"org": event.org, "store": event.domain, **_own(event)}
        )

    def _show(self, key: Key, event: Event) -> None:
        ttl = event.time + SHOWN_SECONDS - self._now()
        if ttl <= 0:
            return
        own = _own(event)
        # A repeated change has the same series.
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
    """The labels of an event's series beside the store's.

    Grafana shows those of an annotation as HTML, where a plugin's name could be a link or a picture
    that reports who looks at it.
    """
    texts = {"component": event.component, "before": event.before, "after": event.after}
    return {
        "kind": str(event.kind),
        **{name: text.translate(_NO_MARKUP) for name, text in texts.items()},
    }


def _key_of(org: str) -> Key:
    """Return the key of the events of all stores of an org.

    No store has such a domain, and it differs between orgs.
    """
    return Key(org, "", f"({org})", "", EVENTS)
