"""One reported call: which fields it has, and what is wrong with it in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..calls.call import OPERATION, Call
from ..config import values
from ..config.problems import suggestion
from ..errors import ERROR_TYPES
from ..metrics.addition import Addition
from ..metrics.families import Exemplar
from ..metrics.guard import Labels
from ..stores.model import Store
from .error_classes import ErrorClasses

MAX_SECONDS = 3600.0
"""Longest duration of a call; a larger number is in milliseconds."""
MAX_AGE_SECONDS = 3600.0
"""How old a call may be. It is counted when it arrives, and rates would be wrong by more."""
MAX_AHEAD_SECONDS = 300.0
MAX_TEXT = 1000
"""Longest message, in characters."""

FIELDS: Mapping[str, str] = {
    "operation": "what ran, such as `get_cart`; [the names](operations.md) or your own",
    "domain": "the store's domain",
    "platform": "what runs the store; may be left out where the store is configured",
    "duration_seconds": "how long it took, in seconds",
    "error_type": "why it failed, one of the [closed list](operations.md)",
    "error_class": "instead: the class or code of the error, such as `ETIMEDOUT`",
    "http_status": "instead of or beside `error_class`: the HTTP status of the failure",
    "time": "when it ended: Unix time in seconds, or ISO 8601 with a time zone",
    "trace_id": "the trace it belongs to, 32 hexadecimal digits",
    "span_id": "with `trace_id`: the span, 16 hexadecimal digits",
    "message": "what the error said, at most 1,000 characters; for the "
    "[recent calls](http-api.md#get-apiv1calls)",
}
"""The fields of a call, and what each is."""

_TOLD = frozenset(("time", "trace_id", "span_id", "message"))
"""Fields that change nothing of what is counted."""
_COUNTED = FIELDS.keys() - _TOLD
_OPERATION = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")
_TRACE = re.compile(r"[0-9a-f]{32}")
_SPAN = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """Why a call was not counted.

    Attributes:
        index: its place among the calls, from 0.
        field: the field that is wrong; empty where it is the whole.
        error: what would be right; never what was sent.
    """

    index: int
    field: str
    error: str


class FieldError(ValueError):
    """One field is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Tenant:
    """What is known of whoever reports.

    Attributes:
        org: the tenant; all that it reports is its own.
        store: finds one of its stores by the domain; None for any other.
        accepts_unknown: whether it may report domains that are not among them.
        platforms: names that a platform may have.
        classes: from its errors to the closed list.
        now: Unix time.
    """

    org: str
    store: Callable[[str], Store | None]
    accepts_unknown: bool
    platforms: tuple[str, ...]
    classes: ErrorClasses
    now: Callable[[], float]

    def labels(self, domain: Any, platform: Any, operation: Any) -> Labels:
        """Return the labels of a call.

        Raises:
            FieldError: one of them is not what it must be.
        """
        if not isinstance(operation, str) or not _OPERATION.fullmatch(operation):
            message = "must be a name of letters, digits, '_', '.', ':' and '-', at most 100"
            raise FieldError("operation", message)
        try:
            store = self.store(values.domain(domain))
        except ValueError as error:
            raise FieldError("domain", str(error)) from None
        if store is None and not self.accepts_unknown:
            raise FieldError("domain", "there is no store of this domain")
        if store is not None and platform is None:
            platform = store.platform
        if platform not in self.platforms:
            raise FieldError("platform", f"must be one of: {', '.join(self.platforms)}")
        if store is not None and platform != store.platform:
            raise FieldError("platform", f"the store runs {store.platform}")
        return (self.org, domain, platform, operation)


