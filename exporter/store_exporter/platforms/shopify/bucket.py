"""Keeping within Shopify's rate limit: a model of the bucket of points, shared by all threads.

Every answer tells how full the bucket is. Between answers the model counts what is under way and
what has flowed back, so that many operations at once take turns instead of being refused in turn.
Nothing about the limit is known before the first answer; until then queries pass freely.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .graphql import Cost

_UNKNOWN_COST = 10.0
_SHORTEST_WAIT = 0.05


@dataclass(frozen=True, slots=True)
class Claim:
    """An answer to the wish to send a query.

    Attributes:
        wait: seconds after which to ask again; 0 when the query may be sent now.
        points: what it has taken, to be settled when the answer is there.
    """

    wait: float
    points: float = 0.0


class Bucket:
    """The points that one app has in one shop.

    Args:
        monotonic: seconds of a clock that never jumps.
        share: of the bucket that this client may use, from above 0 to 1; the rest is left to
            others, so that monitoring never takes what operations need.
    """

    def __init__(self, monotonic: Callable[[], float], share: float = 1.0) -> None:
        self._monotonic = monotonic
        self._share = share
        self._lock = threading.Lock()
        self._costs: dict[str, float] = {}
        self._state: Cost | None = None
        self._available = 0.0
        self._under_way = 0.0
        self._at = 0.0

    @property
    def known(self) -> bool:
        """Whether an answer has told the state of the bucket."""
        return self._state is not None

    def claim(self, query: str) -> Claim:
        """Ask to send a query; its name tells what it cost the last time."""
        with self._lock:
            cost = self._costs.get(query, _UNKNOWN_COST)
            if self._state is not None:
                self._refill(self._state)
                # A query dearer than the share may still run, when the bucket is full.
                floor = self._state.maximum * (1.0 - self._share)
                wanted = min(floor + cost, self._state.maximum)
                missing = wanted - self._available
                if missing > 1e-6:
                    return Claim(max(missing / self._state.restore_rate, _SHORTEST_WAIT))
            self._available -= cost
            self._under_way += cost
            return Claim(0.0, cost)

    def settle(self, query: str, points: float, cost: Cost | None) -> None:
        """Take in an answer, or the lack of one.

        Args:
            query: its name.
            points: what its claim took.
            cost: what the answer tells; None when there was none.
        """
        with self._lock:
            self._under_way = max(0.0, self._under_way - points)
            if cost is None:
                return
            self._costs[query] = cost.requested
            self._state = cost
            # What else is under way may not be in the store's figure yet.
            self._available = min(cost.available, cost.maximum) - self._under_way
            self._at = self._monotonic()

    def _refill(self, state: Cost) -> None:
        now = self._monotonic()
        gained = (now - self._at) * state.restore_rate
        self._available = min(self._available + gained, state.maximum - self._under_way)
        self._at = now
