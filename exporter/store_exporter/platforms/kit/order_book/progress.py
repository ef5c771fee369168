"""How far the orders of a store have been read: by their times of change, by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .walk import Walk


@dataclass(slots=True)
class ReadingProgress:
    """Where the reading stands.

    Attributes:
        walk: by times of change.
        latest: the largest id of an order that is known; None before the first look.
        count: how many orders there were at the last look, if the store tells.
        missing: how many vanished from that number and are not accounted for.
        unchecked: how many remembered orders are to be read until it is known that none of those
            that vanished is among them.
    """

    walk: Walk
    latest: int | None = None
    count: int | None = None
    missing: int = 0
    unchecked: int = 0

    @classmethod
    def at(cls, since: int, newest: int = 0) -> ReadingProgress:
        """Return the place at which everything changed from a Unix time on is to be read."""
        return cls(Walk(since, newest=newest))

    def to_document(self) -> dict[str, Any]:
        """Return the place as JSON types."""
        return self.walk.to_document() | {
            "latest": self.latest,
            "count": self.count,
            "missing": self.missing,
            "unchecked": self.unchecked,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ReadingProgress:
        """Return the place that was saved.

        Raises:
            KeyError, TypeError, ValueError: it makes no sense.
        """
        walk = Walk.from_document(document)
        numbers = (document["latest"], document["count"])
        latest, count = (None if number is None else int(number) for number in numbers)
        missing, unchecked = (int(document[name]) for name in ("missing", "unchecked"))
        return cls(walk, latest, count, missing, unchecked)
