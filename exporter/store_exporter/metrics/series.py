"""All operation series of a recorder: finds their handles, folds their operations, forgets them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ..errors import ERROR_TYPES
from ..lock import Lock
from .addition import Addition, Planned, Totals
from .births import Look
from .guard import LIMITS, Guard, Labels, Store, clean
from .handle import FIRST_TICKETS, MOST_TICKETS, Broke, Failed, OperationHandle
from .hints import look_at
from .histogram import Histogram
from .operation_families import OperationState
from .signals import comes_from_outside

if TYPE_CHECKING:
    from ..calls.book import CallBook

_PENDING_DURATIONS = 1 << 20
"""About how many durations, 32 bytes each, may wait for folding in all handles together."""


class OperationSeries:
    """The handles of one recorder, by label set.

    Args:
        guard: decides which label sets get series of their own.
        bounds: upper bounds of the classic buckets, in seconds.
        native: whether to keep native histograms.
        clock: Unix time in seconds, for exemplars.
        broke: called when the instrumentation itself fails.

    Attributes:
        stores: the handles of each store, by operation. Labels that are found here need no
            cleaning. A store may have none left.
        trackers: what `track` has made for blocks, by the labels of their handles.
        empty: an empty histogram, which all handles share; it never changes.
        spans: whether operations open spans, where a tracer provider is set.
        calls: remembers failed and slow operations; None if nothing shows them.
        failures: operations that failed and are not counted yet.
    """

    def __init__(
        self,
        guard: Guard,
        bounds: tuple[float, ...],
        *,
        native: bool,
        clock: Callable[[], float],
        broke: Broke,
    ) -> None:
        self.bounds = bounds
        self.empty: Histogram = Histogram(bounds, native=native)
        self.clock = clock
        self.guard = guard
        self.broke = broke
        self.calls: CallBook | None = None
        self.spans = True
        self.stores: dict[Store, dict[str, OperationHandle]] = {}
        self.trackers: dict[Labels, Any] = {}
        # Handles whose figures were dropped, but which some function still holds.
        self._forgotten: WeakValueDictionary[Labels, OperationHandle] = WeakValueDictionary()
        # Handles that are recorded as `other`, and the counts of those that were forgotten.
        self._others: dict[Labels, OperationHandle] = {}
        self._dropped: Counter[str] = Counter()
        self._texts: dict[str, str] = {}
        self._tickets: deque[OperationHandle] = deque()
        self.failures: list[Failed] = []
        self.renew_locks()

    def renew_locks(self) -> None:
        """Create new locks: after a fork the old ones may belong to threads that are gone."""
        # A thread must not enter folding twice, but a signal handler or finalizer could do so
        # through a reentrant lock. Binding may be entered twice.
        self._folding = Lock()
        self._binding = Lock(reentrant=True)

    def __len__(self) -> int:
        return self.guard.total

    def find(self, labels: Labels) -> OperationHandle | None:
        """Return the handle for clean labels, if there is one."""
        handles = self.stores.get(labels[:3])
        return None if handles is None else handles.get(labels[3])

    def all(self) -> Iterator[OperationHandle]:
        """Yield all handles; meanwhile others may be bound and forgotten."""
        for handles in list(self.stores.values()):
            yield from list(handles.values())

    def bind(self, labels: Labels) -> OperationHandle:
        """Return the handle for these labels, or above a limit the one for `other`."""
        org, domain, platform, operation = labels
        labels = (clean(org), clean(domain), clean(platform), clean(operation))
        return self.find(labels) or self._binding.run(self._bind, labels)

    def _bind(self, labels: Labels) -> OperationHandle:
        labels, limit = self.guard.admit(labels, self.find)
        handle = self.find(labels)
        if handle is None:
            handle = self._forgotten.get(labels)
            handle = self._hold(self._new(labels) if handle is None else handle)
        if limit and not handle.limit:
            handle.limit = limit
            self._others[labels] = handle
        return handle

    def refill(self, handle: OperationHandle) -> None:
        """Give a handle at least one ticket, and fold it, unless another thread is folding."""
        if self.find(handle.labels) is None:
            self._hold(handle)
        try:
            if self._folding.attempt(self._refill, handle):
                return
        except Exception as error:
            if comes_from_outside(error):
                raise
            # The failure is counted; the operation continues.
            handle.discard()
            self.broke("record", error, handle.labels[3])
        self._tickets.append(handle)
        handle.tickets.append(handle.ticket())

    def _refill(self, handle: OperationHandle) -> None:
        handle.fold()
        self._count_tickets()
        handle.grant(self._most_pending())

    def _most_pending(self) -> int:
        """Return how many durations may wait for folding in each handle."""
        # There may be no handle if another thread has just forgotten the only store.
        share = _PENDING_DURATIONS // max(1, self.guard.total)
        return max(FIRST_TICKETS, min(share, MOST_TICKETS))

    def make_room(self, failed: Failed) -> None:
        """Count the pending failures, unless another thread is folding."""
        try:
            self._folding.attempt(self._count_failures)
        except RecursionError:
            raise
        except BaseException:
            # A signal handler raised an exception; the operation has failed all the same.
            self.failures += (failed,)
            raise

    def snapshot(self, look: Look) -> list[OperationState]:
        """Fold all series and return their states, each of one moment.

        No end is counted without its start. Must not be called from a signal handler or a
        finalizer.
        """
        states = []
        run, see = self._folding.run, self._see
        for handle in self.all():
            state = run(see, handle, look)
            if state is not None:
                states.append(state)
        return states

    def _see(self, handle: OperationHandle, look: Look) -> OperationState | None:
        # In this order no end is counted without its start.
        if self.failures:
            self._count_failures()
        if handle.durations:
            handle.fold()
        if self._tickets:
            self._count_tickets()
        return handle.state(look)

    def dropped(self) -> dict[str, int]:
        """Return how many operations each limit folded into `other`, as of the last snapshot."""
        dropped = self._dropped.copy()
        for handle in list(self._others.values()):
            dropped[handle.limit] += handle.finished
        return {limit: dropped[limit] for limit in LIMITS}

    def totals(self, handle: OperationHandle) -> Totals:
        """Return the totals of a series."""
        return self._folding.run(self._totals, handle)

    def _totals(self, handle: OperationHandle) -> Totals:
        self._count_failures()
        return handle.totals()

    def add(
        self, handle: OperationHandle, addition: Addition, planned: Planned | None = None
    ) -> None:
        """Count operations that began and ended elsewhere; see `OperationHandle.add`."""
        if self.find(handle.labels) is None:
            self._hold(handle)
        self._folding.run(self._add, handle, addition, planned)

    def _add(self, handle: OperationHandle, addition: Addition, planned: Planned | None) -> None:
        self._count_failures()
        handle.add(addition, planned)
        if len(handle.durations) > self._most_pending():
            handle.fold()

    def restore(self, labels: Labels, totals: Totals, *, scraped: bool) -> None:
        """Start a series with the totals of an earlier process, unless it has started already."""
        if self.find(labels) is None:
            handle = self.bind(labels)
            self._folding.run(partial(handle.restore, totals, scraped=scraped))

    def forget(self, store: Store) -> None:
        """Drop the figures of a store, given by clean labels.

        Functions that hold a handle may still use it.
        """
        self._binding.run(self._forget, store)

    def _forget(self, store: Store) -> None:
        for handle in list(self.stores.get(store, {}).values()):
            self._folding.run(self._drop, handle)
            self._others.pop(handle.labels, None)
            self._forgotten[handle.labels] = handle
            self.guard.release(handle.labels)
        # Without a call between them; see `_hold_alone`.
        if store in self.stores and not self.stores[store]:
            del self.stores[store]

    def _drop(self, handle: OperationHandle) -> None:
        self._count_failures()
        self._count_tickets()
        self.stores[handle.labels[:3]].pop(handle.labels[3], None)
        self.trackers.pop(handle.labels, None)
        handle.fold()
        self._dropped[handle.limit] += handle.finished
        handle.forget()

    def reset(self) -> None:
        """Begin from nothing in a forked child, where no other thread runs yet."""
        self.renew_locks()
        self._tickets.clear()
        self.failures.clear()
        self._dropped.clear()
        for handle in (*self.all(), *self._forgotten.values()):
            handle.reset()

    def _hold(self, handle: OperationHandle) -> OperationHandle:
        return self._binding.run(self._hold_alone, handle)

    def _hold_alone(self, handle: OperationHandle) -> OperationHandle:
        self._forgotten.pop(handle.labels, None)
        store, operation = handle.labels[:3], handle.labels[3]
        created = self.clock()
        new: dict[str, OperationHandle] = {}
        # Without a call between them: a finalizer or signal handler may bind the same labels.
        if store not in self.stores:
            self.stores[store] = new
        handles = self.stores[store]
        if operation in handles:
            return handles[operation]
        handles[operation] = handle
        handle.created = created
        if handle.limit:
            self._others[handle.labels] = handle
        self.guard.add(handle.labels)
        return handle

    def _new(self, labels: Labels) -> OperationHandle:
        """Create a handle. Equal label values share one string object."""
        if len(self._texts) > 4 * self.guard.total + 1024:
            self._texts.clear()
        look_at(labels)
        org, domain, platform, operation = (self._texts.setdefault(v, v) for v in labels)
        return OperationHandle(self, (org, domain, platform, operation))

    def _count_tickets(self) -> None:
        made = self._tickets
        while made:
            made[0].granted += 1
            del made[0]

    def _count_failures(self) -> None:
        failures = self.failures
        while failures:
            handle, _, error_type = failures[0]
            # Equal failures that follow directly are counted together with it.
            seconds: list[float] = []
            for other, took, kind in failures:
                if other is not handle or kind != error_type:
                    break
                seconds.append(took)
            number = len(seconds)
            error_type = error_type if error_type in ERROR_TYPES else "exception"
            counted = handle.failed(error_type, number)
            # Together, without a call between them; see OperationHandle.
            handle.errors = counted
            handle.durations += seconds
            del failures[:number]
