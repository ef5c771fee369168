"""The remembered calls of one store, in lists of limited length."""

from __future__ import annotations

import sys
from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..errors import Fault
from .call import OPERATION, Call

BYTES_OF_CALL = 250
"""Memory that a call takes without its message."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How many calls are remembered, and for how long.

    Attributes:
        failures: calls in each list of failures of a store.
        slowest: slowest calls of each store.
        age: seconds after which a call is forgotten.
    """

    failures: int = 20
    slowest: int = 10
    age: float = 86_400.0


@dataclass(slots=True)
class StoreCalls:
    """The calls of one store.

    Rightful refusals have their own list, and so have probes and collectors, which fail again and
    again while a store is down. So neither pushes out other failures.

    Attributes:
        failures: operations that failed.
        refusals: operations that failed with the fault `customer`.
        checks: probes and collectors that failed.
        slowest: operations that succeeded, the slowest last.
        bytes: memory of all failures that other processes reported, messages included.
    """

    failures: deque[Call]
    refusals: deque[Call]
    checks: deque[Call]
    slowest: list[Call] = field(default_factory=list)
    bytes: int = 0

    @classmethod
    def within(cls, limits: CallLimits) -> StoreCalls:
        """Return empty lists."""
        most = limits.failures
        return cls(deque(maxlen=most), deque(maxlen=most), deque(maxlen=most))

    def limited(self, limits: CallLimits) -> StoreCalls:
        """Return a copy within other limits."""
        made = StoreCalls.within(limits)
        made.failures.extend(copied(self.failures))
        made.refusals.extend(copied(self.refusals))
        made.checks.extend(copied(self.checks))
        # The slowest calls succeeded, have no messages, and are not weighed.
        made.bytes = sum(size(one) for calls in made.lists() for one in calls)
        made.slowest = self.slowest[max(len(self.slowest) - limits.slowest, 0) :]
        return made

    def lists(self) -> Iterator[Iterable[Call]]:
        """Yield all lists, the slowest calls last."""
        yield from (self.failures, self.refusals, self.checks, self.slowest)

    def list_of(self, call: Call) -> deque[Call]:
        """Return the list for a failure."""
        if call.kind != OPERATION:
            return self.checks
        return self.refusals if call.fault is Fault.CUSTOMER else self.failures

    def insert(self, call: Call, oldest: float, most: int) -> None:
        """Add a call to the slowest, and drop those that are too old."""
        slowest = [one for one in self.slowest if one.time > oldest]
        insort(slowest, call, key=lambda one: one.duration)
        self.slowest = slowest[max(len(slowest) - most, 0) :]


def size(call: Call) -> int:
    """Return the bytes of memory that a call takes."""
    return BYTES_OF_CALL + sys.getsizeof(call.message)


def copied(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Return the calls of a list while other threads may write to it."""
    while True:
        try:
            return tuple(calls)
        except RuntimeError:  # somebody wrote meanwhile
            continue
