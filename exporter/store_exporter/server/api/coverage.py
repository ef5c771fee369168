"""Coverage: the part of the requested days for which a Prometheus has data of an org's operations.

The requested days are divided into equal parts, and each part has samples or has none. That reads
every sample once, as `increase` does. It finds a quarter of an hour of data in 90 days, or a single
hour in two years.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .query_api import BROKEN, PrometheusError, QueryResponse

PARTS = 288
"""The number of parts: a day has parts of five minutes."""

_FINER = 300
"""The number of steps in which a part is searched for its first or last sample."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The part of the requested days that has data.

    Attributes:
        start: Unix time in seconds of the first sample, to a second for each requested day; None
            without any.
        end: the same of the last.
        missing: seconds of the requested days without samples.
        gaps: those of the missing seconds that are between start and end.
    """

    start: float | None
    end: float | None
    missing: float
    gaps: float


class CoverageQueries:
    """The queries for the coverage of one org, and the reading of their responses.

    All samples of the org count, whatever domain or operation is requested: if its application was
    scraped and an operation has no samples, there were no calls.

    Args:
        series: a selector of the org's calls.
        days: the number of requested days.
        now: Unix time in seconds of the end of the days.
        hourly: whether there is one sample an hour; each part is then a day.
    """

    def __init__(self, series: str, days: int, now: float, *, hourly: bool = False) -> None:
        self._series = series
        self._hourly = hourly
        self._now = now
        self._parts = days if hourly else PARTS
        self._part = days * 86_400 // self._parts

    def parts(self) -> dict[str, str]:
        """Return the range query that finds the parts with samples."""
        first = self._now - (self._parts - 1) * self._part
        counts = f"count(count_over_time({self._series}[{self._part}s]))"
        return _range(counts, first, self._now, self._part)

    def ends(self, parts: QueryResponse) -> list[dict[str, str]]:
        """Return the range queries for the first and the last sample; none without samples."""
        times = self._times(parts)
        step = max(self._part // _FINER, 1)
        # Prometheus looks back for five minutes; longer only if the query says so.
        seen = f"last_over_time({self._series}[{step}s])" if self._hourly else self._series
        return [
            _range(f"{function}(timestamp({seen}))", time - self._part, time, step)
            for function, time in zip(("min", "max"), (*times[:1], *times[-1:]), strict=False)
        ]

    def read(self, parts: QueryResponse, ends: Sequence[QueryResponse]) -> Coverage:
        """Return the coverage according to the responses.

        Raises:
            PrometheusError: the responses contain no times.
        """
        times = self._times(parts)
        missing = (self._parts - len(times)) * self._part
        if not times:
            return Coverage(None, None, missing, 0)
        between = round((times[-1] - times[0]) / self._part) + 1
        # A sample may be visible for so short a time that no point of the range query meets it.
        return Coverage(
            start=next(self._moments(ends[0], times[0]), times[0] - self._part),
            end=max(self._moments(ends[1], times[-1]), default=times[-1]),
            missing=missing,
            gaps=(between - len(times)) * self._part,
        )

    def _times(self, parts: QueryResponse) -> list[float]:
        first = self._now - self._parts * self._part
        found = {time for series in parts.series for time, _ in series.points}
        return sorted(time for time in found if first < time <= self._now + 1)

    def _moments(self, response: QueryResponse, end: float) -> Iterator[float]:
        for _, value in (point for series in response.series for point in series.points):
            if math.isnan(value):
                raise PrometheusError(BROKEN)
            yield min(max(value, end - self._part), end)


def _range(query: str, start: float, end: float, step: int) -> dict[str, str]:
    times = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step)}
    # Without it, VictoriaMetrics aligns start and end to the grid of its cache.
    return {"query": query, **times, "nocache": "1"}
