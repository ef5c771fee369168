"""One running operation: its clock and its verdict, for the forms that need an object for it."""

from __future__ import annotations

from time import perf_counter

from ..metrics.handle import OperationHandle
from .outcome import Failure, Verdict, record_exception, record_result, record_verdict


class Operation:
    """An operation that runs now: what `with track(…) as operation` gives. Never raises."""

    __slots__ = ("_handle", "_since", "_verdict", "outer")

    def __init__(self, handle: OperationHandle) -> None:
        self._handle = handle
        self._verdict: Verdict = None
        # The operation that the same context manager opened before, if it is nested in itself.
        self.outer: Operation | None = None
        while True:
            try:
                handle.tickets.pop()
                break
            except IndexError:
                handle.admit()
        self._since = perf_counter()

    def fail(self, error: str | BaseException) -> None:
        """Have the operation counted as failed, whether or not it goes on to raise.

        Args:
            error: an error type of the closed list, or an exception to be classified. The last
                call decides.
        """
        self._verdict = error

    def end(self) -> None:
        """Count the operation as finished without an exception; the wrapper calls this once."""
        seconds = perf_counter() - self._since
        handle = self._handle
        if self._verdict is not None:
            record_verdict(handle, seconds, self._verdict)
            return
        handle.durations.append(seconds)
        if seconds > handle.notable:
            handle.remark(seconds)

    def end_with(self, error: BaseException) -> None:
        """Count the operation as finished by an exception; what `fail` said goes before it."""
        seconds = perf_counter() - self._since
        if self._verdict is not None:
            record_verdict(self._handle, seconds, self._verdict)
        else:
            record_exception(self._handle, seconds, error)


class Iteration:
    """The run of a generator: its clock stands while the consumer is at work.

    A generator that vanishes without an end, as asynchronous ones may, counts as cancelled.
    """

    __slots__ = ("_handle", "_open", "_seconds", "_since")

    def __init__(self, handle: OperationHandle) -> None:
        self._handle = handle
        self._seconds = 0.0
        handle.start()
        self._open = True
        self._since = perf_counter()

    def resume(self) -> None:
        """Let the clock run: the generator works."""
        self._since = perf_counter()

    def pause(self) -> None:
        """Stop the clock: the consumer works."""
        self._seconds += perf_counter() - self._since

    def returned(self, failure: Failure | None, result: object) -> None:
        """Count the run as finished; the clock must be running."""
        self._end()
        if failure is None:
            self._handle.finish(self._seconds)
        else:
            record_result(self._handle, self._seconds, failure, result)

    def raised(self, error: BaseException) -> None:
        """Count the run as failed; the clock must be running."""
        self._end()
        record_exception(self._handle, self._seconds, error)

    def _end(self) -> None:
        self.pause()
        self._open = False

    def __del__(self) -> None:
        if self._open:
            self._handle.fail(self._seconds, "cancelled")
