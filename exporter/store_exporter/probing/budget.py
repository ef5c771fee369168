"""Limits on requests to one store: per hour, concurrent, and while it requires to slow down."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from enum import IntEnum
from random import Random

from ..errors import StoreError

BURST_SHARE = 0.1
"""Fraction of the hourly requests that may be sent at once after an idle time."""
RESERVE_SHARE = 0.25
"""Fraction of the burst reserved for liveness probes, so that collectors cannot starve them."""
FIRST_BACKOFF = 30.0
"""Seconds of back-off after a first failure; doubled for each consecutive one."""
LONGEST_BACKOFF = 900.0
"""Maximum seconds of back-off after failures."""
LONGEST_PATIENCE = 3600.0
"""Maximum seconds of a wait that a store requests."""
_FAIR = 4
"""One of so many slots goes to the least urgent request, so that none waits forever."""
# Shared, because each instance needs 2.5 KB.
_RANDOM = Random()  # noqa: S311 - jitter, not cryptography


class Priority(IntEnum):
    """The order of requests to a store; the lowest value first."""

    LIVENESS = 0
    PROBE = 1
    COLLECTOR = 2


class BudgetSpentError(StoreError):
    """This exporter's own budget for the store is spent; this is not a failure of the store."""

    def __init__(self, per_hour: int, wait: float) -> None:
        message = (
            f"this exporter's own budget of {per_hour} requests per hour for the store is spent; "
            f"the next one is in {wait:.0f} s"
        )
        super().__init__("rate_limited", message)
        self.wait = wait


