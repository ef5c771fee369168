"""Counters, gauges and histograms that are written directly, off the hot path.

Each write is one atomic append to a journal, and the next reading applies the journal in order. So
any thread, signal handler or finalizer may write without a lock. To forget a store is a write, too,
and never waits for a reading in progress.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ..lock import Lock
from .births import Look
from .blocks import Block, LabelValues
from .catalogue import Kind, Metric
from .catalogue.health import STORE_LABELS
from .guard import clean
from .histogram import Histogram

_JOURNAL = 1024


class _Write(NamedTuple):
    """One journalled write."""

    kind: Kind
    metric: Metric
    labels: LabelValues
    value: float


class _Forgotten(NamedTuple):
    """A journalled removal of all series of a store."""

    store: LabelValues


class _One:
    """One series of these metrics.

    Attributes:
        block: its state; replaced and never changed.
        born: the time of the first look that included it; None until then.
    """

    __slots__ = ("block", "born")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.born: float | None = None

    def shown(self, look: Look) -> Block:
        """Return its state as one look shows it."""
        self.born, is_news = look.include(self.born)
        block = self.block
        metric, value = block.metric, block.values[0]
        if not is_news or metric.kind not in (Kind.COUNTER, Kind.HISTOGRAM):
            return block
        nothing: float | Histogram = 0.0
        if isinstance(value, Histogram):
            nothing = Histogram(metric.buckets, native=value.schema is not None)
        return Block(metric, block.labels, (nothing,), block.created)


class Instruments:
    """The state of these metrics.

    Args:
        native: whether to keep native histograms beside the classic ones.
        clock: Unix time in seconds.
    """

    def __init__(self, *, native: bool, clock: Callable[[], float]) -> None:
        self._native = native
        self._clock = clock
        self._series: dict[str, dict[LabelValues, _One]] = {}
        self._of_store: dict[LabelValues, list[tuple[str, LabelValues]]] = {}
        self._journal: deque[_Write | _Forgotten] = deque()
        self._lock = Lock()

    def inc(self, metric: Metric, labels: LabelValues, amount: float) -> None:
        """Add to a counter; see `Recorder.inc`.

        Raises:
            ValueError: not a counter, the wrong number of labels, or not a finite amount >= 0.
        """
        _check(metric, labels, Kind.COUNTER)
        if not 0 <= amount < math.inf:
            raise ValueError(f"{metric.name} grows by finite amounts that are not negative")
        self._write(_Write(Kind.COUNTER, metric, labels, amount))

    def set(self, metric: Metric, labels: LabelValues, value: float) -> None:
        """Set a gauge or an info metric; see `Recorder.set`.

        Raises:
            ValueError: not a gauge, or the wrong number of labels.
        """
        _check(metric, labels, Kind.GAUGE, Kind.INFO)
        self._write(_Write(Kind.GAUGE, metric, labels, value))

    def observe(self, metric: Metric, labels: LabelValues, value: float) -> None:
        """Add an observation to a histogram; see `Recorder.observe`.

        Raises:
            ValueError: not a histogram, the wrong number of labels, or not a finite value >= 0.
        """
        _check(metric, labels, Kind.HISTOGRAM)
        if not 0 <= value < math.inf:
            raise ValueError(f"{metric.name} observes finite values that are not negative")
        self._write(_Write(Kind.HISTOGRAM, metric, labels, value))

    def forget(self, store: tuple[str, str, str]) -> None:
        """Remove all series of a store, given by clean labels."""
        self._write(_Forgotten(store))

    def snapshot(self, look: Look) -> dict[str, list[Block]]:
        """Return all series by metric. Must not be called from a signal handler or finalizer."""
        return self._lock.run(self._see, look)

    def _see(self, look: Look) -> dict[str, list[Block]]:
        known_until = look.known_until
        self._apply_journal()
        return {
            name: [
                one.shown(look) if one.born is None or one.born > known_until else one.block
                for one in series.values()
            ]
            for name, series in self._series.items()
            if series
        }

    def reset(self) -> None:
        """Drop all state in a forked child, where no other thread runs yet."""
        self._lock = Lock()  # the old one may belong to a thread that is gone
        self._journal.clear()
        self._series.clear()
        self._of_store.clear()

    def _write(self, write: _Write | _Forgotten) -> None:
        self._journal.append(write)
        if len(self._journal) > _JOURNAL:
            self._lock.attempt(self._apply_journal)

    def _apply_journal(self) -> None:
        journal = self._journal
        now = self._clock() if journal else 0.0
        while journal:
            write = journal[0]
            if isinstance(write, _Forgotten):
                for name, labels in self._of_store.pop(write.store, ()):
                    self._series[name].pop(labels, None)
                del journal[0]
                continue
            kind, metric, labels, written = write
            series = self._series.setdefault(metric.name, {})
            # Labels that are found need no cleaning.
            one = series.get(labels) or self._find(metric, series, labels, now)
            value: float | Histogram = written
            before = one.block.values[0]
            if isinstance(before, Histogram):
                value = before.plus([written])
            elif kind is Kind.COUNTER:
                value = before + written
            labels = one.block.labels[0]
            block = one.block
            if value != before:
                block = Block(metric, block.labels, (value,), block.created)
            # Together, without a call between them; see OperationHandle.
            one.block = block
            series[labels] = one
            del journal[0]

    def _find(
        self, metric: Metric, series: dict[LabelValues, _One], raw: LabelValues, now: float
    ) -> _One:
        """Return the series of these labels after cleaning them; a new series is not stored."""
        labels = tuple(map(clean, raw))
        one = series.get(labels)
        if one is not None:
            return one
        nothing = Histogram(metric.buckets, native=self._native)
        value = nothing if metric.kind is Kind.HISTOGRAM else 0.0
        if metric.labels[:3] == STORE_LABELS:
            self._of_store.setdefault(labels[:3], []).append((metric.name, labels))
        return _One(Block(metric, (labels,), (value,), (now,)))


def _check(metric: Metric, labels: LabelValues, *kinds: Kind) -> None:
    if metric.kind not in kinds:
        raise ValueError(f"{metric.name} is a {metric.kind}")
    if len(labels) != len(metric.labels):
        raise ValueError(f"{metric.name} has the labels {metric.labels}, not {len(labels)} values")
