"""Operations that were counted elsewhere, and the totals of a series that includes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .families import Exemplar
from .histogram import Histogram

MOST = 2**53
"""The highest count of a series, and its highest sum of seconds: the limit of double precision."""

Standing = tuple[float, int]
"""Of a series: the Unix time at which it began to count, and the number of finished operations."""


@dataclass(slots=True)
class Addition:
    """The increments of one operation series.

    Attributes:
        finished: operations.
        errors: failures among them, by error types of the closed list.
        durations: seconds, one for each observation.
        counts: observations of which only the bucket is known: some value in seconds inside the
            bucket, and the number of observations.
        counts_sum: the sum in seconds of all observations in `counts`.
        exemplars: observations with their traces.
        error_exemplars: the trace of one failure of each type, if it is known.
    """

    finished: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    durations: list[float] = field(default_factory=list)
    counts: list[tuple[float, int]] = field(default_factory=list)
    counts_sum: float = 0.0
    exemplars: list[Exemplar] = field(default_factory=list)
    error_exemplars: dict[str, Exemplar] = field(default_factory=dict)

    def merge(self, other: Addition) -> None:
        """Add another addition of the same series to this one."""
        self.finished += other.finished
        self.errors = dict(added(self.errors, other.errors))
        self.durations += other.durations
        self.counts += other.counts
        self.counts_sum += other.counts_sum
        self.exemplars += other.exemplars
        self.error_exemplars |= other.error_exemplars

    @property
    def is_of_calls(self) -> bool:
        """Whether it consists only of operations that each have a duration."""
        return len(self.durations) == self.finished and not self.counts

    @property
    def size(self) -> float:
        """An upper bound for the growth of every count and every sum of seconds."""
        counts = self.finished + sum(self.errors.values()) + sum(n for _, n in self.counts)
        return counts + sum(self.durations) + self.counts_sum


class Totals(NamedTuple):
    """The totals of an operation series.

    Attributes:
        finished: operations.
        errors: failures by error type.
        histogram: durations.
        created: Unix time at which it began to count.
        errors_created: the same for each error type.
    """

    finished: int
    errors: Mapping[str, int]
    histogram: Histogram
    created: float
    errors_created: Mapping[str, float]

    @property
    def size(self) -> float:
        """An upper bound for every count and every sum of seconds."""
        counts = self.finished + sum(self.errors.values()) + self.histogram.count
        return counts + self.histogram.sum

    def plus(self, addition: Addition, now: float) -> Totals:
        """Return these totals plus an addition that is counted at this Unix time."""
        new = addition.errors.keys() - self.errors.keys()
        return Totals(
            self.finished + addition.finished,
            added(self.errors, addition.errors),
            filled(self.histogram, addition),
            self.created,
            {**self.errors_created, **dict.fromkeys(new, now)},
        )


Planned = tuple[Totals, Totals]
"""The totals of a series before an addition and after it, as computed earlier."""


def added(errors: Mapping[str, int], more: Mapping[str, int]) -> Mapping[str, int]:
    """Return the sum of both failure counts."""
    if not more:
        return errors
    return {**errors, **{name: errors.get(name, 0) + count for name, count in more.items()}}


def filled(histogram: Histogram, addition: Addition) -> Histogram:
    """Return a histogram with the observations of an addition."""
    if addition.durations:
        histogram = histogram.plus(addition.durations[:])
    if addition.counts:
        histogram = histogram.plus_counts(addition.counts, addition.counts_sum)
    return histogram
