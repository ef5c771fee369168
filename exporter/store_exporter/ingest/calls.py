"""The fields of a reported call, their checks, and the messages about wrong ones.

Each check returns the value of a field, or raises a `FieldError`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from ..config.model import values
from ..config.problems import suggestion
from ..metrics.guard import Labels
from .error_classes import ErrorClasses

MAX_SECONDS = 3600.0
"""Longest duration of a call; a larger number is taken for milliseconds."""
MAX_AGE_SECONDS = 3600.0
"""Greatest age of a call. It is counted when it arrives, so its age shifts it in rates."""
MAX_AHEAD_SECONDS = 300.0
MAX_TEXT = 1000
"""Longest message, in characters."""

FIELDS: Mapping[str, str] = {
    "operation": "what ran, such as `get_cart`; [the names](operations.md) or your own",
    "domain": "the store's domain",
    "platform": "the store's platform; optional if the store is configured",
    "duration_seconds": "how long it took, in seconds",
    "error_type": "why it failed, one of the [closed list](metrics.md#error-types-and-faults)",
    "error_class": "instead of `error_type`: the class or code of the error, such as `ETIMEDOUT`",
    "http_status": "the HTTP status of the failure; alone, or with `error_type` or `error_class`",
    "time": "when it ended: Unix time in seconds, or ISO 8601 with a time zone",
    "trace_id": "the trace it belongs to, 32 hexadecimal digits; zeros mean none",
    "span_id": "with `trace_id`: the span, 16 hexadecimal digits",
    "message": "what the error said, at most 1,000 characters; for the "
    "[recent calls](http-api.md#get-apiv1calls)",
}
"""The fields of a call with their descriptions."""

_DESCRIPTIVE = frozenset(("time", "trace_id", "span_id", "message"))
"""Fields that do not affect what is counted."""
_COUNTED = FIELDS.keys() - _DESCRIPTIVE
_NEEDED = ("operation", "domain", "duration_seconds")
OPERATION_FORM = "must be a name of letters, digits, '_', '.', ':' and '-', at most 100"
"""The message about a name that `is_operation` refuses."""
_OPERATION = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")
_ID = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """Why a call was not counted.

    Attributes:
        index: its place among the calls, from 0.
        field: the field that is wrong; empty if the call as a whole is wrong.
        error: what the field must be; never what was sent.
    """

    index: int
    field: str
    error: str


class FieldError(ValueError):
    """A field is wrong, or the call as a whole if no field is named."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


Found = tuple[int, Any]
"""The index in a batch and the call there, or a `FieldError` if it cannot be read."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """The org that reports, and the rules for its reports.

    Attributes:
        org: the tenant; everything that it reports is its own.
        platform_of: returns the platform of one of its stores; None for other domains.
        accepts_unknown: whether it may report a domain that is not among its stores.
        classes: maps its errors to the closed list.
        now: Unix time.
    """

    org: str
    platform_of: Callable[[str], str | None]
    accepts_unknown: Callable[[str], bool]
    platforms: tuple[str, ...]
    classes: ErrorClasses
    now: Callable[[], float]

    def labels(self, domain: Any, platform: Any, operation: Any) -> Labels:
        """Return the labels of a call.

        Raises:
            FieldError: one of them is invalid.
        """
        if not is_operation(operation):
            raise FieldError("operation", OPERATION_FORM)
        known = self.platform_of(domain) if isinstance(domain, str) else None
        if known is None:
            try:
                values.domain(domain)
            except ValueError as error:
                raise FieldError("domain", str(error)) from None
            if not self.accepts_unknown(domain):
                raise FieldError("domain", "there is no store of this domain")
        elif platform is None:
            platform = known
        if platform not in self.platforms:
            raise FieldError("platform", f"must be one of: {', '.join(self.platforms)}")
        if known is not None and platform != known:
            raise FieldError("platform", f"the store runs {known}")
        return (self.org, domain, platform, operation)


def is_operation(value: Any) -> TypeGuard[str]:
    """Whether a value can be the name of an operation, ours or an application's own."""
    return isinstance(value, str) and _OPERATION.fullmatch(value) is not None


def check_fields(fields: Collection[str]) -> None:
    """Check that a call has all required fields, and no unknown ones.

    Raises:
        FieldError: a field is missing or unknown.
    """
    for name in fields:
        if name not in FIELDS:
            raise FieldError("", f"has an unknown field; {suggestion(name[:100], FIELDS)}")
    for name in _NEEDED:
        if name not in fields:
            raise FieldError(name, "is missing")


def are_plain(fields: Collection[str]) -> bool:
    """Whether all these fields are counted, and none is only descriptive."""
    return _COUNTED.issuperset(fields)


def seconds_of(value: Any) -> float:
    """Return a duration.

    Raises:
        FieldError: it is not a number, or not in the allowed range.
    """
    if value.__class__ is not float and value.__class__ is not int:
        raise FieldError("duration_seconds", "must be a number of seconds")
    if not 0 <= value <= MAX_SECONDS:  # also refuses what is not a number
        message = f"must be from 0 to {MAX_SECONDS:.0f} seconds; is it in milliseconds?"
        raise FieldError("duration_seconds", message)
    return float(value)


def time_of(value: Any, now: float) -> float:
    """Return when a call ended, as Unix time (default: now).

    Raises:
        FieldError: it is not a time, or too far in the past or future.
    """
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


def unix_time(value: Any) -> float:
    """Return a time, given as Unix time or as ISO 8601 with a time zone, as Unix time.

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


def id_of(value: Any, field: str, digits: int) -> str:
    """Return the id of a trace or span, of some hexadecimal digits; empty if there is none.

    Raises:
        FieldError: it does not consist of that many lower-case hexadecimal digits.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) != digits or not _ID.fullmatch(value):
        raise FieldError(field, f"must be {digits} lower-case hexadecimal digits")
    # OpenTelemetry's SDKs give zeros when no span is active.
    return value if value.strip("0") else ""


def message_of(value: Any) -> str:
    """Return a message cut to the length that is kept; empty if there is none.

    Raises:
        FieldError: it is not a string.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldError("message", "must be a string")
    return value[:MAX_TEXT]
