"""A running operation, for the forms that need an object: its start time and its verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter
from types import FrameType

from ..errors import ERROR_TYPES, ErrorName
from ..metrics.handle import OperationHandle
from .misuse import no_error_type
from .outcome import Verdict, record_exception, record_verdict
from .spans import OperationSpan


class Operation:
    """A running operation, as `with track(…) as operation` gives it. Never raises."""

    # No `__init__`, which would take longer than reading the clock: the caller sets each attribute.
    __slots__ = ("frame", "handle", "outer", "since", "span", "verdict")

    handle: OperationHandle
    since: float
    verdict: Verdict
    span: OperationSpan | None
    frame: FrameType | None
    """The frame that opened it, as long as it is open."""
    outer: Operation | None
    """The operation that the same context manager already has open in this frame, if any."""

    def fail(self, error: ErrorName | BaseException) -> None:
        """Count the operation as failed, whether or not it raises afterwards.

        Args:
            error: an error type of the closed list, or an exception to be classified. The last
                call decides.
        """
        self.verdict = error
        # Checked at run time too, because not every caller uses a type checker.
        verdict: object = error
        if not (verdict in ERROR_TYPES if isinstance(verdict, str) else _is_verdict(verdict)):
            frame = sys._getframe(1)  # noqa: SLF001 - the name that CPython's documentation gives it
            self.verdict = no_error_type(error, f"{frame.f_code.co_filename}:{frame.f_lineno}")

    def end(self) -> None:
        """Count the operation as finished without an exception; the wrapper calls this once."""
        seconds = perf_counter() - self.since
        handle = self.handle
        error_type = record_verdict(handle, seconds, self.verdict)
        if self.span is not None:
            self.span.end(error_type)

    def end_with(self, error: BaseException) -> None:
        """Count the operation as finished by an exception; an earlier `fail` takes precedence."""
        seconds = perf_counter() - self.since
        if self.verdict is not None:
            error_type = record_verdict(self.handle, seconds, self.verdict)
        else:
            error_type = record_exception(self.handle, seconds, error)
        if self.span is not None:
            self.span.end(error_type)


def ended_from_elsewhere(opened: Sequence[Operation], frame: FrameType) -> Operation:
    """Return which of the open operations is ended in a frame that opened none of them.

    An `ExitStack`, or two functions that are called before and after a request, share only what
    they are given: the stack itself, the request. So it is the operation whose frame was given the
    most of the same objects, and of several the latest.
    """
    given = _given(frame)
    return max(reversed(opened), key=lambda one: len(given & _given(one.frame)))


def _given(frame: FrameType | None) -> set[int]:
    """Return the identities of the arguments of a frame's function."""
    if frame is None:
        return set()
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    return {id(frame.f_locals.get(name)) for name in names} - {id(None)}


def _is_verdict(value: object) -> bool:
    return value is None or isinstance(value, BaseException)
