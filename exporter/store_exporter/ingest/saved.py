"""Converts series of reported operations, and additions to them, to JSON and back."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from ..metrics.addition import Addition, Totals
from ..metrics.guard import Labels
from ..metrics.histogram import Histogram

Row = tuple[str, str, str, str, str]
"""A series as it is saved: its labels, and its totals as JSON."""


AddedRow = tuple[
    str, str, str, str, int, Mapping[str, int], Sequence[float], Sequence[tuple[float, int]], float
]
"""An addition to a series as it is saved: the labels, then the addition's figures."""


class SavedSeries(NamedTuple):
    """A series as an earlier process left it.

    Attributes:
        seen: whether a scraper had received it.
        behind: the first save that added to its saved totals; None if none did.
    """

    labels: Labels
    totals: Totals
    seen: bool
    behind: int | None = None


def row(labels: Labels, totals: Totals) -> Row:
    """Return the row that saves a series with these totals."""
    histogram = totals.histogram
    document = (
        totals.finished,
        totals.errors,
        totals.created,
        totals.errors_created,
        histogram.sum,
        histogram.zero,
        histogram.schema,
        histogram.start,
        histogram.bounds,
        histogram.cells.tolist(),
    )
    return (*labels, to_json(document).decode())


def added_row(labels: Labels, addition: Addition) -> AddedRow:
    """Return the row that saves an addition to a series."""
    return (
        *labels,
        addition.finished,
        addition.errors,
        addition.durations,
        addition.counts,
        addition.counts_sum,
    )


def added_text(rows: Sequence[AddedRow]) -> str:
    """Return saved additions as one JSON text."""
    return to_json(rows).decode()


def additions(text: str) -> Iterator[tuple[Labels, Addition]]:
    """Yield the additions of a text that `added_text` made.

    Raises:
        ValueError, TypeError: the text is malformed.
    """
    for org, domain, platform, operation, finished, errors, seconds, counts, total in json.loads(
        text
    ):
        pairs = [(within, count) for within, count in counts]
        addition = Addition(finished, dict(errors), list(seconds), pairs, total)
        yield (org, domain, platform, operation), addition


def grown(before: Totals, addition: Addition) -> Totals:
    """Return the totals after an addition, whose error types they must have already.

    The last digits of a sum of seconds depend on the order in which it was added up, and a sum that
    fell would read as a reset. So this sum is raised above every possible one, by some 1e-13 of it.
    """
    after = before.plus(addition, before.created)
    if after.histogram is not before.histogram:
        places = len(addition.durations) + len(addition.counts) + 1
        after.histogram.sum *= 1 + places * 2.0**-52
    return after


def totals(document: Sequence[Any], empty: Histogram) -> Totals:
    """Return the totals of the last column of a `row`, decoded from JSON.

    Raises:
        ValueError: the buckets are not the recorder's.
        TypeError, OverflowError: the document is malformed.
    """
    finished, errors, created, errors_created, total, zero, schema, start, bounds, cells = document
    if tuple(bounds) != tuple(empty.bounds) or (schema is None) != (empty.schema is None):
        raise ValueError("the buckets are others")
    histogram = Histogram(empty.bounds, native=schema is not None)
    # 64 bits, because the counts may be close to 32 bits and will grow.
    histogram.cells = array("Q", cells)
    histogram.schema, histogram.start = schema, start
    histogram.zero, histogram.sum = zero, total
    return Totals(finished, errors, histogram, created, errors_created)