class Budget:
    """The request budget of one store, as a token bucket that never exceeds the hourly limit.

    The bucket holds a tenth of the hourly requests and is refilled with the other nine tenths over
    the hour, so that no period of an hour has more requests than the limit.

    If probes and collectors need more than the budget, they alternate: after a request of one kind,
    the next one is left to the other kind, if that was refused.

    Args:
        per_hour: the limit.
        monotonic: seconds of a monotonic clock.
        random: jitter for back-offs that the store did not request.
    """

    def __init__(
        self, per_hour: int, *, monotonic: Callable[[], float], random: Random | None = None
    ) -> None:
        self._monotonic = monotonic
        self._random = random or _RANDOM
        self._updated = monotonic()
        self._requested_until = self._failing_until = self._updated
        self._failures = 0
        self._last: Priority | None = None
        self._refused: set[Priority] = set()
        self._set(per_hour)
        self._tokens = self._burst

    def _set(self, per_hour: int) -> None:
        self.per_hour = per_hour
        self._burst = max(1.0, per_hour * BURST_SHARE)
        # If the limit is so small that its burst is one request, refill at the full rate.
        self._rate = max(per_hour - self._burst, per_hour * BURST_SHARE, 1.0) / 3600
        self._reserve = self._burst * RESERVE_SHARE if self._burst >= 2 else 0.0

    def limit(self, per_hour: int) -> None:
        """Change the limit; what is spent stays spent."""
        self._refill()
        self._set(per_hour)
        self._tokens = min(self._tokens, self._burst)

    def remembered(self, now: float) -> dict[str, float]:
        """Return its state at a Unix time as JSON types, for `recall`."""
        self._refill()
        return {
            "at": now,
            "left": self._tokens,
            "asked": max(0.0, self._requested_until - self._updated),
            "failing": max(0.0, self._failing_until - self._updated),
            "failures": self._failures,
        }

    def recall(self, document: Mapping[str, float], now: float) -> None:
        """Restore the state from `remembered`, possibly of another process.

        Requests that were spent since stay spent, and no pause is shortened.

        Args:
            document: the result of `remembered`.
            now: Unix time; if it is before that of the document, no time has passed.

        Raises:
            KeyError, TypeError, ValueError: the document is invalid.
        """
        left, requested, failing, at = (
            _finite(document[name]) for name in ("left", "asked", "failing", "at")
        )
        self._failures = max(self._failures, int(_finite(document["failures"])))
        passed = max(0.0, now - at)
        self._refill()
        self._tokens = min(self._tokens, max(0.0, left) + passed * self._rate)
        requested, failing = (
            min(pause, LONGEST_PATIENCE) - passed for pause in (requested, failing)
        )
        self._requested_until = max(self._requested_until, self._updated + requested)
        self._failing_until = max(self._failing_until, self._updated + failing)

    def hold_to_reserve(self) -> None:
        """Reduce it to the reserve for liveness probes, because the spent requests are unknown."""
        self._refill()
        self._tokens = min(self._tokens, self._reserve)

    def _refill(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
        self._updated = now

    @property
    def remaining(self) -> int:
        """Requests that may be sent at once now."""
        self._refill()
        return int(self._tokens)

    def wait(self, priority: Priority) -> float:
        """Return the seconds until a request may be sent; 0 if it may be sent now.

        Args:
            priority: of the request; liveness probes may use their reserve.
        """
        self._refill()
        liveness = priority is Priority.LIVENESS
        left = 0.0 if liveness else self._reserve
        if priority is self._last and self._refused - {priority}:
            left = min(left + 1.0, self._burst - 1.0)
        missing = 1.0 + left - self._tokens
        if missing <= 1e-9:
            return 0.0
        if not liveness:
            self._refused.add(priority)
        return missing / self._rate

    def spend(self, priority: Priority) -> bool:
        """Spend one request; False if the budget is spent."""
        if self.wait(priority):
            return False
        self._tokens -= 1.0
        if priority is not Priority.LIVENESS:
            self._last = priority
            self._refused.discard(priority)
        return True

    def refused(self, requested: float | None) -> None:
        """Back off because the store refused a request for its rate limit.

        `requested` are the seconds that the store requests; None if it gives none.
        """
        if requested is None:
            self.failed()
            return
        pause = min(max(requested, 1.0), LONGEST_PATIENCE)
        self._requested_until = max(self._requested_until, self._monotonic() + pause)

    def failed(self, expected: float | None = None) -> None:
        """Back off because the store fails: longer each time, until it responds again.

        Args:
            expected: the duration in seconds that the store announces; it may recover sooner.
        """
        pause = min(FIRST_BACKOFF * 2 ** min(self._failures, 10), LONGEST_BACKOFF)
        self._failures += 1
        pause *= self._random.uniform(0.8, 1.2)
        if expected is not None:
            pause = min(max(expected, 1.0), LONGEST_PATIENCE)
        self._failing_until = self._monotonic() + pause

    def responded(self) -> None:
        """Record a valid response. A wait that the store requested still applies."""
        self._failures = 0
        self._failing_until = self._monotonic()

    @property
    def held(self) -> float:
        """Remaining seconds of the back-off."""
        return max(0.0, max(self._requested_until, self._failing_until) - self._monotonic())


def _finite(value: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number")
    return number


class Slots:
    """Concurrent requests to one store; the more urgent ones wait less.

    Even if probes could use all slots, every fourth request is a collector's.

    Args:
        size: maximum number of concurrent requests.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._used = 0
        self._count = self._admitted = 0
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def busy(self) -> bool:
        """Whether the next request has to wait."""
        return self._used >= self.size or bool(self._waiters)

    async def acquire(self, priority: int) -> None:
        """Acquire one slot, which must be released.

        Args:
            priority: lower is more urgent; requests of the same priority are served in order.
        """
        if self.busy:
            await self._wait(priority)
        else:
            self._used += 1

    def release(self) -> None:
        """Give a slot to the request that waits for it."""
        self._used -= 1
        self._admit()

    async def _wait(self, priority: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        self._waiters.append((priority, self._count, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    def _admit(self) -> None:
        while self._waiters and self._used < self.size:
            order = 1 if (self._admitted + 1) % _FAIR else -1
            first = min(self._waiters, key=lambda one: (order * one[0], one[1]))
            self._waiters.remove(first)
            turn = first[2]
            if not turn.done():
                self._used += 1
                self._admitted += 1
                turn.set_result(None)
