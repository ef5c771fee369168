"""The effect of a batch of reports: additions to series, and notes to remember."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..metrics.addition import Addition
from ..metrics.guard import Labels
from .ledger import MarkKey


@dataclass(slots=True)
class Effect:
    """The effect of a batch.

    Attributes:
        additions: what it adds to series, by org, domain, platform and operation.
        notes: what is remembered about it.
    """

    additions: dict[Labels, Addition] = field(default_factory=dict)
    notes: dict[MarkKey, str] = field(default_factory=dict)


Decide = Callable[[Mapping[MarkKey, str]], Awaitable[Effect]]
"""Returns the effect of a batch, given the notes of the keys that it named."""


class TooMuchError(Exception):
    """A batch would raise a series above the highest count; the message says so."""
