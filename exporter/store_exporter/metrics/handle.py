"""The hot path's end of the recorder: one handle per label set, written to without a lock.

Why this is exact, under threads and signals too, is argued in docs/architecture/recorder.md. In
short: every write is one atomic operation of a list, and only the holder of the lock of
`OperationSeries` takes anything out.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from sys import modules
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from . import tracing
from .addition import Addition, Totals, added, filled
from .births import EVERYTHING, Look
from .exemplars import NO_EXEMPLARS, Exemplars
from .guard import Labels
from .histogram import Histogram
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


_NONE: Mapping[str, int] = {}
_NEVER_BEGAN: Mapping[str, float] = {}


class _Before(NamedTuple):
    """A handle as it was before the first failure of a type.

    A scraper that is shown the new error series at zero is shown this with it, so that a failed
    call is in the total, the errors and the histogram at the same time or in none of them.

    Attributes:
        born: the moment of the first look that met the new error series; None until then.
    """

    born: float | None
    finished: int
    errors: Mapping[str, int]
    histogram: Histogram


class Owner(Protocol):
    """What a handle needs of the collection it belongs to."""

    bounds: tuple[float, ...]
    empty: Histogram
    clock: Callable[[], float]
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


class OperationHandle:
    """Records the operations of one label set.

    `start`, then `finish` or `fail`, is the protocol; none of them raises. The wrapper shortens
    it to steps that cost a tenth of a microsecond together:

    - start: `tickets.pop()`; on IndexError, `admit()` and again. A ticket that is not None is the
      tracer that opens the operation's span.
    - success: `durations.append(seconds)`, and `remark(seconds)` if `seconds > notable`.

    Attributes:
        labels: values of org, domain, platform and operation as they are exposed.
        tickets: one entry for each operation that may start before the next folding.
        durations: seconds of finished operations that are not folded yet.
        notable: a duration above this is worth an exemplar or a place among the slowest calls.
        limit: the limit beyond which operations are recorded here as `other`; "" for one's own.
        granted: how many tickets were ever made; those gone from `tickets` are starts.
        errors: failures by error type; replaced and never changed.
        created: Unix time at which it began to count.
        tracker: what `track` has made for blocks of these operations; None until then.
    """

    __slots__ = (
        "__weakref__",
        "_befores",
        "_born",
        "_errors_created",
        "_exemplars",
        "_expected",
        "_finished",
        "_histogram",
        "_owner",
        "created",
        "durations",
        "errors",
        "granted",
        "labels",
        "limit",
        "notable",
        "tickets",
        "tracker",
    )

    def __init__(self, owner: Owner, labels: Labels) -> None:
        self.labels: Labels = labels
        self.limit: str = ""
        self.tickets: list[Tracer | None] = []
        self.durations: list[float] = []
        self.notable: float = NEVER
        self.tracker: Any = None
        self._owner = owner
        self.granted: int = 0
        self._finished = 0
        self._expected = False
        self._begin()

    def _begin(self) -> None:
        """Begin without figures."""
        self._histogram: Histogram | None = None
        self._exemplars: Exemplars = NO_EXEMPLARS
        self.errors: Mapping[str, int] = _NONE
        self._errors_created: Mapping[str, float] = _NEVER_BEGAN
        self.created: float = self._owner.clock()
        self._born: float | None = None
        self._befores: tuple[_Before, ...] = ()

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

    def expect(self) -> None:
        """Show the series, at zero, before the first operation: it stands in the code."""
        self._expected = True

    def broke(self, stage: str, error: BaseException) -> None:
        """Count and log a failure of the instrumentation itself."""
        self._owner.broke(stage, error, self.labels[3])

    @property
    def finished(self) -> int:
        """Operations that ended, as of the last folding."""
        return self._finished

    # What follows is called with the owner's lock held. Where two things must change together, they
    # do so in statements without a call: between these CPython neither runs a signal handler nor
    # lets another thread run.

    def fold(self) -> None:
        """Move the durations that are pending now into the histogram."""
        durations = self.durations
        pending = len(durations)
        if not pending:
            return
        batch = durations[:pending]
        histogram = self._folded().plus(batch)
        self._histogram = histogram
        self._finished += pending
        del durations[:pending]
        # The slowest of each batch are the ones whose traces are worth a look; without traces,
        # those that are slower than what is remembered of the store.
        calls = self._owner.calls
        if tracing.available():
            self.notable = batch[-1 - pending // 16]
        else:
            self.notable = NEVER if calls is None else calls.threshold(*self.labels[:2])

    def failed(self, error_type: str, number: int) -> Mapping[str, int]:
        """Return the failures with some more, and keep what was before those of a new type."""
        errors = self.errors
        if error_type not in errors:
            self._begin_error(error_type)
        return {**errors, error_type: errors.get(error_type, 0) + number}

    def _begin_error(self, error_type: str) -> None:
        self._errors_created = {**self._errors_created, error_type: self._owner.clock()}
        befores = self._befores
        # One that was not met yet is older; and with a handle that was not, all is news.
        if self._born is not None and not (befores and befores[-1].born is None):
            self.fold()
            before = _Before(None, self._finished, self.errors, self._folded())
            self._befores = (*befores, before)

    def totals(self) -> Totals:
        """Return what it stands at."""
        self.fold()
        return Totals(
            self._finished, self.errors, self._folded(), self.created, self._errors_created
        )

    def add(self, addition: Addition, planned: tuple[Totals, Totals] | None = None) -> None:
        """Count operations that began and ended elsewhere.

        Args:
            addition: what they add.
            planned: what the series stood at, and what it will with these: where it still stands
                there, nothing is added up a second time.
        """
        self.fold()
        for error_type in addition.errors:
            if error_type not in self.errors:
                self._begin_error(error_type)
        if planned and planned[0][:3] == (self._finished, self.errors, self._folded()):
            errors, histogram = planned[1].errors, planned[1].histogram
        else:
            errors = added(self.errors, addition.errors)
            histogram = filled(self._folded(), addition)
        self.granted += addition.finished
        self._finished += addition.finished
        self.errors = errors
        self._histogram = histogram
        self._exemplars = self._exemplars.plus(addition, self._owner.bounds)

    def restore(self, totals: Totals, *, seen: bool) -> None:
        """Begin with what an earlier process counted.

        Args:
            totals: what it stood at.
            seen: whether a scraper has met the series; it is shown at zero first otherwise.
        """
        self.granted += totals.finished
        self._finished += totals.finished
        self.errors, self._histogram = totals.errors, totals.histogram
        self.created, self._errors_created = totals.created, totals.errors_created
        self._born = -math.inf if seen else None

    @property
    def met(self) -> bool:
        """Whether a scraper has met the series."""
        return self._born is not None

    def discard(self) -> None:
        """Count what is pending without its durations, which could not be folded."""
        pending = len(self.durations)
        self._finished += pending
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

    def state(self, look: Look) -> OperationState | None:
        """Return what is folded, as one look shows it; None while nothing has happened."""
        finished, errors, histogram = self._finished, self.errors, self._histogram
        in_progress = self.granted - len(self.tickets) - finished
        if in_progress < 0:
            # Operations that began before a fork and end after it: the child saw only their end.
            self.granted -= in_progress
            in_progress = 0
        if histogram is None:
            if not (in_progress or self._expected):
                return None
            histogram = self._folded()
        exemplars = self._exemplars
        if look.seen != EVERYTHING and (
            self._befores or self._born is None or self._born > look.seen
        ):
            before = self._as_known(look)
            if before is not None:
                finished, histogram = before.finished, before.histogram
                exemplars = NO_EXEMPLARS
                errors = {**dict.fromkeys(errors, 0), **before.errors}
        return (
            self.labels,
            finished,
            in_progress,
            errors,
            exemplars,
            histogram,
            self.created,
            self._errors_created,
        )

    def _as_known(self, look: Look) -> _Before | None:
        """Return what to show instead of the present state to whom some of it is news."""
        self._befores = tuple(
            before if before.born is not None else before._replace(born=look.meet(None)[0])
            for before in self._befores
            if not look.is_past(before.born)
        )
        self._born, is_news = look.meet(self._born)
        if is_news:
            return _Before(self._born, 0, _NONE, self._owner.empty)
        return next((before for before in self._befores if look.meet(before.born)[1]), None)

    def _folded(self) -> Histogram:
        return self._owner.empty if self._histogram is None else self._histogram

    def forget(self) -> None:
        """Drop all figures, but not the operations in progress."""
        self.fold()
        self.granted -= self._finished
        self._finished = 0
        self._withdraw_tickets()
        self._expected = False
        self._begin()

    def reset(self) -> None:
        """Drop everything, operations in progress included. No other thread may run."""
        self.durations.clear()
        self._withdraw_tickets()
        self.granted = self._finished = 0
        self._begin()

    def _withdraw_tickets(self) -> None:
        """Make the next start come by `admit`. A ticket taken back was never a start."""
        while True:
            try:
                del self.tickets[-1]
            except IndexError:
                return
            self.granted -= 1
