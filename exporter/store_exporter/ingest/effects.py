"""What a batch of reports does: what it adds to series, and what is to be remembered of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..metrics.addition import Addition
from ..metrics.guard import Labels
from .ledger import MarkKey


@dataclass(slots=True)
class Effect:
    """What a batch does.

    Attributes:
        additions: by org, domain, platform and operation.
        notes: what is to be remembered of it.
    """

    additions: dict[Labels, Addition] = field(default_factory=dict)
    notes: dict[MarkKey, str] = field(default_factory=dict)


Decide = Callable[[Mapping[MarkKey, str]], Awaitable[Effect]]
"""From what is remembered under the keys that a batch named to what it does."""


class TooMuchError(Exception):
    """A batch would have a series count more than it can; the message says so."""
