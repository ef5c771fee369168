"""Collectors' memory: what a run saves is durable before anything that it counted is published.

A collector keeps its position and its counters in one document. During a run the document lives
in memory; when the run ends, also by a failure half-way, the runner makes the last saved one
durable and only then publishes figures. So a crash at any moment leaves a document whose counters
belong to its position, and Prometheus has never seen a count that the document does not know.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from .documents import Documents
from .storage import DAMAGED, Key, Saved, StateUnavailableError

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024 * 1024
"""The largest document; a collector that needs more has a leak."""
_KEEP_SECONDS = 2.0
"""How often at most the memory of a run that goes on is made durable."""


class RunCursor:
    """The `Cursor` of the contract for one run.

    Args:
        saved: the document as it was saved last, None when there is none; or why it cannot be
            read, which is raised when the collector requests it.
    """

    def __init__(self, saved: Saved | StateUnavailableError | None = None) -> None:
        self._unavailable = saved if isinstance(saved, StateUnavailableError) else None
        known = saved if isinstance(saved, Saved) else Saved("", 0)
        self._document = known.document
        self.revision = known.revision
        """Of the document that the next one replaces."""
        self.changed: str | None = None
        """What is to be made durable; None when nothing was saved."""
        self.discarded: tuple[str, str] | None = None
        """A document that makes no sense, and why."""

    def load(self) -> dict[str, Any]:
        """Return the last saved document, empty at first.

        Raises:
            StateUnavailableError: it cannot be read now.
        """
        if self._unavailable is not None:
            raise self._unavailable
        if not self._document:
            return {}
        document = json.loads(self._document)
        return document if isinstance(document, dict) else {}

    def discard(self, why: str) -> None:
        """Start afresh, because the saved document makes no sense."""
        self.discarded = self._document, why
        self._document = self.changed = "{}"

    def save(self, document: Mapping[str, Any]) -> None:
        """Replace the document.

        Raises:
            StateUnavailableError: it could not be read, so that it cannot be replaced.
            TypeError: it has something in it that JSON has not.
            ValueError: it is too large, or has numbers in it that are not finite.
        """
        if self._unavailable is not None:
            raise self._unavailable
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        if len(text) > MAX_BYTES:
            raise ValueError(f"the document has {len(text)} characters, more than {MAX_BYTES}")
        self._document = self.changed = text


class RunMemory:
    """The memory of one run among the documents.

    Args:
        documents: where it is kept.
        key: its name; None for a run that remembers nothing.
        monotonic: seconds of a clock that never jumps.
        lost: called when a document made no sense and begins anew.

    Attributes:
        cursor: what the run reads and saves.
    """

    def __init__(
        self,
        documents: Documents,
        key: Key | None,
        monotonic: Callable[[], float],
        lost: Callable[[], None],
    ) -> None:
        self.cursor = RunCursor()
        self._documents = documents
        self._key = key
        self._monotonic = monotonic
        self._lost = lost
        self._written = monotonic()

    async def read(self) -> None:
        """Read it before the run. That this cannot be done matters only to who requests it."""
        if self._key is not None:
            try:
                self.cursor = RunCursor(await self._documents.read(self._key))
            except StateUnavailableError as error:
                self.cursor = RunCursor(error)

    async def keep(self) -> None:
        """Make durable, now and then, what was saved so far.

        So a walk that is longer than the time from crash to crash gets ahead all the same.
        """
        cursor = self.cursor
        if self._key is None or cursor.changed is None:
            return
        if self._monotonic() - self._written < _KEEP_SECONDS:
            return
        document, self._written = cursor.changed, self._monotonic()
        try:
            cursor.revision = await self._documents.write(self._key, document, cursor.revision)
        except StateUnavailableError:
            return  # no matter of the run's; its end tries again and tells
        cursor.changed = None

    async def save(self) -> None:
        """Make durable, at the run's end, what it saved, and keep aside what made no sense to it.

        Raises:
            StateUnavailableError: it cannot be written now.
        """
        key, cursor = self._key, self.cursor
        if key is None:
            return
        if cursor.discarded is not None:
            document, why = cursor.discarded
            aside = key._replace(collector=key.collector + DAMAGED)
            log.error("what was saved is lost: %s of %s: %s", key.collector, key.identity, why)
            await self._documents.write(aside, document)
            self._lost()
            cursor.discarded = None
        if cursor.changed is not None:
            await self._documents.write(key, cursor.changed, cursor.revision)
