"""What a counter or histogram grew by since the receiver last acknowledged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..families import HistogramValue, NativeHistogram

Value = float | HistogramValue
Key = tuple[str, tuple[str, ...]]
"""A series: the metric's name and the label values."""


@dataclass(frozen=True, slots=True)
class Increase:
    """A series' growth.

    Attributes:
        value: by how much it grew.
        since: Unix time in nanoseconds at which it began to grow from zero.
    """

    value: Value
    since: int


class Baseline:
    """The last acknowledged state of each series.

    What could not be delivered stays part of the next increase, so nothing is lost or queued
    while a receiver is down, and memory is bounded by the number of series.
    """

    def __init__(self) -> None:
        self._acknowledged: dict[Key, tuple[Value, int]] = {}

    def increase(self, key: Key, value: Value, created: int) -> Increase | None:
        """Return what is to be sent, or nothing when the series did not change.

        Args:
            key: the series.
            value: its present state.
            created: Unix time in nanoseconds, where the series is new here.
        """
        if key not in self._acknowledged:
            return Increase(value, created) if _count(value) else None
        previous, since = self._acknowledged[key]
        grown = _difference(value, previous)
        # A series that was forgotten and came back counts from zero again.
        grown = value if grown is None else grown
        return Increase(grown, since) if _count(grown) else None

    def acknowledge(self, states: Mapping[Key, Value], at: int) -> None:
        """Note that the receiver has everything up to these states of that time."""
        for key, value in states.items():
            self._acknowledged[key] = (value, at)

    def retain(self, keys: set[Key]) -> None:
        """Forget series that are no more."""
        for key in self._acknowledged.keys() - keys:
            del self._acknowledged[key]


def _count(value: Value) -> float:
    return sum(value.counts) if isinstance(value, HistogramValue) else value


def _difference(value: Value, previous: Value) -> Value | None:
    """Return the growth, or nothing when the state is not a later one of the same series."""
    if isinstance(value, HistogramValue) and isinstance(previous, HistogramValue):
        return _histogram_difference(value, previous)
    if isinstance(value, HistogramValue) or isinstance(previous, HistogramValue):
        return None
    return value - previous if value >= previous else None


def _histogram_difference(value: HistogramValue, previous: HistogramValue) -> HistogramValue | None:
    if len(value.counts) != len(previous.counts):
        return None
    counts = [now - then for now, then in zip(value.counts, previous.counts, strict=True)]
    if min(counts) < 0 or (value.native is None) != (previous.native is None):
        return None
    native = None
    if value.native is not None and previous.native is not None:
        native = _native_difference(value.native, previous.native)
        if native is None:
            return None
    return HistogramValue(counts, value.sum - previous.sum, native, value.exemplars)


def _native_difference(value: NativeHistogram, previous: NativeHistogram) -> NativeHistogram | None:
    if value.schema > previous.schema or value.zero_count < previous.zero_count:
        return None
    buckets = dict(value.buckets)
    shift = previous.schema - value.schema
    for index, count in previous.buckets.items():
        # Each halving of the resolution merges the buckets 2n-1 and 2n into n.
        merged = -(-index >> shift)
        buckets[merged] = buckets.get(merged, 0) - count
    if any(count < 0 for count in buckets.values()):
        return None
    return NativeHistogram(
        value.schema,
        value.zero_threshold,
        value.zero_count - previous.zero_count,
        {index: count for index, count in buckets.items() if count},
    )
