"""A model of the bucket of a rate limit in points, shared by all threads.

Every response says how full the bucket is. Between responses, the model counts the points of
queries in flight and the restored points. So concurrent operations wait for each other instead of
being refused one after the other. Before the first response the limit is not known, and queries
pass freely.

The cost of a query grows with the size of the requested page, but less than in proportion. The
model remembers the last cost of each query and makes pages as large as the limit allows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ....errors import StoreError
from ....metrics.catalogue import health
from ....metrics.catalogue.values import CostKind
from ....metrics.families import Sample

_UNKNOWN_COST = 10.0
# A client with a share is more careful with a query that was never sent: it is assumed to cost as
# much as the most expensive page of one item, an order with twenty lines, at a point for each part.
_UNKNOWN_COST_OF_SHARE = 125.0
_SHORTEST_WAIT = 0.05
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a query and the state of the bucket, in points of the rate limit.

    Attributes:
        requested: the estimated cost before the query ran.
        actual: the actual cost; None if it was refused.
        maximum: points in the full bucket.
        available: points in the bucket after the query.
        restore_rate: points added each second.
    """

    requested: float
    actual: float | None
    maximum: float
    available: float
    restore_rate: float

    def wait(self) -> float:
        """Seconds until the bucket has enough points for such a query; 0 if it never can."""
        if self.requested > self.maximum:
            return 0.0
        return max(0.0, (self.requested - self.available) / self.restore_rate)


class ThrottledError(StoreError):
    """The bucket had too few points for the query; `wait` is the minimum number of seconds to wait.

    The `cost` is that of the response. Where a response has none, `requested` are the seconds to
    wait that it names, 0 for none. `status` is the HTTP status, if that is the refusal.
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
    """A query costs more than the `most` that a single one may. Only a smaller request helps.

    `query` is its name.
    """

    def __init__(self, query: str, points: float, most: float) -> None:
        message = f"{query} costs {points:g} points of the rate limit, and may cost {most:g}"
        super().__init__("invalid_request", message, code="MAX_COST_EXCEEDED")
        self.points = points
        self.most = most


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a query may be sent.

    Attributes:
        wait: seconds after which to try again; 0 when the query may be sent now.
        points: the points reserved for it, to be settled when the response arrives.
    """

    wait: float
    points: float = 0.0


class Bucket:
    """The points that one app has in one shop.

    Args:
        monotonic: seconds of a clock that never jumps.
        share: the share of the bucket that this client may use, above 0 and up to 1. The rest is
            for other clients, so that monitoring never uses points that operations need.

    Attributes:
        latest: the state in the latest response; None before the first.
        requested: the sum of the estimated costs so far.
        actual: the sum of the actual costs so far.
        shown: `requested` and `actual` at the last report.
        silent: whether the latest response did not show the limit; some shops never show it. A
            limit that is not shown is not assumed to be the tightest: pages are as large as
            requested.
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
        """Whether the state of the bucket must be learned before a share of it may be used."""
        return self._share < 1.0 and self.latest is None and not self.silent

    def page(self, query: str, wanted: int) -> int:
        """Return how many items a query may request at once, at most the requested number.

        A client that may use only a share begins with one item, to learn its cost.
        """
        with self._lock:
            known = self._costs.get(query)
            if known is None:
                return wanted if self._share >= 1.0 or self.silent else 1
            size, points = known
            return min(wanted, max(1, int(size * min(self._allowed(), 1e6) / points)))

    def _allowed(self) -> float:
        if self.latest is None:
            return self._ceiling
        return min(self.latest.maximum * self._share, self._ceiling)

    def claim(self, query: str, size: int = 1) -> Claim:
        """Reserve points for a query, if it may be sent now.

        Its cost is remembered by its name and the `size` of the page that it requests.

        Raises:
            QueryCostError: it costs more than this client may ever use at once.
        """
        with self._lock:
            cost = self._expected(query, size)
            if self.latest is not None:
                self._refill(self.latest)
                floor = self.latest.maximum * (1.0 - self._share)
                missing = min(floor + cost, self.latest.maximum) - self._available
                if missing > _TOLERANCE:
                    return Claim(max(missing / self.latest.restore_rate, _SHORTEST_WAIT))
            self._available -= cost
            self._under_way += cost
            return Claim(0.0, cost)

    def _expected(self, query: str, size: int) -> float:
        """Return the maximum cost of a query, as far as it is known."""
        allowed, known = self._allowed(), self._costs.get(query)
        if known is None:
            if self._share >= 1.0:
                return _UNKNOWN_COST
            return min(_UNKNOWN_COST_OF_SHARE, allowed)
        seen, points = known
        if size < seen:
            return min(points, allowed)
        cost = points * size / seen
        if cost > allowed + _TOLERANCE:
            raise QueryCostError(query, cost, allowed)
        return cost

    def settle(self, query: str, points: float, cost: Cost | None, size: int = 1) -> None:
        """Settle a claim with the cost in its response; None if there was none."""
        with self._lock:
            self._under_way = max(0.0, self._under_way - points)
            if cost is None:
                return
            self._costs[query] = (size, max(cost.requested, _TOLERANCE))
            self.latest = cost
            if cost.actual is not None:
                self.requested += cost.requested
                self.actual += cost.actual
            # The store's figure may not include other queries in flight yet.
            self._available = min(cost.available, cost.maximum) - self._under_way
            self._at = self._monotonic()

    def refused(self, query: str, error: QueryCostError, size: int = 1) -> None:
        """Record that a query costs more than the store allows for a single one.

        Raises:
            QueryCostError: by its name, if the query cannot be made smaller.
        """
        with self._lock:
            self._ceiling = min(self._ceiling, error.most)
            self._costs[query] = (size, max(error.points, error.most + 1.0))
        if size <= 1:
            raise QueryCostError(query, error.points, error.most)

    def _refill(self, state: Cost) -> None:
        now = self._monotonic()
        gained = (now - self._at) * state.restore_rate
        self._available = min(self._available + gained, state.maximum - self._under_way)
        self._at = now


def rate_limit_samples(bucket: Bucket) -> list[Sample]:
    """Return the state of the rate limit and the points spent, if responses have shown them."""
    if bucket.latest is None:
        return []
    before, bucket.shown = bucket.shown, (bucket.requested, bucket.actual)
    return [
        Sample(health.API_BUCKET_AVAILABLE, bucket.latest.available),
        Sample(health.API_BUCKET_MAXIMUM, bucket.latest.maximum),
        Sample(health.API_COST, bucket.requested, {"kind": CostKind.REQUESTED}, before[0]),
        Sample(health.API_COST, bucket.actual, {"kind": CostKind.ACTUAL}, before[1]),
    ]
