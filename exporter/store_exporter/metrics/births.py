"""Births: a new counter or histogram starts at zero, or Prometheus would miss its first value.

Prometheus takes the first sample of a series as its starting point, so `increase` and `rate` ignore
the value that a series already has when it is first scraped. Here the value of a new series is zero
in the first scrape that contains it, and the real value from the next scrape on. The reasons and
the limits are in docs/architecture/births.md.

A look is one reading of the recorder for one scraper. A series stores the time of the first look
that included it. A scraper stores the time of its last complete look. A series is new to a scraper
if its first look is later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..lock import Lock
from .families import Family

HORIZON = 180.0
"""Seconds after which no series is new any more: three times the longest scrape interval.

A scraper that is unknown, or was away for longer, is treated as if its last look were that long
ago. So series that started since then are at zero for it, and older ones have their real value.
"""

EVERYTHING = math.inf
"""The `known_until` of a reader that gets all real values: a person, a push, the process itself."""


def nothing() -> None:
    """Do nothing before or after a look."""


@dataclass(slots=True)
class Look:
    """One reading of a recorder for one reader.

    Attributes:
        moment: its time on the recorder's monotonic clock; each look has a different one.
        known_until: the time up to which this reader knows all series.
        families: the metrics that it returns.
        complete: to be called when the reader has received all of them.
        has_news: whether a series was new to the reader.
    """

    moment: float
    known_until: float
    families: Iterable[Family] = ()
    complete: Callable[[], None] = nothing
    has_news: bool = False

    def include(self, born: float | None) -> tuple[float | None, bool]:
        """Include a series; return the time of its first look, and whether it is new to the reader.

        `born` is the time of its first look; None if this is the first one.
        """
        if self.known_until == EVERYTHING:
            return born, False
        if born is None:
            born = self.moment
        is_news = born > self.known_until
        self.has_news = self.has_news or is_news
        return born, is_news

    def is_past(self, born: float | None) -> bool:
        """Whether a series with this first look is new to no scraper."""
        return born is not None and born <= self.moment - HORIZON


class Looks:
    """Gives each look its own timestamp, and allows one at a time.

    `looks.lock.run(…)` encloses taking a snapshot but not rendering it, so that a series in one
    look is in every later one.

    Args:
        monotonic: seconds of a monotonic clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last = -math.inf
        self.renew_lock()

    def renew_lock(self) -> None:
        """Create a new lock; after a fork the old one may belong to a thread that is gone."""
        self.lock: Lock = Lock()

    def begin(self, known_until: float | None) -> Look:
        """Begin a look.

        Args:
            known_until: the `moment` of the reader's last complete look; None for its first one.
        """
        self._last = max(self._monotonic(), math.nextafter(self._last, math.inf))
        return Look(self._last, self._last - HORIZON if known_until is None else known_until)