class CallReader:
    """Reads the calls of one batch and adds them up.

    Attributes:
        additions: what they add, by labels.
        refusals: those that cannot be counted.
        failed: those that failed, one by one.
        slowest: of each store, the slowest of those that succeeded.
        unmapped: names of error classes that no table knows, counted as `exception`.
        accepted: how many were taken.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.additions: dict[Labels, Addition] = {}
        self.refusals: list[Refusal] = []
        self.failed: list[Call] = []
        self.slowest: dict[tuple[str, str], Call] = {}
        self.unmapped: set[str] = set()
        self.accepted = 0
        self._tenant = tenant
        self._labels: dict[tuple[Any, Any, Any], Labels] = {}

    def read(self, index: int, call: Any) -> None:
        """Add a call, or note why it cannot be counted."""
        try:
            if not isinstance(call, dict):
                raise FieldError("", "must be an object")
            self._add(call)
            self.accepted += 1
        except FieldError as error:
            self.refusals.append(Refusal(index, error.field, str(error)))

    def _add(self, call: dict[str, Any]) -> None:
        if not call.keys() <= FIELDS.keys():
            raise _unknown_field(call)
        labels = self._labels_of(call)
        seconds = _seconds(call.get("duration_seconds"))
        error_type = self._error_type(call, labels[2])
        exemplar = None
        at, trace_id, message = 0.0, "", ""
        if not call.keys() <= _COUNTED:
            at = self._time(call.get("time"))
            trace_id = _pattern(call, "trace_id", _TRACE, "32 lower-case hexadecimal digits")
            span_id = _pattern(call, "span_id", _SPAN, "16 lower-case hexadecimal digits")
            message = _message(call.get("message"))
            if trace_id and span_id:
                exemplar = Exemplar(trace_id, span_id, seconds, at)
        # Nothing below can fail: a call is counted whole or not at all.
        addition = self.additions.get(labels)
        if addition is None:
            addition = self.additions[labels] = Addition()
        addition.finished += 1
        addition.durations.append(seconds)
        if error_type is not None:
            addition.errors[error_type] = addition.errors.get(error_type, 0) + 1
        if exemplar is not None:
            addition.exemplars.append(exemplar)
            if error_type is not None:
                addition.error_exemplars[error_type] = exemplar._replace(value=1.0)
        slowest = self.slowest.get(labels[:2])
        if error_type is None and slowest is not None and seconds <= slowest.duration:
            return
        org, domain, platform, operation = labels
        at = at or self._tenant.now()
        place = (at, org, domain, platform, OPERATION, operation, seconds)
        if error_type is None:
            self.slowest[org, domain] = Call(*place, trace_id=trace_id)
        else:
            status = call.get("http_status")
            self.failed.append(Call(*place, error_type, message, status, trace_id))

    def _labels_of(self, call: dict[str, Any]) -> Labels:
        place = (call.get("domain"), call.get("platform"), call.get("operation"))
        try:
            found = self._labels.get(place)
        except TypeError:  # a list or an object where a text should be
            found = None
        if found is None:
            found = self._labels[place] = self._tenant.labels(*place)
        return found

    def _error_type(self, call: dict[str, Any], platform: str) -> str | None:
        error_type = call.get("error_type")
        name, status = call.get("error_class"), call.get("http_status")
        if error_type is None and name is None and status is None:
            return None
        if error_type is not None:
            if name is not None or status is not None:
                raise FieldError("error_type", "goes without error_class and http_status")
            if not isinstance(error_type, str) or error_type not in ERROR_TYPES:
                hint = suggestion(error_type, ERROR_TYPES) if isinstance(error_type, str) else ""
                raise FieldError("error_type", f"is none of the closed list; {hint}".rstrip("; "))
            return error_type
        if name is not None and not (isinstance(name, str) and 0 < len(name) <= 100):
            raise FieldError("error_class", "must be a text of 1 to 100 characters")
        if status is not None and (type(status) is not int or not 100 <= status <= 599):
            raise FieldError("http_status", "must be a whole number from 100 to 599")
        if name is None and status is not None and 200 <= status < 300:
            return None
        found = self._tenant.classes.error_type(name, status, platform)
        if found is None:
            self.unmapped.add(name or "")
        return found or "exception"

    def _time(self, value: Any) -> float:
        now = self._tenant.now()
        if value is None:
            return now
        try:
            at = unix_time(value)
        except (ValueError, OverflowError):
            message = "must be Unix time in seconds, or ISO 8601 with a time zone"
            raise FieldError("time", message) from None
        if at > now + MAX_AHEAD_SECONDS:
            raise FieldError("time", "is more than five minutes ahead")
        if at < now - MAX_AGE_SECONDS:
            raise FieldError("time", "is more than an hour ago")
        return at


def _unknown_field(call: Mapping[str, Any]) -> FieldError:
    name = next(name for name in call if name not in FIELDS)
    return FieldError("", f"has an unknown field; {suggestion(name[:100], FIELDS)}")


def _seconds(value: Any) -> float:
    if value.__class__ is not float and value.__class__ is not int:
        raise FieldError("duration_seconds", "must be a number of seconds")
    if not 0 <= value <= MAX_SECONDS:  # also refuses what is not a number
        message = f"must be from 0 to {MAX_SECONDS:.0f} seconds; is it in milliseconds?"
        raise FieldError("duration_seconds", message)
    return float(value)


def unix_time(value: Any) -> float:
    """Return a time as Unix time; it is given as that, or as ISO 8601 with a time zone.

    Raises:
        ValueError, OverflowError: it is neither.
    """
    if isinstance(value, str) and len(value) <= 40:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError("no time zone")
        return at.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no time")
    return float(value)


def _pattern(call: Mapping[str, Any], field: str, pattern: re.Pattern[str], what: str) -> str:
    value = call.get(field)
    if value is None:
        return ""
    if not isinstance(value, str) or not pattern.fullmatch(value) or not value.strip("0"):
        raise FieldError(field, f"must be {what}, not all zero")
    return value


def _message(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldError("message", "must be a text")
    return value[:MAX_TEXT]
