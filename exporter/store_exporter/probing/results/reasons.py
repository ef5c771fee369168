"""Why a probe fails, as a label value: short, and the same for a whole outage.

Only the store's own message distinguishes an exhausted database from a broken plugin. But it may
contain parts that change with each response (request numbers, hashes, times), and at worst a
customer's address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .result import Result

LONGEST = 160
"""Characters of a reason; longer ones are cut."""

_CHANGING = re.compile(
    r"(?P<address>https?://\S+)"
    r"|(?P<mail>[^\s@<>\"']+@[^\s@<>\"']+)"
    r"|(?P<id>\b(?=\w*\d)(?:[0-9a-fA-F]{8,}|\d{5,})(?:-[0-9a-fA-F]{4,})*\b)"
)


def reason_of(message: str) -> str:
    """Return a message, which is free of secrets, without addresses, names of mailboxes and ids."""
    text = _CHANGING.sub(lambda match: f"({match.lastgroup})", " ".join(message.split()))
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Failing:
    """The failure of a probe, from its first failed run on.

    Attributes:
        since: when the first failure in a row ended, in Unix time.
        error_type: of its latest failure.
        reason: of the first of these failures with the same error type, so that one outage is one
            series.
    """

    since: float
    error_type: str
    reason: str


def failing(result: Result, before: Failing | None) -> Failing:
    """Return the failure of a probe whose latest result is a failure.

    `before` is its failure until then; None if it had succeeded.
    """
    error_type = result.error_type or ""
    if before is not None and before.error_type == error_type:
        return before
    since = result.time if before is None else before.since
    return Failing(since, error_type, reason_of(result.message))
