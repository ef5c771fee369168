"""Writes added-up calls as samples of counters, so that PromQL finds exactly these sums.

Each slot with calls looks like a process of its own that starts at zero: its series are 0 just
after the slot begins, and the number of its calls when it ends. So `increase` over any window that
begins and ends between slots is the sum of its slots: the window begins with a zero, from which
Prometheus extrapolates nothing, and every fall is a reset. A day with calls ends with one more zero
at midnight (UTC), so that nothing is extrapolated to its end either.

Slots without calls have no samples, so a quiet shop costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TextIO, TypeVar

from ..errors import ERROR_TYPES
from ..metrics.catalogue.operations import (
    LATENCY_BUCKETS,
    OPERATION_DURATION,
    OPERATION_ERRORS,
    OPERATIONS,
)
from ..metrics.exposition.lines import HistogramLines, label_writer
from ..metrics.exposition.text import openmetrics_header
from ..metrics.families import HistogramValue
from ..metrics.guard import Labels
from .calls import ERROR_NAMES
from .ledger import SLOT, CallCell, CallLedger, ErrorCell

DAY = 86_400 // SLOT
"""Slots in a day."""
JOB = "history"
"""The label `job` of all written series; they can be deleted by it."""

_T = TypeVar("_T")


def months(first: int, last: int) -> Iterator[tuple[str, range]]:
    """Yield each month (UTC) from the first slot to the last as `2026-03`, with its slots."""
    start = datetime.fromtimestamp(first * SLOT, UTC)
    year, month = start.year, start.month
    while (begin := _slot(year, month)) <= last:
        after = (year + month // 12, month % 12 + 1)
        yield f"{year}-{month:02}", range(begin, _slot(*after))
        year, month = after


def _slot(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) // SLOT


def write(
    file: TextIO, ledger: CallLedger, series: Sequence[Labels], slots: range, until: int
) -> None:
    """Write the samples of some slots as OpenMetrics.

    Args:
        file: where to write.
        ledger: the calls; `finish` was called.
        series: the labels of its series, by number.
        slots: the slots to write.
        until: the last slot: no sample is later than its end. A sample from the future would keep
            Prometheus from accepting live ones.
    """
    file.writelines(_totals(ledger.calls(slots), series, until))
    file.writelines(_errors(ledger.errors(slots), series, until))
    file.writelines(_durations(ledger.calls(slots), series, until))
    file.write("# EOF\n")


def _points(slots: Iterable[tuple[int, _T]], zero: _T, until: int) -> Iterator[tuple[_T, str]]:
    """Yield the samples of a series, value and time, from the values of its slots."""
    midnight = until
    for slot, found in slots:
        if midnight <= slot and midnight < until:
            yield zero, str(midnight * SLOT)
        yield zero, f"{slot * SLOT}.001"
        yield found, str((slot + 1) * SLOT)
        midnight = (slot // DAY + 1) * DAY
        if midnight == slot + 1:
            midnight = until
    if midnight < until:
        yield zero, str(midnight * SLOT)


def _totals(cells: Iterable[CallCell], series: Sequence[Labels], until: int) -> Iterator[str]:
    labels = label_writer((*OPERATIONS.labels, "job"))
    yield openmetrics_header(OPERATIONS)
    for number, of_series in groupby(cells, itemgetter(0)):
        start = f"{OPERATIONS.name}{{{labels((*series[number], JOB))}}}"
        slots = (
            (slot, sum(cell[3] for cell in of_slot))
            for slot, of_slot in groupby(of_series, itemgetter(1))
        )
        yield "".join([f"{start} {value} {at}\n" for value, at in _points(slots, 0, until)])


def _errors(cells: Iterable[ErrorCell], series: Sequence[Labels], until: int) -> Iterator[str]:
    labels = label_writer((*OPERATION_ERRORS.labels, "job"))
    yield openmetrics_header(OPERATION_ERRORS)
    for (number, error), of_error in groupby(cells, itemgetter(0, 1)):
        name = ERROR_NAMES[error]
        values = (*series[number], name, str(ERROR_TYPES[name].fault), JOB)
        start = f"{OPERATION_ERRORS.name}{{{labels(values)}}}"
        slots = (cell[2:] for cell in of_error)
        yield "".join([f"{start} {value} {at}\n" for value, at in _points(slots, 0, until)])


def _durations(cells: Iterable[CallCell], series: Sequence[Labels], until: int) -> Iterator[str]:
    metric = OPERATION_DURATION
    names = (*metric.labels, "job")
    labels = label_writer(names)
    lines = HistogramLines(metric.name, names, metric.buckets)
    zero = HistogramValue([0] * (len(LATENCY_BUCKETS) + 1), 0.0)
    yield openmetrics_header(metric)
    for number, of_series in groupby(cells, itemgetter(0)):
        text = labels((*series[number], JOB))
        slots = (
            (slot, lines.write(text, _histogram(of_slot)))
            for slot, of_slot in groupby(of_series, itemgetter(1))
        )
        for written, at in _points(slots, lines.write(text, zero), until):
            yield written.replace("\n", f" {at}\n")


def _histogram(cells: Iterable[CallCell]) -> HistogramValue:
    counts, seconds = [0] * (len(LATENCY_BUCKETS) + 1), 0.0
    for _, _, bucket, calls, each in cells:
        counts[bucket] += calls
        seconds += each
    return HistogramValue(counts, round(seconds, 6))
