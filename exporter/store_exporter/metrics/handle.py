"""Handles: each records the calls of one label set, without a lock.

docs/architecture/recorder.md explains why this is exact, even with threads and signals. In short:
every write is one atomic operation on a list, and only the holder of the lock of `OperationSeries`
removes anything.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from sys import modules
from typing import TYPE_CHECKING, NoReturn

from . import tracing
from .addition import Addition, Planned, Standing, Totals, added
from .births import Look
from .figures import OperationFigures
from .guard import Labels
from .operation_families import OperationState
from .signals import comes_from_outside

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from .series import OperationSeries

NEVER = float("inf")
"""The threshold of a handle that keeps neither traces nor slow calls."""

FIRST_TICKETS = 8
MOST_TICKETS = 512

PENDING_FAILURES = 1024
"""How many failures of all handles together may wait to be counted."""

Failed = tuple["OperationHandle", float, str]
"""An operation that failed: its handle, its seconds and its error type."""

Broke = Callable[[str, BaseException | None, str], None]
"""Counts a failure of the instrumentation: its stage, the error, the operation's name."""


class OperationHandle(OperationFigures):
    """Records the operations of one label set.

    Call `start`, then `finish` or `fail`; none of them raises. The wrapper uses these shorter
    steps, which together cost a tenth of a microsecond:

    - start: `tickets.pop()`; on IndexError, `admit()` and again. A ticket that is not None is the
      tracer that opens the operation's span.
    - success: `durations.append(seconds)`, and `remark(seconds)` if `seconds > notable`.

    Attributes:
        tickets: one entry for each operation that may start before the next folding.
        durations: seconds of finished operations that are not folded yet.
        notable: a duration above this is worth an exemplar or a place among the slowest calls.
        limit: the limit whose surplus is recorded here as `other`; "" for a handle with its own
            labels.
        granted: how many tickets were ever made. Those that are no longer in `tickets` are starts.
    """

    __slots__ = ("__weakref__", "durations", "granted", "limit", "notable", "tickets")

    finished: int

    def __init__(self, owner: OperationSeries, labels: Labels) -> None:
        super().__init__(owner, labels)
        self.limit: str = ""
        self.tickets: list[Tracer | None] = []
        self.durations: list[float] = []
        self.notable: float = NEVER
        self.granted: int = 0

    def __reduce__(self) -> NoReturn:
        # cloudpickle takes functions of a notebook by value, and would take the recorder with them.
        raise TypeError(
            "a function that track() measures can be pickled by its name only: import it from a "
            "module, or measure a block inside it"
        )

    def start(self) -> None:
        """Count one operation as started."""
        while True:
            try:
                self.tickets.pop()
                return
            except IndexError:
                self.admit()

    def finish(self, seconds: float) -> None:
        """Count one started operation as succeeded after that many seconds."""
        self.durations.append(seconds)
        if seconds > self.notable:
            self.remark(seconds)

    def fail(self, seconds: float, error_type: str, error: BaseException | None = None) -> None:
        """Count one started operation as failed.

        Args:
            seconds: how long it took.
            error_type: one of the closed list.
            error: the exception, for the recent calls.
        """
        owner = self._owner
        failures = owner.failures
        if len(failures) > PENDING_FAILURES:
            # This comes first: with an exhausted stack the call fails, and then nothing is counted.
            owner.make_room((self, seconds, error_type))
        failures.append((self, seconds, error_type))
        # The failure is counted now. An exception in what follows must not count it a second time.
        if owner.calls is None and tracing.MODULE not in modules:
            return
        try:
            trace_id = self._keep_trace(seconds, error_type)
            if owner.calls is not None:
                owner.calls.failed(self.labels, seconds, error_type, error, trace_id)
        except RecursionError:
            pass
        except Exception as own:
            if comes_from_outside(own):
                raise
            # An exception that cannot be read must not stay unnoticed.
            self.broke("call", own)

    def admit(self) -> None:
        """Make at least one ticket when there is none left."""
        self._owner.refill(self)

    def remark(self, seconds: float) -> None:
        """Keep a slow call: its trace as an exemplar, the call among its store's slowest."""
        trace_id = self._keep_trace(seconds)
        calls = self._owner.calls
        if calls is None:
            return
        try:
            if seconds > calls.threshold(*self.labels[:2]):
                calls.slow(self.labels, seconds, trace_id)
            if not tracing.available():
                self.notable = calls.threshold(*self.labels[:2])
        except Exception as error:
            if comes_from_outside(error):
                raise
            # A failure to remember the call must not fail the operation.
            self.broke("call", error)

    def _keep_trace(self, seconds: float, error_type: str = "") -> str:
        """Keep the active trace as the exemplar of this duration's bucket and error.

        Returns:
            The trace's id; "" if there is no active trace.
        """
        try:
            trace = tracing.active()
            if trace is None:
                return ""
            bucket, now = bisect_left(self._owner.bounds, seconds), self._owner.clock()
            self._exemplars = self._exemplars.with_trace(trace, bucket, seconds, error_type, now)
            return trace[0]
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Tracing must not fail the operation.
            self.broke("exemplar", error)
            return ""

    def broke(self, stage: str, error: BaseException) -> None:
        """Count and log a failure of the instrumentation itself."""
        self._owner.broke(stage, error, self.labels[3])

    # The methods below are called with the owner's lock held; see `OperationFigures`.

    def fold(self) -> None:
        """Move the durations that are pending now into the histogram."""
        durations = self.durations
        pending = len(durations)
        if not pending:
            return
        batch = durations[:pending]
        histogram = self._folded().plus(batch)
        self._histogram = histogram
        self.finished += pending
        del durations[:pending]
        # With traces, the slowest of each batch are worth a trace: a sixteenth, or a few of a large
        # batch, because young exemplars are not replaced. Without traces, only calls that are
        # slower than the remembered ones of the store matter.
        calls = self._owner.calls
        if tracing.available():
            self.notable = batch[-1 - min(pending // 16, 8)]
        else:
            self.notable = NEVER if calls is None else calls.threshold(*self.labels[:2])

    def discard(self) -> None:
        """Count the pending operations without their durations, which could not be folded."""
        pending = len(self.durations)
        self.finished += pending
        del self.durations[:pending]

    def grant(self, most: int) -> None:
        """Make as many tickets as were ever made, so that a rare operation gets few."""
        tickets = [self.ticket()] * min(max(FIRST_TICKETS, self.granted), most)
        self.granted += len(tickets)
        self.tickets += tickets
        if self._histogram is None and (tracing.available() or self._owner.calls is not None):
            self.notable = -1.0

    def ticket(self) -> Tracer | None:
        """Return a ticket: the tracer that opens the operation's span, or None without a span."""
        if not self._owner.spans:
            return None
        try:
            return tracing.tracer()
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Tracing must not fail the operation.
            self.broke("span", error)
            return None

    def add(self, addition: Addition, planned: Planned | None = None) -> None:
        """Count operations that began and ended elsewhere; see `OperationFigures.add`.

        Without `planned`, their durations wait for the next folding, as those of other operations
        do.
        """
        if planned is None and addition.is_of_calls:
            self._add_calls(addition)
        else:
            super().add(addition, planned)
        self.granted += addition.finished

    def _add_calls(self, addition: Addition) -> None:
        for error_type in addition.errors:
            if error_type not in self.errors:
                self._begin_type(error_type)
        errors = added(self.errors, addition.errors)
        exemplars = self._exemplars.plus(addition, self._owner.bounds)
        # Together, without a call between them; see OperationFigures.
        self.errors = errors
        self.durations += addition.durations
        self._exemplars = exemplars

    @property
    def standing(self) -> Standing:
        """When the series began, and how many operations have ended. Read without the lock.

        It may be wrong while another thread folds: some operations are then counted twice.
        """
        return self.created, self.finished + len(self.durations)

    def restore(self, totals: Totals, *, scraped: bool) -> None:
        """Start with the totals of an earlier process; see `OperationFigures.restore`."""
        super().restore(totals, scraped=scraped)
        self.granted += totals.finished

    def state(self, look: Look) -> OperationState | None:
        """Return the folded totals as one look shows them; None before the first operation."""
        in_progress = self.granted - len(self.tickets) - self.finished
        if in_progress < 0:
            # Operations that began before a fork and end after it: the child saw only their end.
            self.granted -= in_progress
            in_progress = 0
        return self.shown(look, in_progress)

    def forget(self) -> None:
        """Drop all figures, but not the operations in progress."""
        self.fold()
        self.granted -= self.finished
        self.finished = 0
        self._withdraw_tickets()
        self._expected = False
        self.begin()

    def reset(self) -> None:
        """Drop everything, operations in progress included. No other thread may run."""
        self.durations.clear()
        self._withdraw_tickets()
        self.granted = 0
        self.begin()

    def _withdraw_tickets(self) -> None:
        """Withdraw all tickets, none of which was a start; the next start calls `admit`."""
        while True:
            try:
                del self.tickets[-1]
            except IndexError:
                return
            self.granted -= 1
