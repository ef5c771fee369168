"""Counts an operation by how it ended. Nothing here raises.

If one of the application's own functions or the classification fails, the recorder counts and logs
that failure; the operation is then counted as if that function were not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ERROR_TYPES
from ..metrics.complaints import MisuseError
from ..metrics.handle import OperationHandle
from ..metrics.signals import comes_from_outside
from ..net.classify import classify
from .misuse import no_error_type, place_of

Verdict = str | BaseException | None
"""Why an operation failed: an error type, or an exception to be classified; None if it did not."""

Failure = Callable[[Any], Verdict]
"""An application's predicate: returns why an operation's result is a failure, or None."""

# Both are added to a handle's list by `+=`, which calls nothing. So neither a signal handler nor an
# exhausted stack can raise in between, and no operation stays in progress for ever.

TICKET = (None,)
"""Added to `tickets`, it takes back a start that was interrupted before the operation began."""

NO_ROOM = (0.0,)
"""Added to `durations`, it ends an operation when the stack has no room to record how it ended."""


def record_exception(handle: OperationHandle, seconds: float, error: BaseException) -> str:
    """Count an operation that raised, and return its error type."""
    try:
        error_type = classify(error)
    except BaseException as own:
        if comes_from_outside(own):
            handle.fail(seconds, "exception", error)
            raise
        # The failure is counted; an odd exception class must not hide the error.
        handle.broke("classify", own)
        error_type = "exception"
    handle.fail(seconds, error_type, error)
    return error_type


def record_verdict(handle: OperationHandle, seconds: float, verdict: Verdict) -> str | None:
    """Count an operation by its verdict, and return its error type."""
    if verdict is None:
        handle.finish(seconds)
        return None
    if isinstance(verdict, str):
        handle.fail(seconds, verdict)
        return verdict
    if isinstance(verdict, MisuseError):
        handle.broke("failure", verdict)
        handle.fail(seconds, "exception")
        return "exception"
    return record_exception(handle, seconds, verdict)


def record_result(
    handle: OperationHandle, seconds: float, failure: Failure, result: object
) -> str | None:
    """Count an operation that returned, by the predicate's verdict; return its error type."""
    try:
        verdict = failure(result)
    except BaseException as own:
        if comes_from_outside(own):
            handle.durations += (seconds,)
            raise
        # The predicate's failure is counted; the operation itself succeeded.
        handle.broke("failure", own)
        verdict = None
    is_other = verdict is not None and not isinstance(verdict, BaseException)
    if is_other and (verdict.__class__ is not str or verdict not in ERROR_TYPES):
        verdict = no_error_type(verdict, place_of(failure))
    return record_verdict(handle, seconds, verdict)
