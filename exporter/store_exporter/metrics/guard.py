"""Limits for the number of series and the text of labels.

Label values come from applications and may contain anything. A series above a limit is recorded as
`other`, and its operations are counted as dropped; an error is never raised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from .catalogue.operations import OPERATION_NAMES

OTHER = "other"
"""The label value of everything above a limit."""

MAX_VALUE_LENGTH = 256
"""Characters of a label value; longer ones are cut. A host name has at most 253."""

LIMITS = ("series", "org", "operation")
"""The limits, named as in the label of `store_exporter_series_dropped_total`."""

Labels = tuple[str, str, str, str]
"""Values of org, domain, platform and operation."""

Store = tuple[str, str, str]
"""Values of org, domain and platform."""

_MOST_REGISTERED = 1000
"""Registered names above which those of decorated functions count as unknown; no code has so
many."""


def clean(value: str) -> str:
    """Return a label value that every exposition format can carry.

    Lone surrogates (which UTF-8 cannot encode) and NUL (which ends a line early in some parsers)
    become U+FFFD, and a value that is too long is cut. The formats escape everything else.

    Raises:
        TypeError: not a string.
    """
    if value.__class__ is not str:
        # For subclasses such as a `StrEnum`; `str.__str__` refuses values that are no strings.
        value = str.__str__(value)
    if len(value) > MAX_VALUE_LENGTH:
        value = value[: MAX_VALUE_LENGTH - 1] + "…"
    if value.isascii():
        return value.replace("\0", "\ufffd") if "\0" in value else value
    safe = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)
    return safe.replace("\0", "\ufffd")


class Guard:
    """Decides under which labels an operation is recorded.

    Args:
        max_series: label sets of operations in all.
        max_series_per_org: label sets of one org.
        max_operations: operation names of each org beyond the closed list and the names of
            decorated functions.

    Attributes:
        total: label sets that have series.
    """

    def __init__(self, max_series: int, max_series_per_org: int, max_operations: int) -> None:
        self._max_series = max_series
        self._max_series_per_org = max_series_per_org
        self._max_operations = max_operations
        self._registered = set(OPERATION_NAMES)
        self._unregistered: dict[str, set[str]] = {}
        self.total: int = 0
        self._per_org: Counter[str] = Counter()

    def register(self, operation: str) -> None:
        """Admit the operation name of a decorated function permanently."""
        if len(self._registered) < _MOST_REGISTERED:
            self._registered.add(operation)

    def admit(self, labels: Labels, held: Callable[[Labels], object]) -> tuple[Labels, str]:
        """Return the labels to record under: the same ones, or ones with `other`.

        The second value is the limit that they exceed, one of `LIMITS`, or "".

        Args:
            labels: clean label values.
            held: returns something, not None, for a label set that has series already.
        """
        org, domain, platform, operation = labels
        limit = ""
        if not self._knows(org, operation):
            limit = "operation"
            labels = (org, domain, platform, OTHER)
        if held(labels) is not None:
            return labels, limit
        if self.total >= self._max_series:
            return (OTHER, OTHER, OTHER, OTHER), "series"
        if self._per_org[org] >= self._max_series_per_org:
            return (org, OTHER, OTHER, OTHER), "org"
        return labels, limit

    def add(self, labels: Labels) -> None:
        """Count a label set that has series from now on."""
        self.total += 1
        self._per_org[labels[0]] += 1

    def release(self, labels: Labels) -> None:
        """Stop counting a label set that has no series any more."""
        self.total -= 1
        self._per_org[labels[0]] -= 1
        if not self._per_org[labels[0]]:
            del self._per_org[labels[0]]

    def _knows(self, org: str, operation: str) -> bool:
        if operation in self._registered or operation == OTHER:
            return True
        own = self._unregistered.get(org, ())
        if operation in own:
            return True
        if len(own) < self._max_operations and self._has_room(org):
            self._unregistered.setdefault(org, set()).add(operation)
            return True
        return False

    def _has_room(self, org: str) -> bool:
        """Return whether another series of an org would get labels of its own."""
        return self.total < self._max_series and self._per_org[org] < self._max_series_per_org
