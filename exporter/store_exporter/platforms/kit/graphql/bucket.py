"""Keeping within a rate limit of points that flow back: a model of the bucket, for all threads.

Every response says how full the bucket is. Between responses the model counts what is under way
and what has flowed back, so that many operations at once take turns instead of being refused in
turn.
Nothing about the limit is known before the first response; until then queries pass freely.

What a query costs grows with the page that it requests, though slower than in proportion. The
model remembers what each one cost the last time and makes pages as large as the limit allows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ....errors import StoreError
from ....metrics.catalogue import health
from ....metrics.families import Sample

_UNKNOWN_COST = 10.0
# Whoever must keep to a share is more careful with what was never sent: as dear as the dearest page
# of one item, an order with its twenty lines, where each thing in it costs a point.
_UNKNOWN_COST_OF_SHARE = 125.0
_SHORTEST_WAIT = 0.05
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a query cost and what is left, in points of the rate limit.

    Attributes:
        requested: points that the query was judged to cost before it ran.
        actual: points that it did cost; None when it was refused.
        maximum: points that the bucket holds when full.
        available: points in the bucket after the query.
        restore_rate: points added each second.
    """

    requested: float
    actual: float | None
    maximum: float
    available: float
    restore_rate: float

    def wait(self) -> float:
        """Seconds until the bucket holds enough for such a query; 0 if it never can."""
        if self.requested > self.maximum:
            return 0.0
        return max(0.0, (self.requested - self.available) / self.restore_rate)


