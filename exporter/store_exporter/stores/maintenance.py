"""Maintenance of a store: a time during which nobody is alerted about it."""

from __future__ import annotations

from dataclasses import dataclass

from ..legible import is_line

MAX_WINDOWS = 50
"""Most windows that the configuration may have for a store."""
MAX_SECONDS = 31 * 86_400
"""Longest window in the configuration; a store that is away longer should be removed from it."""
MAX_BEGUN_SECONDS = 7 * 86_400
"""Longest window that can be begun at run time, where nobody reviews it."""
MAX_REASON = 200
"""Most characters of a reason."""


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window.

    Attributes:
        start: its first moment, in Unix time.
        end: the first moment after it.
        reason: why, as a person wrote it; one line.
    """

    start: float
    end: float
    reason: str

    def covers(self, moment: float) -> bool:
        """Whether a Unix time lies within the window."""
        return self.start <= moment < self.end


def is_reason(text: str) -> bool:
    """Whether a string can be a reason: one line that is not empty."""
    return 0 < len(text) <= MAX_REASON and is_line(text) and bool(text.strip())
