"""OTLP streams: what each point adds, even if points come twice or late, or a stream restarts.

An increase (delta) is added as it is; a request of increases that is sent again is recognised by
its bytes. A total (cumulative) adds its growth since the last total of the stream, which is saved
with the series. So nothing is missed while a sender cannot reach us, and nothing counts twice.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from ..metrics.addition import Addition
from ..metrics.guard import Labels
from .ledger import MarkKey


class Figure(Enum):
    """What a point measures of a series."""

    FINISHED = "operations"
    ERRORS = "failures of one type"
    DURATIONS = "their durations"


@dataclass(frozen=True, slots=True)
class Buckets:
    """Counts of a histogram by bucket.

    Attributes:
        scale: scale of exponential buckets, numbered by their OTLP index; None for buckets with
            the bounds of the contract, numbered from 0.
        counts: observations by number of the bucket, without empty buckets.
        zero: observations in OTLP's zero bucket.
    """

    scale: int | None
    counts: Mapping[int, int]
    zero: int = 0

    def at(self, scale: int) -> Buckets:
        """Return the same observations in exponential buckets of a lower scale."""
        counts: dict[int, int] = {}
        for index, count in self.counts.items():
            coarse = index >> ((self.scale or 0) - scale)
            counts[coarse] = counts.get(coarse, 0) + count
        return Buckets(scale, counts, self.zero)


@dataclass(frozen=True, slots=True)
class Values:
    """A point's value: a count, and for a histogram also the sum of seconds and the buckets."""

    count: int
    sum: float = 0.0
    buckets: Buckets | None = None

    def since(self, before: Values) -> Values | None:
        """Return the increase since an earlier value, or None if it cannot be an earlier one."""
        buckets = _increase(self.buckets, before.buckets)
        if (self.buckets is None) != (buckets is None) or self.count < before.count:
            return None
        # Sums of floating point may differ in the last digit.
        return Values(self.count - before.count, max(self.sum - before.sum, 0.0), buckets)


def _increase(now: Buckets | None, before: Buckets | None) -> Buckets | None:
    if now is None or before is None or (now.scale is None) != (before.scale is None):
        return None
    if now.scale is not None and before.scale is not None:
        if now.scale > before.scale:
            return None
        before = before.at(now.scale)
    counts = {index: now.counts.get(index, 0) - count for index, count in before.counts.items()}
    grown = {**now.counts, **counts}
    zero = now.zero - before.zero
    if zero < 0 or min(grown.values(), default=0) < 0:
        return None
    return Buckets(now.scale, {index: count for index, count in grown.items() if count}, zero)


class Point(NamedTuple):
    """One point of a stream.

    Attributes:
        stream: identity of its stream: source, metric and attributes.
        figure: what it measures of the series.
        error_type: error type of a count of failures; empty for other figures.
        delta: whether it is an increase, and not a total.
        start: Unix time in nanoseconds from which it counts; 0 when that is not known.
        time: Unix time in nanoseconds up to which it counts.
    """

    stream: MarkKey
    labels: Labels
    figure: Figure
    error_type: str
    delta: bool
    start: int
    time: int
    values: Values


class StreamError(Exception):
    """A total contradicts its stream; the message says why."""


def added(point: Point, before: str | None) -> tuple[Values | None, str | None]:
    """Return what a total adds, if anything, and the new note of its stream, if that changes.

    `before` is the saved note of its stream, if there is one.

    Raises:
        StreamError: the total is from before a restart of its stream, or it fell.
    """
    note = _note(point)
    if before is None:
        # Without a start time, the first total is only the baseline of later ones.
        return (point.values if point.start else None), note
    start, time, values = _read(before)
    if point.start > start:
        return point.values, note
    if point.start < start:
        raise StreamError(
            "has an earlier start time than points received before; give each process its own "
            "service.instance.id, or send increases (delta)"
        )
    if point.time <= time:
        return None, None
    grown = point.values.since(values)
    if grown is None:
        raise StreamError("fell, or changed its buckets, without a new start time")
    return grown, note


def _note(point: Point) -> str:
    values, buckets = point.values, point.values.buckets
    note: list[object] = [point.start, point.time, values.count, values.sum]
    if buckets is not None:
        note += [buckets.scale, [*buckets.counts.items()], buckets.zero]
    return json.dumps(note, separators=(",", ":"))


def _read(note: str) -> tuple[int, int, Values]:
    start, time, count, total, *histogram = json.loads(note)
    buckets = None
    if histogram:
        scale, counts, zero = histogram
        buckets = Buckets(scale, dict(counts), zero)
    return start, time, Values(count, total, buckets)


def add(addition: Addition, point: Point, values: Values, middles: Sequence[float]) -> None:
    """Add the increase of a point to an addition.

    Args:
        addition: collects what is added to the series.
        point: says what the values measure.
        values: the increase.
        middles: a duration in seconds within each bucket of the contract.
    """
    if point.figure is Figure.FINISHED:
        addition.finished += values.count
    elif point.figure is Figure.ERRORS:
        if values.count:
            before = addition.errors.get(point.error_type, 0)
            addition.errors[point.error_type] = before + values.count
    elif (buckets := values.buckets) is not None:
        scale = buckets.scale
        for index, count in buckets.counts.items():
            middle = middles[index] if scale is None else math.exp2((index + 0.5) / 2**scale)
            addition.counts.append((middle, count))
        if buckets.zero:
            addition.counts.append((0.0, buckets.zero))
        addition.counts_sum += values.sum
