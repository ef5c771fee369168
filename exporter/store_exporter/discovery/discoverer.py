"""Reads sources of stores at intervals, and keeps the last response of each."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from ..config.entries import Discovery
from ..stores.owners import SourceClaim
from . import sources
from .sources import SourceError

log = logging.getLogger(__name__)

_SHOWN = 5
_DAY = 86400.0
_CHANGES = 2
"""A source may name this many times its limit of different domains within a day. The state of a
store is kept for months, and a source must not fill the disk with it."""


class _Source:
    """One source and its last response.

    Attributes:
        claim: the domains that it named last; none before its first response.
        day: a time of the monotonic clock, and the domains that it has named since.
        applied: set when the result of its first read was passed on.
    """

    __slots__ = ("applied", "claim", "config", "day", "failures")

    def __init__(self, config: Discovery, claim: SourceClaim) -> None:
        self.config = config
        self.claim = claim
        self.day: tuple[float, set[str]] = (-math.inf, set())
        self.failures = 0
        self.applied = asyncio.Event()

    def count(self, named: SourceClaim, now: float) -> None:
        """Count the different domains that were named within a day.

        Raises:
            SourceError: there are too many of them.
        """
        since, seen = self.day
        if now - since >= _DAY:
            since, seen = now, set(self.claim.domains)
        seen = seen.union(store.domain for store in named.stores)
        most = _CHANGES * self.config.limit
        if len(seen) > most:
            raise SourceError(f"more than {most} different domains within a day")
        self.day = since, seen

    @property
    def identity(self) -> tuple[object, ...]:
        """What identifies a source across reloads, even if its other settings change."""
        source = self.config
        url = None if source.http is None else source.http.url
        return (source.template.org, source.template.platform.name, source.files, url)


class Discoverer:
    """Reads sources at their intervals, and passes on the latest claims of all of them.

    Args:
        found: called with the claims of all sources when one was read for the first time or its
            claim has changed.
        read: called after each read, with the source's org and whether it responded.
        sleep: waits for a number of seconds.
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(
        self,
        found: Callable[[Sequence[SourceClaim]], Awaitable[object]],
        read: Callable[[str, bool], object],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._found = found
        self._read = read
        self._sleep = sleep
        self._monotonic = monotonic
        self._tasks: list[asyncio.Task[None]] = []
        self._sources: list[_Source] = []

    async def replace(self, wanted: Sequence[Discovery]) -> list[SourceClaim]:
        """Replace all sources with these, and return their claims.

        A source that was there before, with the same org, platform and place, keeps its claim. If
        its configuration changed, the claim is made again from the same domains. Nothing is
        requested until `start`.
        """
        self._cancel()
        before = {source.identity: source for source in self._sources}
        now = []
        for config in wanted:
            source = _Source(
                config, SourceClaim(config.template.org, requested=False, responded=False)
            )
            old = before.get(source.identity)
            if old is not None:
                source.claim, source.day, source.failures = old.claim, old.day, old.failures
                if old.config != config and old.claim.responded:
                    source.claim = await asyncio.to_thread(sources.claim, config, old.claim.domains)
            now.append(source)
        self._sources = now
        return self._claims()

    @property
    def failing(self) -> dict[str, int]:
        """How many reads have failed in a row, by org; the most of its sources."""
        most: dict[str, int] = {}
        for source in self._sources:
            org = source.config.template.org
            most[org] = max(most.get(org, 0), source.failures)
        return most

    def start(self) -> None:
        """Read the sources now, and from now on at their intervals."""
        self._tasks = [asyncio.create_task(self._read_again(source)) for source in self._sources]

    async def applied(self, seconds: float) -> None:
        """Wait until the first claims of all sources were passed on, for at most these seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for source in self._sources:
                    await source.applied.wait()

    async def stop(self) -> None:
        """Stop reading the sources."""
        tasks = self._cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cancel(self) -> list[asyncio.Task[None]]:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        return tasks

    def _claims(self) -> list[SourceClaim]:
        return [source.claim for source in self._sources]

    async def _read_again(self, source: _Source) -> None:
        while True:
            before = source.claim
            source.claim = await self._ask(source)
            if source.claim is not before:
                await self._found(self._claims())
            source.applied.set()
            await self._sleep(source.config.refresh)

    async def _ask(self, source: _Source) -> SourceClaim:
        """Return a source's new claim, or the one before if it sends no usable response."""
        org = source.config.template.org
        try:
            found = await sources.find(source.config)
            await asyncio.to_thread(source.count, found, self._monotonic())
        except Exception as error:  # whatever a source sends, it is requested again
            log.warning(
                "no stores from discovery; those found before stay",
                extra={"org": org, "problem": str(error)},
                exc_info=None if isinstance(error, SourceError) else error,
            )
            source.failures += 1
            self._read(org, False)
            return source.claim if source.claim.requested else replace(source.claim, requested=True)
        source.failures = 0
        self._read(org, True)
        if found.refusals and found.refusals != source.claim.refusals:
            log.warning(
                "%d found stores have problems and are left out",
                len(found.refusals),
                extra={"org": org, "problems": "; ".join(map(str, found.refusals[:_SHOWN]))},
            )
        # Comparing thousands of stores would hold up the event loop.
        same = await asyncio.to_thread(found.__eq__, source.claim)
        return source.claim if same else found
