"""Every series but those of operations: plain counters, gauges, histograms and published groups.

Writes are journalled, as one atomic append, and applied in their order at the next reading. So
they may come from any thread, and from a signal handler or finalizer, without a lock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from threading import Lock
from typing import NamedTuple, TypeVar

from .catalogue import Kind, Metric
from .catalogue.health import STORE_LABELS
from .families import HistogramValue, Sample
from .guard import clean
from .histogram import Histogram

_JOURNAL = 1024

_T = TypeVar("_T")

LabelValues = tuple[str, ...]
Series = dict[LabelValues, "float | HistogramValue"]


class _Group(NamedTuple):
    """What one probe or collector published last."""

    store: tuple[str, str, str]
    series: tuple[tuple[Metric, LabelValues, float], ...]
    expires: float


class _Write(NamedTuple):
    """One journalled write."""

    kind: Kind
    metric: Metric
    labels: LabelValues
    value: float


class Instruments:
    """The state of all metrics that are not operations.

    Args:
        native: whether histograms are kept as native ones, too.
        monotonic: seconds that only grow, for the age of published groups.
    """

    def __init__(self, *, native: bool, monotonic: Callable[[], float]) -> None:
        self._native = native
        self._monotonic = monotonic
        self._values: dict[Metric, dict[LabelValues, float]] = {}
        self._histograms: dict[Metric, dict[LabelValues, Histogram]] = {}
        self._groups: dict[Hashable, _Group] = {}
        self._journal: deque[_Write] = deque()
        self.renew_locks()

    def renew_locks(self) -> None:
        """Make a fresh lock; after a fork the old one may belong to a thread that is gone."""
        self._lock = Lock()

    def inc(self, metric: Metric, labels: LabelValues, amount: float) -> None:
        """Add to a counter.

        Raises:
            ValueError: not a counter, the wrong number of labels, or not a finite amount >= 0.
        """
        _check(metric, labels, Kind.COUNTER)
        if not 0 <= amount < math.inf:
            raise ValueError(f"{metric.name} grows by finite amounts that are not negative")
        self._write(_Write(Kind.COUNTER, metric, labels, amount))

    def set(self, metric: Metric, labels: LabelValues, value: float) -> None:
        """Set a gauge or an info metric.

        Raises:
            ValueError: not a gauge, or the wrong number of labels.
        """
        _check(metric, labels, Kind.GAUGE, Kind.INFO)
        self._write(_Write(Kind.GAUGE, metric, labels, value))

    def observe(self, metric: Metric, labels: LabelValues, value: float) -> None:
        """Add an observation to a histogram.

        Raises:
            ValueError: not a histogram, the wrong number of labels, or not a finite value >= 0.
        """
        _check(metric, labels, Kind.HISTOGRAM)
        if not 0 <= value < math.inf:
            raise ValueError(f"{metric.name} observes finite values that are not negative")
        self._write(_Write(Kind.HISTOGRAM, metric, labels, value))

    def publish(
        self,
        group: Hashable,
        store: tuple[str, str, str],
        samples: Iterable[Sample],
        ttl: float | None,
    ) -> None:
        """Replace the series of a group. They disappear `ttl` seconds later, if that is given.

        Raises:
            ValueError: a sample's labels are not those of its metric, or it is a histogram's.
        """
        store = (clean(store[0]), clean(store[1]), clean(store[2]))
        series = tuple((s.metric, _sample_labels(store, s), s.value) for s in samples)
        expires = math.inf if ttl is None else self._monotonic() + ttl
        self._groups[group] = _Group(store, series, expires)

    def withdraw(self, group: Hashable) -> None:
        """Remove the series of a group, if there are any."""
        self._groups.pop(group, None)

    def forget(self, store: tuple[str, str, str]) -> None:
        """Remove all series of one store."""
        store = (clean(store[0]), clean(store[1]), clean(store[2]))
        with self._lock:
            self._apply_journal()
            for metric, values in self._values.items():
                _drop(metric, values, store)
            for metric, histograms in self._histograms.items():
                _drop(metric, histograms, store)
        for group, published in list(self._groups.items()):
            if published.store == store:
                self._groups.pop(group, None)

    def snapshot(self) -> dict[Metric, Series]:
        """Return all series by metric. Published ones win over written ones of the same labels.

        Must not be called from a signal handler or a finalizer.
        """
        found: dict[Metric, Series] = {}
        with self._lock:
            self._apply_journal()
            for metric, values in self._values.items():
                found[metric] = dict(values)
            for metric, histograms in self._histograms.items():
                found[metric] = {labels: h.value() for labels, h in histograms.items()}
        now = self._monotonic()
        for group, published in list(self._groups.items()):
            if published.expires <= now:
                # Unless it was replaced just now: then the new one expires on its own time.
                if self._groups.get(group) is published:
                    self._groups.pop(group, None)
                continue
            for metric, labels, value in published.series:
                found.setdefault(metric, {})[labels] = value
        return found

    def reset(self) -> None:
        """Begin from nothing in a forked child, where no other thread runs yet."""
        self.renew_locks()
        self._journal.clear()
        self._values.clear()
        self._histograms.clear()
        self._groups.clear()

    def _write(self, write: _Write) -> None:
        self._journal.append(write)
        # Asked first, so that a signal handler or finalizer never waits for its own thread.
        if len(self._journal) > _JOURNAL and not self._lock.locked():
            with self._lock:
                self._apply_journal()

    def _apply_journal(self) -> None:
        journal = self._journal
        while journal:
            kind, metric, raw, value = journal[0]
            labels = tuple(map(clean, raw))
            if kind is Kind.HISTOGRAM:
                histograms = self._histograms.setdefault(metric, {})
                found = histograms.get(labels) or Histogram(metric.buckets, native=self._native)
                found = found.plus([value])
                # Together, without a call between them; see OperationHandle.
                histograms[labels] = found
                del journal[0]
            else:
                values = self._values.setdefault(metric, {})
                if kind is Kind.COUNTER:
                    value += values.get(labels, 0)
                values[labels] = value
                del journal[0]


def _check(metric: Metric, labels: LabelValues, *kinds: Kind) -> None:
    if metric.kind not in kinds:
        raise ValueError(f"{metric.name} is a {metric.kind}")
    if len(labels) != len(metric.labels):
        raise ValueError(f"{metric.name} has the labels {metric.labels}, not {len(labels)} values")


def _drop(metric: Metric, series: dict[LabelValues, _T], store: tuple[str, str, str]) -> None:
    if metric.labels[:3] == STORE_LABELS:
        for labels in [labels for labels in series if labels[:3] == store]:
            del series[labels]


def _sample_labels(store: tuple[str, str, str], sample: Sample) -> LabelValues:
    metric = sample.metric
    if metric.kind is Kind.HISTOGRAM or metric.labels[:3] != STORE_LABELS:
        raise ValueError(f"{metric.name} cannot be published for a store")
    own = metric.labels[3:]
    if unknown := sample.labels.keys() - set(own):
        raise ValueError(f"{metric.name} has no label {', '.join(sorted(unknown))}")
    if missing := [name for name in own if name not in sample.labels]:
        raise ValueError(f"{metric.name} lacks the label {', '.join(missing)}")
    return (*store, *(clean(sample.labels[name]) for name in own))
