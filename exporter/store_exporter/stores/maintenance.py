"""Maintenance of a store: a time during which nobody is alerted about it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WINDOWS = 50
"""Windows that the configuration may name for a store."""
MAX_SECONDS = 31 * 86_400
"""The longest window of the configuration: a store that is away longer should be taken out."""
MAX_BEGUN_SECONDS = 7 * 86_400
"""The longest that may be begun at run time, where nobody reviews it."""
MAX_REASON = 200
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of maintenance.

    Attributes:
        start: its first moment, in Unix time.
        end: the first moment after it.
        reason: why, in a person's words; one line.
    """

    start: float
    end: float
    reason: str

    def covers(self, moment: float) -> bool:
        """Tell whether a moment lies within."""
        return self.start <= moment < self.end


def is_reason(text: str) -> bool:
    """Tell whether a string can be a reason: one line that is not empty."""
    return 0 < len(text) <= MAX_REASON and text.isprintable() and bool(text.strip())
