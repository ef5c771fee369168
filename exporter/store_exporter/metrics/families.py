"""The data that the recorder passes to the expositions, the same for all formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

from .catalogue import Metric

_S = TypeVar("_S")
_T = TypeVar("_T")


class Exemplar(NamedTuple):
    """One observation with the trace it belongs to."""

    trace_id: str
    span_id: str
    value: float
    timestamp: float
    """Unix time in seconds."""


class Count(float):
    """A counter's value with the trace of one of the events that it counts."""

    __slots__ = ("exemplar",)

    exemplar: Exemplar

    def __new__(cls, value: float, exemplar: Exemplar) -> Self:
        """Create the value."""
        made = super().__new__(cls, value)
        made.exemplar = exemplar
        return made


class DenseBuckets(Mapping[int, int]):
    """The populated buckets of a native histogram, kept as a run of neighbouring counts.

    Attributes:
        start: the number of the first bucket of `counts`.
        counts: observations per bucket, zeros included; renderers in a hurry read these.
    """

    __slots__ = ("counts", "start")

    def __init__(self, start: int, counts: Sequence[int]) -> None:
        self.start: int = start
        self.counts: Sequence[int] = counts

    def __getitem__(self, index: int) -> int:
        place = index - self.start
        count = self.counts[place] if 0 <= place < len(self.counts) else 0
        if not count:
            raise KeyError(index)
        return count

    def __iter__(self) -> Iterator[int]:
        """Numbers of the populated buckets, ascending."""
        return (index for index, count in enumerate(self.counts, self.start) if count)

    def __len__(self) -> int:
        return sum(1 for count in self.counts if count)


@dataclass(slots=True)
class NativeHistogram:
    """A native (exponential) histogram of non-negative values.

    Bucket `i` counts values in `(base**(i-1), base**i]` with `base = 2**(2**-schema)`, as
    Prometheus numbers them; OpenTelemetry's index is one lower.
    """

    schema: int
    zero_threshold: float
    zero_count: int
    buckets: Mapping[int, int]


@dataclass(slots=True)
class HistogramValue:
    """The state of one histogram series.

    Attributes:
        counts: observations per classic bucket, not cumulative; one more entry than the metric
            has upper bounds, the last for `+Inf`.
        sum: of all observations, in the metric's unit.
        native: the same observations at exponential resolution, if they are kept.
        exemplars: one at most per classic bucket, by the bucket's index.
    """

    counts: Sequence[int]
    sum: float
    native: NativeHistogram | None = None
    exemplars: Mapping[int, Exemplar] | None = None


@dataclass(slots=True)
class Family:
    """One metric and its series: label values in the metric's label order, and the value."""

    metric: Metric
    series: Iterable[tuple[tuple[str, ...], float | HistogramValue]]
    created: Iterable[float | None] | float | None = None
    """Unix time at which counting began: one for each series, or one for all; None if it is not
    known."""
    before: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    """The initial values of counters that did not begin at 0."""

    def created_times(self) -> Iterable[float | None]:
        """Return the Unix time at which counting began, for each series in order."""
        if isinstance(self.created, Iterable):
            return self.created
        return repeat(self.created)


class View(Generic[_S, _T]):
    """What is made of each of some states, while it is read; can be read any number of times.

    A list would double the memory of a large scrape, and the garbage collector would visit every
    item.
    """

    def __init__(self, states: Sequence[_S], make: Callable[[_S], Iterable[_T]]) -> None:
        self._states = states
        self._make = make

    def __iter__(self) -> Iterator[_T]:
        for state in self._states:
            yield from self._make(state)


class Source(Protocol):
    """A source of families: a recorder."""

    def families(self) -> Iterable[Family]:
        """Return the present state."""


class Sample(NamedTuple):
    """One figure that a probe or collector found.

    Args:
        metric: a counter (with its absolute value), gauge or info metric of the catalogue.
        value: in the metric's unit.
        labels: the values of the labels that follow org, domain and platform.
        before: of a counter, its value before the run that found this figure: 0 for a counter that
            starts from nothing, the restored value for one that continues. A new series is first
            shown with this value, so that scrapers see the increase since then. None if it is not
            known.
    """

    metric: Metric
    value: float
    labels: Mapping[str, str] = MappingProxyType({})
    before: float | None = None
