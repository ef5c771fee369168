"""Collectors' memory: what a run saves is durable before anything that it counted is published.

A collector keeps its position and its counters in one document. During a run the document lives
in memory; when the run ends, also by a failure half-way, the runner makes the last saved one
durable and only then publishes figures. So a crash at any moment leaves a document whose counters
belong to its position, and Prometheus has never seen a count that the document does not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .state import Saved, StateUnavailableError

MAX_BYTES = 64 * 1024 * 1024
"""The largest document; a collector that needs more has a leak."""


class RunCursor:
    """The `Cursor` of the contract for one run.

    Args:
        saved: the document as it was saved last, None when there is none; or why it cannot be
            read, which is raised when the collector asks for it.
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
        """Begin anew, for the last saved document makes no sense."""
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
