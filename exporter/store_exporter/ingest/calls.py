"""One reported call: which fields it has, and what is wrong with it in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..calls.call import OPERATION, Call
from ..config.model import values
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


Found = tuple[int, Any] | Refusal
"""What stands at one place of a batch: the place and a call, or why it is none."""


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


class _Kind:
    """Calls of one batch that are counted alike: of one series, with one outcome.

    Attributes:
        labels: of the series.
        error_type: how they failed; None for successes.
        durations: seconds of each; a call is counted by being in it.
        exemplars: of those that came with a trace.
        told: of successes that came with a time or a trace, both, by their duration.
    """

    __slots__ = ("durations", "error_type", "exemplars", "labels", "told")

    def __init__(self, labels: Labels, error_type: str | None) -> None:
        self.labels = labels
        self.error_type = error_type
        self.durations: list[float] = []
        self.exemplars: list[Exemplar] = []
        self.told: dict[float, tuple[float, str]] = {}


class CallReader:
    """Reads the calls of one batch and adds them up.

    What calls have in common is looked at once: which fields they have, and what their store,
    operation and error come to. What remains for each is its duration.

    Attributes:
        refusals: those that cannot be counted.
        failed: those that failed, one by one.
        unmapped: names of error classes that no table knows, counted as `exception`.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.refusals: list[Refusal] = []
        self.failed: list[Call] = []
        self.unmapped: set[str] = set()
        self._tenant = tenant
        self._now = tenant.now()
        self._plain: dict[tuple[str, ...], bool] = {}
        self._kinds: dict[tuple[Any, ...], _Kind] = {}

    @property
    def accepted(self) -> int:
        """How many were taken."""
        return sum(len(kind.durations) for kind in self._kinds.values())

    def additions(self) -> dict[Labels, Addition]:
        """Return what they add, by labels."""
        found: dict[Labels, Addition] = {}
        for kind in self._kinds.values():
            if not kind.durations:
                continue
            count, error_type = len(kind.durations), kind.error_type
            addition = Addition(count, {}, kind.durations[:], exemplars=kind.exemplars[:])
            if error_type is not None:
                addition.errors[error_type] = count
                for exemplar in kind.exemplars:
                    addition.error_exemplars[error_type] = exemplar._replace(value=1.0)
            known = found.setdefault(kind.labels, addition)
            if known is not addition:
                known.merge(addition)
        return found

    def slowest(self) -> list[Call]:
        """Return of each store the slowest of those that succeeded."""
        found: dict[tuple[str, str], Call] = {}
        for kind in self._kinds.values():
            if kind.error_type is not None or not kind.durations:
                continue
            org, domain, platform, operation = kind.labels
            seconds, known = max(kind.durations), found.get((org, domain))
            if known is None or seconds > known.duration:
                at, trace_id = kind.told.get(seconds, (self._now, ""))
                place = (at, org, domain, platform, OPERATION, operation, seconds)
                found[org, domain] = Call(*place, trace_id=trace_id)
        return list(found.values())

    def read(self, found: Iterable[Found]) -> None:
        """Add calls, and note of the others why they cannot be counted."""
        add, refusals = self._add, self.refusals
        for one in found:
            if isinstance(one, Refusal):
                refusals.append(one)
                continue
            index, call = one
            try:
                add(call)
            except FieldError as error:
                refusals.append(Refusal(index, error.field, str(error)))

    def _add(self, call: Any) -> None:
        if call.__class__ is not dict:
            raise FieldError("", "must be an object")
        fields = tuple(call)
        is_plain = self._plain.get(fields)
        if is_plain is None:
            is_plain = self._plain[fields] = _is_plain(call)
        get = call.get
        status = get("http_status")
        alike = (
            get("domain"), get("platform"), get("operation"),
            get("error_type"), get("error_class"), status,
        )  # fmt: skip
        try:
            kind = self._kinds.get(alike)
        except TypeError:  # a list or an object where a text should be
            kind = None
        # To a dictionary 404.0 is 404, and true is 1.
        if kind is None or not (status is None or status.__class__ is int):
            kind = self._kinds[alike] = self._kind(alike[:3], alike[3:])
        seconds = get("duration_seconds")
        if seconds.__class__ is not float or not 0 <= seconds <= MAX_SECONDS:
            seconds = _seconds(seconds)
        if is_plain and kind.error_type is None:
            kind.durations.append(seconds)
        else:
            self._add_alone(kind, call, seconds)

    def _add_alone(self, kind: _Kind, call: dict[str, Any], seconds: float) -> None:
        """Add a call of which more is to be remembered than its duration."""
        at = self._time(call.get("time"))
        trace_id = _pattern(call, "trace_id", _TRACE, "32 lower-case hexadecimal digits")
        span_id = _pattern(call, "span_id", _SPAN, "16 lower-case hexadecimal digits")
        message = _message(call.get("message"))
        # Nothing below can fail: a call is counted whole or not at all.
        kind.durations.append(seconds)
        if trace_id and span_id:
            kind.exemplars.append(Exemplar(trace_id, span_id, seconds, at))
        if kind.error_type is None:
            kind.told.setdefault(seconds, (at, trace_id))
            return
        org, domain, platform, operation = kind.labels
        place = (at, org, domain, platform, OPERATION, operation, seconds)
        status = call.get("http_status")
        self.failed.append(Call(*place, kind.error_type, message, status, trace_id))

    def _kind(self, place: tuple[Any, Any, Any], outcome: tuple[Any, Any, Any]) -> _Kind:
        labels = self._tenant.labels(*place)
        return _Kind(labels, self._error_type(*outcome, labels[2]))

    def _error_type(self, error_type: Any, name: Any, status: Any, platform: str) -> str | None:
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
        now = self._now
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


def _is_plain(call: Mapping[str, Any]) -> bool:
    """Whether a call has only fields that are counted.

    Raises:
        FieldError: it has one that no call has.
    """
    if not call.keys() <= FIELDS.keys():
        name = next(name for name in call if name not in FIELDS)
        raise FieldError("", f"has an unknown field; {suggestion(name[:100], FIELDS)}")
    return call.keys() <= _COUNTED


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
