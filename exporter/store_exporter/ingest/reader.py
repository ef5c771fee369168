"""A batch of reported calls, checked and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from ..calls.call import OPERATION, Call
from ..config.problems import suggestion
from ..errors import ERROR_TYPES
from ..metrics.addition import Addition
from ..metrics.families import Exemplar
from ..metrics.guard import Labels
from .calls import (
    MAX_SECONDS,
    FieldError,
    Found,
    Refusal,
    Tenant,
    are_plain,
    check_fields,
    id_of,
    message_of,
    seconds_of,
    time_of,
)

_KIND = ("domain", "platform", "operation", "error_type", "error_class", "http_status")
"""The fields that decide in which series, and with which outcome, a call is counted."""


class _Kind:
    """Calls of one batch with the same series and the same outcome.

    Attributes:
        plain: whether only the duration of each call is recorded.
        durations: seconds of each call; its length is the number of calls.
        exemplars: exemplars of the calls that came with a trace.
        details: time and trace of successes that are not plain, by their duration.
    """

    __slots__ = ("details", "durations", "error_type", "exemplars", "labels", "plain", "status")

    def __init__(
        self, labels: Labels, error_type: str | None, status: int | None, *, plain: bool
    ) -> None:
        self.labels = labels
        self.error_type = error_type
        self.status = status
        self.plain = plain
        self.durations: list[float] = []
        self.exemplars: list[Exemplar] = []
        self.details: dict[float, tuple[float, str]] = {}


class _Shape:
    """Calls of one batch that have the same fields.

    Attributes:
        alike: returns the values of a call that identify its kind.
        kinds: the kinds that were found, by these values.
        plain: whether all their fields are counted, and none is only shown.
    """

    __slots__ = ("alike", "kinds", "plain")

    def __init__(self, fields: tuple[str, ...]) -> None:
        check_fields(fields)
        values = itemgetter(*(name for name in _KIND if name in fields))
        self.alike: Callable[[dict[str, Any]], Any] = values
        if "http_status" in fields:
            # To a dictionary 404.0 is 404, and true is 1.
            self.alike = lambda call: (values(call), call["http_status"].__class__)
        self.kinds: dict[Any, _Kind] = {}
        self.plain = are_plain(fields)


class _Failed(NamedTuple):
    """A call that failed, with more than its kind and duration."""

    kind: _Kind
    seconds: float
    at: float
    message: str = ""
    trace_id: str = ""


class CallReader:
    """Reads the calls of one batch and adds them up.

    What calls have in common is evaluated once: which fields they have, and the labels and error
    type that follow from their store, operation and error. Only the duration is read of each call.

    Attributes:
        refusals: why each of the other calls cannot be counted.
        unmapped: names of error classes that are in no table; they are counted as `exception`.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.refusals: list[Refusal] = []
        self.unmapped: set[str] = set()
        self._tenant = tenant
        self._now = tenant.now()
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        # `alike` and `kinds` of the last plain shape, by its number of fields.
        self._usual: dict[int, tuple[Callable[[Any], Any], dict[Any, _Kind]]] = {}
        self._kinds: list[_Kind] = []
        self._failed: list[_Failed] = []

    @property
    def accepted(self) -> int:
        """How many calls were accepted."""
        return sum(len(kind.durations) for kind in self._kinds)

    def additions(self) -> dict[Labels, Addition]:
        """Return what the accepted calls add, by labels."""
        found: dict[Labels, Addition] = {}
        for kind in self._kinds:
            if not kind.durations:
                continue
            addition = found.get(kind.labels)
            if addition is None:
                addition = found[kind.labels] = Addition()
            count, error_type = len(kind.durations), kind.error_type
            addition.finished += count
            addition.durations += kind.durations
            addition.exemplars += kind.exemplars
            if error_type is not None:
                addition.errors[error_type] = addition.errors.get(error_type, 0) + count
                for exemplar in kind.exemplars:
                    addition.error_exemplars[error_type] = exemplar._replace(value=1.0)
        return found

    def slowest(self) -> list[Call]:
        """Return the slowest successful call of each store."""
        found: dict[tuple[str, str], Call] = {}
        for kind in self._kinds:
            if kind.error_type is not None or not kind.durations:
                continue
            store, seconds = kind.labels[:2], max(kind.durations)
            if store not in found or seconds > found[store].duration:
                found[store] = self._success(kind, seconds)
        return list(found.values())

    def failed(self) -> Iterator[Call]:
        """Yield each failed call."""
        plain = (
            _Failed(kind, seconds, self._now)
            for kind in self._kinds
            if kind.plain and kind.error_type is not None
            for seconds in kind.durations
        )
        for kind, seconds, at, message, trace_id in (*plain, *self._failed):
            org, domain, platform, operation = kind.labels
            place = (at, org, domain, platform, OPERATION, operation, seconds)
            yield Call(*place, kind.error_type, message, kind.status, trace_id)

    def succeeded(self) -> Iterator[Call]:
        """Yield each successful call."""
        for kind in self._kinds:
            if kind.error_type is None:
                yield from (self._success(kind, seconds) for seconds in kind.durations)

    def _success(self, kind: _Kind, seconds: float) -> Call:
        org, domain, platform, operation = kind.labels
        at, trace_id = kind.details.get(seconds, (self._now, ""))
        place = (at, org, domain, platform, OPERATION, operation, seconds)
        return Call(*place, trace_id=trace_id)

    def read(self, found: Iterable[Found]) -> bool:
        """Add the calls that can be counted, and record why each of the others cannot.

        The result is whether there were any.
        """
        usual, index = self._usual, None
        for index, call in found:
            # Most calls have the fields of an earlier one, and only a duration to record. A call
            # with the same number of fields that has all fields of a plain shape has no others.
            try:
                alike, kinds = usual[len(call)]
                seconds = call["duration_seconds"]
                if seconds.__class__ is float and 0 <= seconds <= MAX_SECONDS:
                    kinds[alike(call)].durations.append(seconds)
                    continue
            except (KeyError, TypeError):  # not an object, other fields, a new kind, not a text
                pass
            try:
                self._add(call)
            except FieldError as error:
                self.refusals.append(Refusal(index, error.field, str(error)))
        return index is not None

    def _add(self, call: Any) -> None:
        if isinstance(call, FieldError):
            raise call
        if call.__class__ is not dict:
            raise FieldError("", "must be an object")
        fields = tuple(call)
        shape = self._shapes.get(fields)
        if shape is None:
            shape = self._shapes[fields] = _Shape(fields)
        alike = shape.alike(call)
        try:
            kind = shape.kinds.get(alike)
        except TypeError:  # a list or an object where a text should be
            kind = None
        if kind is None:
            kind = shape.kinds[alike] = self._kind(call, plain=shape.plain)
        seconds = seconds_of(call["duration_seconds"])
        if shape.plain:
            kind.durations.append(seconds)
            self._usual[len(fields)] = shape.alike, shape.kinds
        else:
            self._add_alone(kind, call, seconds)

    def _add_alone(self, kind: _Kind, call: dict[str, Any], seconds: float) -> None:
        at = time_of(call.get("time"), self._now)
        trace_id = id_of(call.get("trace_id"), "trace_id", 32)
        span_id = id_of(call.get("span_id"), "span_id", 16)
        message = message_of(call.get("message"))
        # Nothing below can fail: a call is counted whole or not at all.
        kind.durations.append(seconds)
        if trace_id and span_id:
            kind.exemplars.append(Exemplar(trace_id, span_id, seconds, at))
        if kind.error_type is None:
            kind.details.setdefault(seconds, (at, trace_id))
        else:
            self._failed.append(_Failed(kind, seconds, at, message, trace_id))

    def _kind(self, call: dict[str, Any], *, plain: bool) -> _Kind:
        domain, platform, operation, error_type, name, status = map(call.get, _KIND)
        labels = self._tenant.labels(domain, platform, operation)
        error_type = self._error_type(error_type, name, status, labels[2])
        kind = _Kind(labels, error_type, status, plain=plain)
        self._kinds.append(kind)
        return kind

    def _error_type(self, error_type: Any, name: Any, status: Any, platform: str) -> str | None:
        if error_type is None and name is None and status is None:
            return None
        if status is not None and (type(status) is not int or not 100 <= status <= 599):
            raise FieldError("http_status", "must be a whole number from 100 to 599")
        if error_type is not None:
            if name is not None:
                raise FieldError("error_type", "must not be set together with error_class")
            if not isinstance(error_type, str) or error_type not in ERROR_TYPES:
                hint = suggestion(error_type, ERROR_TYPES) if isinstance(error_type, str) else ""
                raise FieldError("error_type", f"is not an error type; {hint}".rstrip("; "))
            return error_type
        if name is not None and not (isinstance(name, str) and 0 < len(name) <= 100):
            raise FieldError("error_class", "must be a string of 1 to 100 characters")
        if name is None and status is not None and 200 <= status < 300:
            return None
        found = self._tenant.classes.error_type(name, status, platform)
        if found is None:
            self.unmapped.add(name or "")
        return found or "exception"
