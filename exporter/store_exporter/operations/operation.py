"""One running operation, where it needs an object: its clock and its verdict."""

from __future__ import annotations

import sys
from time import perf_counter

from ..errors import ERROR_TYPES, ErrorName
from ..metrics.handle import OperationHandle
from .outcome import TICKET, Verdict, record_exception, record_verdict


class Operation:
    """An operation that runs now: what `with track(…) as operation` gives. Never raises."""

    __slots__ = ("_place", "_verdict", "handle", "outer", "since")

    def __init__(self, handle: OperationHandle) -> None:
        self.handle = handle
        self.since = 0.0
        self._verdict: Verdict = None
        # Where a verdict was given that is no error type.
        self._place = ""
        # The operation that the same context manager opened before, if it is nested in itself.
        self.outer: Operation | None = None

    def begin(self) -> None:
        """Count the operation as started; the wrapper calls this once."""
        while True:
            try:
                self.handle.tickets.pop()
                self.since = perf_counter()
                return
            except IndexError:
                self.handle.admit()
            except BaseException:
                self.handle.tickets += TICKET
                raise

    def fail(self, error: ErrorName | BaseException) -> None:
        """Have the operation counted as failed, whether or not it goes on to raise.

        Args:
            error: an error type of the closed list, or an exception to be classified. The last
                call decides.
        """
        if isinstance(error, str) and error not in ERROR_TYPES:
            frame = sys._getframe(1)  # noqa: SLF001 - the name that CPython's documentation gives it
            self._place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        self._verdict = error

    def end(self) -> None:
        """Count the operation as finished without an exception; the wrapper calls this once."""
        seconds = perf_counter() - self.since
        handle = self.handle
        if self._verdict is not None:
            record_verdict(handle, seconds, self._verdict, self._place)
            return
        handle.durations.append(seconds)
        if seconds > handle.notable:
            handle.remark(seconds)

    def end_with(self, error: BaseException) -> None:
        """Count the operation as finished by an exception; what `fail` said goes before it."""
        seconds = perf_counter() - self.since
        if self._verdict is not None:
            record_verdict(self.handle, seconds, self._verdict, self._place)
        else:
            record_exception(self.handle, seconds, error)
