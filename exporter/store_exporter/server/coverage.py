"""Since when, until when and how densely a Prometheus has an org's operations.

The days asked for are looked at in equal parts, each of which has samples or has none. That reads
every sample once, as `increase` does, and finds figures of a quarter of an hour among 90 days.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..metrics.catalogue import operations as catalogue
from .query_api import BROKEN, Answer, PrometheusError

PARTS = 288
"""In how many parts the days are looked at: a day in parts of five minutes."""

_FINER = 300
"""How many times a part is looked at in turn, to find its first or last sample."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there is.

    Attributes:
        start: Unix time in seconds of the first sample, to a second for each day asked; None
            without any.
        end: the same of the last.
        missing: seconds of the days without samples.
        gaps: those of them that are between start and end.
    """

    start: float | None
    end: float | None
    missing: float
    gaps: float


class CoverageQueries:
    """The questions about one org's days, and what their answers mean.

    Whatever domain or operation is asked for, it is the org's samples that count: where its
    application was scraped and an operation was not, there were no calls.

    Args:
        selector: the label matchers of the org.
        days: how many.
        now: Unix time in seconds of their end.
    """

    def __init__(self, selector: str, days: int, now: float) -> None:
        self._series = f"{catalogue.OPERATIONS.name}{selector}"
        self._now = now
        self._part = days * 86_400 // PARTS

    def parts(self) -> dict[str, str]:
        """The range query that finds the parts with samples."""
        return {
            "query": f"count(count_over_time({self._series}[{self._part}s]))",
            "start": f"{self._now - (PARTS - 1) * self._part:.3f}",
            "end": f"{self._now:.3f}",
            "step": str(self._part),
            # VictoriaMetrics moves start and end to its cache's grid without it.
            "nocache": "1",
        }

    def ends(self, parts: Answer) -> list[dict[str, str]]:
        """The instant queries for the first and the last sample; none where there is nothing."""
        times = self._times(parts)
        if not times:
            return []
        window = f"(timestamp({self._series})[{self._part}s:{max(self._part // _FINER, 1)}s])"
        return [
            {"query": f"min(min_over_time{window})", "time": f"{times[0]:.3f}"},
            {"query": f"max(max_over_time{window})", "time": f"{times[-1]:.3f}"},
        ]

    def read(self, parts: Answer, ends: Sequence[Answer]) -> Coverage:
        """Sum up the answers.

        Raises:
            PrometheusError: they are no times.
        """
        times = self._times(parts)
        missing = (PARTS - len(times)) * self._part
        if not times:
            return Coverage(None, None, missing, 0)
        first = self._moment(ends[0], times[0])
        last = self._moment(ends[1], times[-1])
        between = round((times[-1] - times[0]) / self._part) + 1
        # A sample that is seen for less than a look of the finer ones leaves its part's bounds.
        start = times[0] - self._part if first is None else first
        end = times[-1] if last is None else last
        return Coverage(start, end, missing, (between - len(times)) * self._part)

    def _times(self, parts: Answer) -> list[float]:
        first = self._now - PARTS * self._part
        found = {time for series in parts.series for time, _ in series.points}
        return sorted(time for time in found if first < time <= self._now + 1)

    def _moment(self, answer: Answer, end: float) -> float | None:
        moments = [value for series in answer.series for _, value in series.points]
        if any(map(math.isnan, moments)):
            raise PrometheusError(BROKEN)
        within = (min(max(value, end - self._part), end) for value in moments)
        return next(within, None)
