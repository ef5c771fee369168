"""Counters, gauges and histograms that are written to directly, off the hot path.

Writes are journalled, as one atomic append, and applied in their order at the next reading. So
they may come from any thread, and from a signal handler or finalizer, without a lock.
"""

from __future__ import annotations

import math
from collections import deque
from threading import Lock
from typing import NamedTuple, TypeVar

from .catalogue import Kind, Metric
from .catalogue.health import STORE_LABELS
from .families import HistogramValue
from .guard import clean
from .histogram import Histogram

_JOURNAL = 1024

_T = TypeVar("_T")

LabelValues = tuple[str, ...]
Series = dict[LabelValues, "float | HistogramValue"]


class _Write(NamedTuple):
    """One journalled write."""

    kind: Kind
    metric: Metric
    labels: LabelValues
    value: float


class Instruments:
    """The state of these metrics.

    Args:
        native: whether histograms are kept as native ones, too.
    """

    def __init__(self, *, native: bool) -> None:
        self._native = native
        self._values: dict[Metric, dict[LabelValues, float]] = {}
        self._histograms: dict[Metric, dict[LabelValues, Histogram]] = {}
        self._journal: deque[_Write] = deque()
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

    def forget(self, store: tuple[str, str, str]) -> None:
        """Remove all series of a store, given by clean labels."""
        with self._lock:
            self._apply_journal()
            for metric, values in self._values.items():
                _drop(metric, values, store)
            for metric, histograms in self._histograms.items():
                _drop(metric, histograms, store)

    def snapshot(self) -> dict[Metric, Series]:
        """Return all series by metric. Must not be called from a signal handler or finalizer."""
        found: dict[Metric, Series] = {}
        with self._lock:
            self._apply_journal()
            for metric, values in self._values.items():
                found[metric] = dict(values)
            for metric, histograms in self._histograms.items():
                found[metric] = {labels: h.value() for labels, h in histograms.items()}
        return found

    def reset(self) -> None:
        """Begin from nothing in a forked child, where no other thread runs yet."""
        self._lock = Lock()  # the old one may belong to a thread that is gone
        self._journal.clear()
        self._values.clear()
        self._histograms.clear()

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
