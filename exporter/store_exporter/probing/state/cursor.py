"""Collectors' saved state: a run's document is durable before its figures are published.

So after a crash at any moment, the document's counters match its position, and Prometheus has never
seen a count that is not in the document.
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
"""Seconds between two times at which the document of a long run is made durable, unless the process
is new."""


class RunCursor:
    """The `Cursor` of the contract for one run.

    `saved` is the document that was saved last; None if there is none; or the reason why it cannot
    be read, which is raised when the collector requests or replaces it.
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
            StateUnavailableError: the document cannot be read now.
        """
        if self._unavailable is not None:
            raise self._unavailable
        if not self._document:
            return {}
        document = json.loads(self._document)
        return document if isinstance(document, dict) else {}

    def discard(self, why: str) -> None:
        """Start over, because the saved document is not usable."""
        self.discarded = self._document, why
        self._document = self.changed = "{}"

    def save(self, document: Mapping[str, Any]) -> None:
        """Replace the document, if JSON can represent it and it is not too large.

        Raises:
            StateUnavailableError: the document could not be read, so it cannot be replaced.
            TypeError: it contains something that JSON cannot represent.
            ValueError: it is too large, or contains numbers that are not finite.
        """
        if self._unavailable is not None:
            raise self._unavailable
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        if len(text) > MAX_BYTES:
            raise ValueError(f"the document has {len(text)} characters, more than {MAX_BYTES}")
        self._document = self.changed = text


class RunMemory:
    """The document of one run, which its `cursor` reads and saves.

    Args:
        key: the document's name; None for a run that saves nothing.
        monotonic: seconds of a clock that never jumps.
        lost: called when a document was not usable and the collector starts over.
        is_first: whether it is the first run of this process that saves this document.
    """

    def __init__(
        self,
        documents: Documents,
        key: Key | None,
        monotonic: Callable[[], float],
        lost: Callable[[], None],
        *,
        is_first: bool,
    ) -> None:
        self.cursor = RunCursor()
        self._documents = documents
        self._key = key
        self._monotonic = monotonic
        self._lost = lost
        self._pace = 0.0 if is_first else _KEEP_SECONDS
        self._written = monotonic()

    async def read(self) -> None:
        """Read the document before the run; a failure is raised when the collector requests it."""
        if self._key is not None:
            try:
                self.cursor = RunCursor(await self._documents.read(self._key))
            except StateUnavailableError as error:
                self.cursor = RunCursor(error)

    async def keep(self) -> None:
        """Make the document durable now and then during the run; after each step in a first run.

        So a walk makes progress however short the time between two crashes.
        """
        cursor = self.cursor
        if self._key is None or cursor.changed is None:
            return
        if self._monotonic() - self._written < self._pace:
            return
        document, self._written = cursor.changed, self._monotonic()
        try:
            cursor.revision = await self._documents.write(self._key, document, cursor.revision)
        except StateUnavailableError:
            return  # does not concern the run; its end tries again and reports
        cursor.changed = None

    async def save(self) -> bool:
        """Make the document durable at the run's end; set aside a document that was not usable.

        Returns:
            Whether there was something to make durable.

        Raises:
            StateUnavailableError: the document cannot be written now.
        """
        key, cursor = self._key, self.cursor
        if key is None:
            return False
        if cursor.discarded is not None:
            document, why = cursor.discarded
            aside = key._replace(collector=key.collector + DAMAGED)
            log.error("what was saved is lost: %s of %s: %s", key.collector, key.identity, why)
            await self._documents.write(aside, document)
            self._lost()
            cursor.discarded = None
        if cursor.changed is None:
            return False
        await self._documents.write(key, cursor.changed, cursor.revision)
        return True
