"""Handles: what calls are recorded through, one for each label set, without a lock.

Why this is exact, under threads and signals too, is argued in docs/architecture/recorder.md. In
short: every write is one atomic operation of a list, and only the holder of the lock of
`OperationSeries` takes anything out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from sys import modules
from typing import TYPE_CHECKING, Protocol

from . import tracing
from .addition import Addition, Standing, Totals, added
from .births import Look
from .figures import Keeper, OperationFigures
from .guard import Labels
from .operation_families import OperationState
from .signals import comes_from_outside

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from ..calls.book import CallBook

NEVER = float("inf")
"""The threshold of a handle that looks for neither traces nor slow calls."""

FIRST_TICKETS = 8
MOST_TICKETS = 512

PENDING_FAILURES = 1024
"""How many failures of all handles may wait for being counted."""

Failed = tuple["OperationHandle", float, str]
"""An operation that failed: its handle, its seconds and its error type."""

Broke = Callable[[str, BaseException | None, str], None]
"""Counts a failure of the instrumentation: its stage, the error, the operation's name."""


class Owner(Keeper, Protocol):
    """What a handle needs of the collection it belongs to."""

    broke: Broke
    calls: CallBook | None
    spans: bool
    failures: list[Failed]

    def refill(self, handle: OperationHandle) -> None:
        """Hand out at least one ticket."""

    def make_room(self, failed: Failed) -> None:
        """Count the failures that are pending, unless somebody folds now.

        Args:
            failed: is added to them if a signal handler raises meanwhile.
        """


class OperationHandle(OperationFigures):
    """Records the operations of one label set.

    `start`, then `finish` or `fail`, is the protocol; none of them raises. The wrapper shortens
    it to steps that cost a tenth of a microsecond together:

    - start: `tickets.pop()`; on IndexError, `admit()` and again. A ticket that is not None is the
      tracer that opens the operation's span.
    - success: `durations.append(seconds)`, and `remark(seconds)` if `seconds > notable`.

    Attributes:
        tickets: one entry for each operation that may start before the next folding.
        durations: seconds of finished operations that are not folded yet.
        notable: a duration above this is worth an exemplar or a place among the slowest calls.
        limit: the limit beyond which operations are recorded here as `other`; "" for one's own.
        granted: how many tickets were ever made; those gone from `tickets` are starts.
    """

    __slots__ = (
        "__weakref__",
        "durations",
        "granted",
        "limit",
        "notable",
        "tickets",
    )

    _owner: Owner
    finished: int

    def __init__(self, owner: Owner, labels: Labels) -> None:
        super().__init__(owner, labels)
        self.limit: str = ""
        self.tickets: list[Tracer | None] = []
        self.durations: list[float] = []
        self.notable: float = NEVER
        self.granted: int = 0

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
            # First, because at the end of the stack it cannot be called; then nothing is counted.
            owner.make_room((self, seconds, error_type))
        failures.append((self, seconds, error_type))
        # It is counted, and must not be a second time because of what follows.
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
            # An odd exception must not hide itself.
            self.broke("call", own)

    def admit(self) -> None:
        """Make at least one ticket when there is none left."""
        self._owner.refill(self)

    def remark(self, seconds: float) -> None:
        """Keep a slow call: its trace as an exemplar, and itself among its store's slowest."""
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
            # What is remembered must not fail the operation.
            self.broke("call", error)

    def _keep_trace(self, seconds: float, error_type: str = "") -> str:
        """Keep the active trace as the exemplar of this duration's bucket and error.

        Returns:
            its id; "" where there is none.
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

    # What follows is called with the owner's lock held; see `OperationFigures`.

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
        # The slowest of each batch are the ones whose traces are worth a look; without traces,
        # those that are slower than what is remembered of the store.
        calls = self._owner.calls
        if tracing.available():
            self.notable = batch[-1 - pending // 16]
        else:
            self.notable = NEVER if calls is None else calls.threshold(*self.labels[:2])

    def discard(self) -> None:
        """Count what is pending without its durations, which could not be folded."""
        pending = len(self.durations)
        self.finished += pending
        del self.durations[:pending]

    def grant(self, most: int) -> None:
        """Make tickets: as many as were ever made, so that few are enough for a rare operation."""
        tickets = [self.ticket()] * min(max(FIRST_TICKETS, self.granted), most)
        self.granted += len(tickets)
        self.tickets += tickets
        if self._histogram is None and (tracing.available() or self._owner.calls is not None):
            self.notable = -1.0

    def ticket(self) -> Tracer | None:
        """Return a ticket: what opens the operation's span, if it is to have one."""
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

    def add(self, addition: Addition, planned: tuple[Totals, Totals] | None = None) -> None:
        """Count operations that began and ended elsewhere; see `OperationFigures.add`.

        Where nothing was planned their durations wait for folding like those of others.
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
        """Since when it counts, and how many operations have ended. Read without the lock.

        While another thread folds it may be wrong: some operations are in it twice.
        """
        return self.created, self.finished + len(self.durations)

    def restore(self, totals: Totals, *, scraped: bool) -> None:
        """Begin with what an earlier process counted; see `OperationFigures.restore`."""
        super().restore(totals, scraped=scraped)
        self.granted += totals.finished

    def state(self, look: Look) -> OperationState | None:
        """Return what is folded, as one look shows it; None while nothing has happened."""
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
        """Make the next start come by `admit`. A ticket taken back was never a start."""
        while True:
            try:
                del self.tickets[-1]
            except IndexError:
                return
            self.granted -= 1