class ThrottledError(StoreError):
    """The bucket was too empty for the query; `wait` is for how many seconds at least.

    Args:
        message: what happened, for a person.
        cost: as the response says; None when it does not.
        requested: seconds to wait that the response requests where it has no cost; 0 for none.
        code: the platform's own error code.
        status: of HTTP, where that is the refusal.
    """

    def __init__(
        self,
        message: str,
        cost: Cost | None = None,
        *,
        requested: float = 0.0,
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__("rate_limited", message, code=code, status=status)
        self.cost = cost
        self.wait = max(cost.wait() if cost else requested or 1.0, 0.1)


class QueryCostError(StoreError):
    """A single query costs more than it may; waiting would not help, a smaller request may.

    Args:
        query: its name, or the store's message about it.
        points: that it costs.
        most: points that it may cost.
    """

    def __init__(self, query: str, points: float, most: float) -> None:
        message = f"{query} costs {points:g} points of the rate limit, and may cost {most:g}"
        super().__init__("rate_limited", message, code="MAX_COST_EXCEEDED")
        self.points = points
        self.most = most


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a query may be sent.

    Attributes:
        wait: seconds after which to try again; 0 when the query may be sent now.
        points: what it has taken, to be settled when the response is there.
    """

    wait: float
    points: float = 0.0


class Bucket:
    """The points that one app has in one shop.

    Args:
        monotonic: seconds of a clock that never jumps.
        share: of the bucket that this client may use, from above 0 to 1; the rest is left to
            others, so that monitoring never takes what operations need.

    Attributes:
        latest: the state in the latest response; None before the first.
        requested: points that queries so far were judged to cost.
        actual: points that they did cost.
        shown: `requested` and `actual` as they were last reported.
        silent: whether the latest response had nothing about the limit, as some shops' never do. A
            limit that is not shown is not taken for the tightest: pages are as large as requested.
    """

    def __init__(self, monotonic: Callable[[], float], share: float = 1.0) -> None:
        self._monotonic = monotonic
        self._share = share
        self._lock = threading.Lock()
        self._costs: dict[str, tuple[int, float]] = {}
        self._ceiling = float("inf")
        self.latest: Cost | None = None
        self.requested = self.actual = 0.0
        self.shown = (0.0, 0.0)
        self.silent = False
        self._available = 0.0
        self._under_way = 0.0
        self._at = 0.0

    @property
    def must_learn(self) -> bool:
        """Whether it has to be found out what the bucket holds before a part of it may be used."""
        return self._share < 1.0 and self.latest is None and not self.silent

    def page(self, query: str, wanted: int) -> int:
        """Return how many items a query may request at once, at most those that are requested.

        Who may use a part of the bucket only begins with one item, to learn what that costs.
        """
        with self._lock:
            known = self._costs.get(query)
            if known is None:
                return wanted if self._share >= 1.0 or self.silent else 1
            size, points = known
            return min(wanted, max(1, int(size * min(self._allowed(), 1e6) / points)))

    def _allowed(self) -> float:
        """Return the points that a single query may cost."""
        if self.latest is None:
            return self._ceiling
        return min(self.latest.maximum * self._share, self._ceiling)

    def claim(self, query: str, size: int = 1, points: float | None = None) -> Claim:
        """Ask to send a query.

        Args:
            query: its name, by which its cost is remembered.
            size: of the page that it requests.
            points: that it costs at most, if that is known before it was sent.

        Raises:
            QueryCostError: it costs more than this client may ever use at once.
        """
        with self._lock:
            cost = self._expected(query, size, points)
            if self.latest is not None:
                self._refill(self.latest)
                floor = self.latest.maximum * (1.0 - self._share)
                missing = min(floor + cost, self.latest.maximum) - self._available
                if missing > _TOLERANCE:
                    return Claim(max(missing / self.latest.restore_rate, _SHORTEST_WAIT))
            self._available -= cost
            self._under_way += cost
            return Claim(0.0, cost)

    def _expected(self, query: str, size: int, most: float | None) -> float:
        """Return the most that a query will cost, as far as is known."""
        allowed, known = self._allowed(), self._costs.get(query)
        if known is None:
            if self._share >= 1.0:
                return _UNKNOWN_COST
            return min(most or _UNKNOWN_COST_OF_SHARE, allowed)
        seen, points = known
        if size < seen:
            return min(points, allowed)
        cost = points * size / seen
        if cost > allowed + _TOLERANCE:
            raise QueryCostError(query, cost, allowed)
        return cost

    def settle(self, query: str, points: float, cost: Cost | None, size: int = 1) -> None:
        """Take in a response, or the lack of one.

        Args:
            query: its name.
            points: what its claim took.
            cost: as the response says; None when there was none.
            size: of the page that it requested.
        """
        with self._lock:
            self._under_way = max(0.0, self._under_way - points)
            if cost is None:
                return
            self._costs[query] = (size, max(cost.requested, _TOLERANCE))
            self.latest = cost
            if cost.actual is not None:
                self.requested += cost.requested
                self.actual += cost.actual
            # What else is under way may not be in the store's figure yet.
            self._available = min(cost.available, cost.maximum) - self._under_way
            self._at = self._monotonic()

    def refused(self, query: str, error: QueryCostError, size: int = 1) -> None:
        """Take in that a query costs more than the store allows a single one.

        Raises:
            QueryCostError: the same; it cannot be made smaller.
        """
        with self._lock:
            self._ceiling = min(self._ceiling, error.most)
            self._costs[query] = (size, max(error.points, error.most + 1.0))
        if size <= 1:
            raise error

    def _refill(self, state: Cost) -> None:
        now = self._monotonic()
        gained = (now - self._at) * state.restore_rate
        self._available = min(self._available + gained, state.maximum - self._under_way)
        self._at = now


def rate_limit_samples(bucket: Bucket) -> list[Sample]:
    """Return the state of the rate limit and what was spent of it, if responses have shown it."""
    if bucket.latest is None:
        return []
    before, bucket.shown = bucket.shown, (bucket.requested, bucket.actual)
    return [
        Sample(health.API_BUCKET_AVAILABLE, bucket.latest.available),
        Sample(health.API_BUCKET_MAXIMUM, bucket.latest.maximum),
        Sample(health.API_COST, bucket.requested, {"kind": "requested"}, before[0]),
        Sample(health.API_COST, bucket.actual, {"kind": "actual"}, before[1]),
    ]
