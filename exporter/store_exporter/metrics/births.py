"""Births: a new counter or histogram is shown at zero first, or Prometheus never sees its value.

Prometheus takes the first sample of a series for its starting point, so that `increase` and `rate`
ignore whatever a series already holds when it is first scraped. Here every scraper is shown each
new series at zero once, and with its value from the next scrape on. Why it is done so, and what it
cannot save, is in docs/architecture/births.md.

It takes two moments on one clock. A series keeps the moment of the first look that met it. A
scraper keeps the moment of its last complete look. A series is news to a scraper when it was met
after that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..lock import Lock
from .families import Family

HORIZON = 180.0
"""Seconds after which nothing is news any more: three times the longest scrape interval.

A scraper that was not here for so long, or was never here, is taken for one that looked so long
ago. So it is shown the births of that time at zero, and everything older as it is.
"""

EVERYTHING = math.inf
"""What a reader has seen who wants every value as it is: a person, a push, the process itself."""


def nothing() -> None:
    """Do nothing before or after a look."""


@dataclass(slots=True)
class Look:
    """One reading of a recorder for one reader.

    Attributes:
        moment: when, on the recorder's monotonic clock; no two looks share a moment.
        seen: the moment up to which this reader knows every series.
        families: what it is shown.
        complete: to be called when the reader has got all of them.
        has_news: whether something was news to it.
    """

    moment: float
    seen: float
    families: Iterable[Family] = ()
    complete: Callable[[], None] = nothing
    has_news: bool = False

    def meet(self, born: float | None) -> tuple[float | None, bool]:
        """Meet a series: return when it was first met, and whether it is news to this reader.

        Args:
            born: when it was first met, None if it was not yet.
        """
        if self.seen == EVERYTHING:
            return born, False
        if born is None:
            born = self.moment
        is_news = born > self.seen
        self.has_news = self.has_news or is_news
        return born, is_news

    def is_past(self, born: float | None) -> bool:
        """Whether every scraper has seen what was first met then."""
        return born is not None and born <= self.moment - HORIZON


class Looks:
    """Gives each look its own timestamp, and allows one at a time.

    `looks.lock.run(…)` goes around the taking of a snapshot, not around its rendering, so that a
    series met by one look is in every later one.

    Args:
        monotonic: seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last = -math.inf
        self.renew_lock()

    def renew_lock(self) -> None:
        """Make a fresh lock; after a fork the old one may belong to a thread that is gone."""
        self.lock: Lock = Lock()

    def begin(self, seen: float | None) -> Look:
        """Begin a look.

        Args:
            seen: the moment of the reader's last complete look; None if it was never here.
        """
        self._last = max(self._monotonic(), math.nextafter(self._last, math.inf))
        return Look(self._last, self._last - HORIZON if seen is None else seen)
