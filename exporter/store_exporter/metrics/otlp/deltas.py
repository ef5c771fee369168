"""The increase of counters and histograms since the receiver last acknowledged them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from ..catalogue import CATALOGUE
from ..families import Count, HistogramValue, NativeHistogram

Value = float | HistogramValue
Key = tuple[str, tuple[str, ...]]
"""A series: the metric's name and the label values."""
Store = tuple[str, str, str]
"""Org, domain and platform."""

PERSISTENT = frozenset(metric.name for metric in CATALOGUE.values() if metric.persistent)


@dataclass(frozen=True, slots=True)
class Increase:
    """A series' growth.

    Attributes:
        value: the increase.
        since: Unix time in nanoseconds at which the increase began.
    """

    value: Value
    since: int


States = Mapping[Key, tuple[Value, int]]
"""The state that a receiver has of each series, and since when, as Unix time in nanoseconds."""


class Memory(Protocol):
    """Saves what a receiver has acknowledged of counters that continue after restarts."""

    def load(self, store: Store) -> States:
        """Return what was saved of a store; an empty mapping if nothing was saved."""
        ...

    def save(self, stores: Mapping[Store, States]) -> None:
        """Replace what was saved of these stores."""
        ...


class Baseline:
    """The last acknowledged state of each series.

    An increase that could not be delivered becomes part of the next one. So nothing is lost or
    queued while a receiver is down, and the number of series bounds the memory in use.

    A counter that continues after a restart does not count as an increase from zero only because
    it is new here. If nothing is known of its store, counting begins at its first state. If the
    store is known, a further series of it, such as another currency, counts from zero.

    Args:
        memory: the states that earlier processes saved.

    Attributes:
        lock: held from reading the state until it is acknowledged, by each of several pushers.
    """

    def __init__(self, memory: Memory | None = None) -> None:
        self.lock: Lock = Lock()
        self._memory = memory
        self._acknowledged: dict[Key, tuple[Value, int]] = {}
        self._persistent: dict[Store, dict[Key, tuple[Value, int]]] = {}
        self._first: dict[Key, Value] = {}
        self._unsaved: set[Store] = set()

    def increase(self, key: Key, value: Value, created: int) -> Increase | None:
        """Return the increase to send, or None if the series did not change.

        Args:
            key: the series.
            value: its present state.
            created: Unix time in nanoseconds at which the series began; used if it is new here.
        """
        persistent = key[0] in PERSISTENT
        states = self._of_store(_store(key)) if persistent else self._acknowledged
        if states is None:
            self._first[key] = value
            return None
        if key not in states:
            return Increase(value, created) if _count(value) else None
        previous, since = states[key]
        grown = _difference(value, previous)
        # A series that was forgotten and came back counts from zero again.
        grown = value if grown is None else grown
        return Increase(grown, since) if _count(grown) else None

    def _of_store(self, store: Store) -> States | None:
        """Return the known states of a store's counters that continue after a restart."""
        if store not in self._persistent and self._memory is not None:
            saved = self._memory.load(store)
            if saved:
                self._persistent[store] = dict(saved)
        return self._persistent.get(store)

    def acknowledge(self, states: Mapping[Key, Value], at: int) -> None:
        """Record that the receiver has everything up to these states, as of the time `at`."""
        for key, value in states.items():
            if key[0] in PERSISTENT:
                store = _store(key)
                self._persistent.setdefault(store, {})[key] = (value, at)
                self._unsaved.add(store)
            else:
                self._acknowledged[key] = (value, at)

    def settle(self, at: int) -> None:
        """End a push: save the states, and start counting the series that were new in it."""
        first, self._first = self._first, {}
        self.acknowledge(first, at)
        unsaved, self._unsaved = self._unsaved, set()
        if unsaved and self._memory is not None:
            self._memory.save({store: self._persistent[store] for store in unsaved})

    def retain(self, keys: set[Key]) -> None:
        """Forget series that no longer exist; the memory keeps those that outlive a restart."""
        for key in self._acknowledged.keys() - keys:
            del self._acknowledged[key]
        stores = {_store(key) for key in keys if key[0] in PERSISTENT}
        for store in self._persistent.keys() - stores:
            del self._persistent[store]


def _store(key: Key) -> Store:
    org, domain, platform = key[1][:3]
    return org, domain, platform


def _count(value: Value) -> float:
    return sum(value.counts) if isinstance(value, HistogramValue) else value


def _difference(value: Value, previous: Value) -> Value | None:
    """Return the increase, or None if `value` is not a later state of the same series."""
    if isinstance(value, HistogramValue) and isinstance(previous, HistogramValue):
        return _histogram_difference(value, previous)
    if isinstance(value, HistogramValue) or isinstance(previous, HistogramValue):
        return None
    if value < previous:
        return None
    grown = value - previous
    return Count(grown, value.exemplar) if isinstance(value, Count) else grown


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
