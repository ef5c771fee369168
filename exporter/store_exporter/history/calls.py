"""Converts a row of the old table to a call of today's metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from ..errors import ERROR_TYPES
from ..ingest.calls import MAX_SECONDS, OPERATION_FORM, is_operation
from ..ingest.error_classes import ErrorClasses
from ..metrics.catalogue.operations import LATENCY_BUCKETS
from ..metrics.guard import Labels
from .tenants import Ownership, RowError

MAX_SERIES = 20_000
"""Most label sets of operations; each has some twenty series in the database."""
_EARLIEST = 946_684_800
"""Unix time of the start of 2000; no shop of today was called before."""
_BOOLEAN = TypeAdapter(bool)
_ERROR_NUMBERS = {name: number for number, name in enumerate(ERROR_TYPES)}
ERROR_NAMES = tuple(ERROR_TYPES)
"""Error types by their number in an imported call."""


class ImportedCall(NamedTuple):
    """One call, in the order of the ledger's columns.

    Attributes:
        id: the row's id; None without one.
        series: the number of its labels.
        at: Unix time in seconds.
        bucket: the classic bucket of its duration, from 0.
        error: the number of its error type; None for a success.
        seconds: how long it took.
    """

    id: str | None
    series: int
    at: float
    bucket: int
    error: int | None
    seconds: float


class RowReader:
    """Converts rows to calls.

    Attributes:
        series: the labels of the calls, by number.
        unmapped: rows by error type, for types in no table; they are counted as `exception`.
    """

    def __init__(self, tenants: Ownership, classes: ErrorClasses) -> None:
        self.series: list[Labels] = []
        self.unmapped: Counter[str] = Counter()
        self._tenants = tenants
        self._error_type = lru_cache(MAX_SERIES)(classes.named)
        self._places: dict[tuple[Any, Any, Any], int] = {}
        self._numbers: dict[Labels, int] = {}

    def read(self, fields: Mapping[str, Any]) -> ImportedCall:
        """Return the call of a row.

        Raises:
            RowError: the row is not a valid call.
        """
        series = self._series(fields)
        milliseconds = _number(fields.get("duration_ms"))
        if not 0 <= milliseconds <= MAX_SECONDS * 1000:
            raise RowError(f"duration_ms must be from 0 to {MAX_SECONDS * 1000:.0f}")
        seconds = milliseconds / 1000
        error = None
        if not _boolean(fields.get("success")):
            error = self._error(fields.get("error_type"), self.series[series][2])
        number = fields.get("id")
        return ImportedCall(
            id=None if number is None else str(number)[:100],
            series=series,
            at=_time(fields.get("created_at")),
            bucket=bisect_left(LATENCY_BUCKETS, seconds),
            error=error,
            seconds=seconds,
        )

    def _series(self, fields: Mapping[str, Any]) -> int:
        place = (fields.get("customer_config_id"), fields.get("domain"), fields.get("operation"))
        try:
            found = self._places.get(place)
        except TypeError:  # a list or an object where a string should be
            raise RowError("domain, operation and customer_config_id must be texts") from None
        if found is not None:
            return found
        number, address, operation = place
        if not is_operation(operation):
            raise RowError(f"operation {OPERATION_FORM}")
        owner = self._tenants.labels(None if number is None else str(number), address)
        labels = (*owner, operation)
        found = self._numbers.get(labels)
        if found is None:
            if len(self.series) >= MAX_SERIES:
                raise RowError(f"there are more than {MAX_SERIES} domains times operations")
            found = self._numbers[labels] = len(self.series)
            self.series.append(labels)
        if len(self._places) < 10 * MAX_SERIES:
            self._places[place] = found
        return found

    def _error(self, name: Any, platform: str) -> int:
        written = "" if name is None else str(name)[:100]
        found = _ERROR_NUMBERS.get(self._error_type(written, platform) or "")
        if found is None:
            if written in self.unmapped or len(self.unmapped) < 1000:
                self.unmapped[written] += 1
            found = _ERROR_NUMBERS["exception"]
        return found


def _number(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        raise RowError("duration_ms is empty")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise RowError("duration_ms must be a number of milliseconds") from None


def _boolean(value: Any) -> bool:
    try:
        return _BOOLEAN.validate_python(value)
    except ValidationError:
        raise RowError("success must be t or f, or true or false") from None


def _time(value: Any) -> float:
    try:
        found = datetime.fromisoformat(value.strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        at = found.timestamp()
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise RowError(
            "created_at must be a date and time, such as 2026-03-01 14:22:01.123+00"
        ) from None
    if at < _EARLIEST:
        raise RowError("created_at is before the year 2000")
    return at
