"""Limits on requests to one store: per hour, at the same time, and while it asks to slow down."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import IntEnum
from random import Random

from ..errors import StoreError

BURST_SHARE = 0.1
"""Part of an hour's requests that may be sent at once after a quiet time."""
RESERVE_SHARE = 0.25
"""Part of the burst that only liveness probes may use, so that collectors cannot starve them."""
FIRST_BACKOFF = 30.0
"""Seconds to hold back after a first failure; they double with each further one in a row."""
LONGEST_BACKOFF = 900.0
"""Seconds to hold back at most after failures."""
LONGEST_PATIENCE = 3600.0
"""Seconds; a store that asks for more patience is asked again after this."""
_FAIR = 4
"""One slot of so many goes to who is least urgent, so that nobody waits for ever."""
# One for all: each is 2.5 KB.
_RANDOM = Random()  # noqa: S311 - jitter, not cryptography


class Priority(IntEnum):
    """Who goes first at a store; the lowest first."""

    LIVENESS = 0
    PROBE = 1
    COLLECTOR = 2


class BudgetSpentError(StoreError):
    """This exporter's own budget for the store is spent; the store itself did nothing wrong."""

    def __init__(self, per_hour: int, wait: float) -> None:
        message = (
            f"this exporter's own budget of {per_hour} requests per hour for the store is spent; "
            f"the next one is in {wait:.0f} s"
        )
        super().__init__("rate_limited", message)
        self.wait = wait


class Budget:
    """The requests one store may be sent, as a token bucket that never exceeds the hourly limit.

    The bucket holds a tenth of an hour's requests and gets the other nine tenths over the hour, so
    that no hour, wherever it begins, sees more than the limit.

    Where probes and collectors want more than there is, they take turns: who had the last request
    leaves the next one to the other, if that was turned away.

    Args:
        per_hour: the limit.
        monotonic: seconds of a clock that never jumps.
        random: for jitter of back-offs that the store did not ask for.
    """

    def __init__(
        self, per_hour: int, *, monotonic: Callable[[], float], random: Random | None = None
    ) -> None:
        self._monotonic = monotonic
        self._random = random or _RANDOM
        self._updated = monotonic()
        self._asked_until = self._failing_until = self._updated
        self._failures = 0
        self._last: Priority | None = None
        self._turned_away: set[Priority] = set()
        self._set(per_hour)
        self._tokens = self._burst

    def _set(self, per_hour: int) -> None:
        self.per_hour = per_hour
        self._burst = max(1.0, per_hour * BURST_SHARE)
        # A limit so small that its burst is one request refills at the whole rate.
        self._rate = max(per_hour - self._burst, per_hour * BURST_SHARE, 1.0) / 3600
        self._reserve = self._burst * RESERVE_SHARE if self._burst >= 2 else 0.0

    def limit(self, per_hour: int) -> None:
        """Change the limit; what is spent stays spent."""
        self._refill()
        self._set(per_hour)
        self._tokens = min(self._tokens, self._burst)

    def remembered(self, now: float) -> dict[str, float]:
        """Return what is to be known of it later, as JSON types.

        Args:
            now: Unix time.
        """
        self._refill()
        return {
            "at": now,
            "left": self._tokens,
            "asked": max(0.0, self._asked_until - self._updated),
            "failing": max(0.0, self._failing_until - self._updated),
            "failures": self._failures,
        }

    def recall(self, document: Mapping[str, float], now: float) -> None:
        """Take over what `remembered` returned, perhaps in another process.

        Nothing is given that is spent here already, and no pause is shortened.

        Args:
            document: what it returned.
            now: Unix time; if it lies before that of the document, no time has passed.

        Raises:
            KeyError, TypeError, ValueError: it makes no sense.
        """
        left, asked, failing, at = (
            _finite(document[name]) for name in ("left", "asked", "failing", "at")
        )
        self._failures = max(self._failures, int(_finite(document["failures"])))
        passed = max(0.0, now - at)
        self._refill()
        self._tokens = min(self._tokens, max(0.0, left) + passed * self._rate)
        asked, failing = (min(pause, LONGEST_PATIENCE) - passed for pause in (asked, failing))
        self._asked_until = max(self._asked_until, self._updated + asked)
        self._failing_until = max(self._failing_until, self._updated + failing)

    def hold_to_reserve(self) -> None:
        """Leave only what liveness probes may use, for it is not known what was spent."""
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
        """Return the seconds until a request may be sent; 0 when it may be sent now.

        Args:
            priority: of who wants to send it; liveness probes may use their reserve.
        """
        self._refill()
        liveness = priority is Priority.LIVENESS
        left = 0.0 if liveness else self._reserve
        if priority is self._last and self._turned_away - {priority}:
            left = min(left + 1.0, self._burst - 1.0)
        missing = 1.0 + left - self._tokens
        if missing <= 1e-9:
            return 0.0
        if not liveness:
            self._turned_away.add(priority)
        return missing / self._rate

    def spend(self, priority: Priority) -> bool:
        """Take one request out of the budget; False when it is spent."""
        if self.wait(priority):
            return False
        self._tokens -= 1.0
        if priority is not Priority.LIVENESS:
            self._last = priority
            self._turned_away.discard(priority)
        return True

    def refused(self, asked: float | None) -> None:
        """Back off because we sent too much. A wait that the store asked for still applies.

        Args:
            asked: the seconds that it asked for; None when it did not say.
        """
        if asked is None:
            self.failed()
            return
        pause = min(max(asked, 1.0), LONGEST_PATIENCE)
        self._asked_until = max(self._asked_until, self._monotonic() + pause)

    def failed(self, expected: float | None = None) -> None:
        """Hold back because the store is in trouble: longer each time, until it answers again.

        Args:
            expected: the seconds for which it says that it will be; it may be back sooner.
        """
        pause = min(FIRST_BACKOFF * 2 ** min(self._failures, 10), LONGEST_BACKOFF)
        self._failures += 1
        pause *= self._random.uniform(0.8, 1.2)
        if expected is not None:
            pause = min(max(expected, 1.0), LONGEST_PATIENCE)
        self._failing_until = self._monotonic() + pause

    def answered(self) -> None:
        """Note that the store answered as it should. A wait that it asked for still applies."""
        self._failures = 0
        self._failing_until = self._monotonic()

    @property
    def held(self) -> float:
        """Seconds for which the store is still to be left alone."""
        return max(0.0, max(self._asked_until, self._failing_until) - self._monotonic())


def _finite(value: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no amount")
    return number


class Slots:
    """Requests that one store is sent at the same time; the more urgent ones wait less.

    Where probes want all that there is, every fourth request is a collector's all the same.

    Args:
        size: how many at the same time.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._used = 0
        self._count = self._admitted = 0
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def busy(self) -> bool:
        """Whether the next one has to wait."""
        return self._used >= self.size or bool(self._waiters)

    @asynccontextmanager
    async def hold(self, priority: int) -> AsyncIterator[None]:
        """Hold one slot.

        Args:
            priority: lower is more urgent; those of the same priority take their turn.
        """
        if self.busy:
            await self._wait(priority)
        else:
            self._used += 1
        try:
            yield
        finally:
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
                self._used -= 1
                self._admit()
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
