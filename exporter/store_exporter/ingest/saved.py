"""How a series of reported operations is saved, and what is added to one, as JSON and back."""

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
"""A series as it is saved."""


AddedRow = tuple[
    str, str, str, str, int, Mapping[str, int], Sequence[float], Sequence[tuple[float, int]], float
]
"""What is added to a series, as it is saved."""


class SavedSeries(NamedTuple):
    """A series as an earlier process left it.

    Attributes:
        labels: of the series.
        totals: what it stood at.
        seen: whether a scraper had met it.
        behind: the first save that added to its saved totals; None where they are the last ones.
    """

    labels: Labels
    totals: Totals
    seen: bool
    behind: int | None = None


def row(labels: Labels, totals: Totals) -> Row:
    """Return what is saved of a series that stands at these totals."""
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
    """Return what is saved of an addition to a series."""
    return (
        *labels,
        addition.finished,
        addition.errors,
        addition.durations,
        addition.counts,
        addition.counts_sum,
    )


def added_text(rows: Sequence[AddedRow]) -> str:
    """Return what is added to series as one text."""
    return to_json(rows).decode()


def additions(text: str) -> Iterator[tuple[Labels, Addition]]:
    """Read what `added_text` made.

    Raises:
        ValueError, TypeError: it is none.
    """
    for org, domain, platform, operation, finished, errors, seconds, counts, total in json.loads(
        text
    ):
        pairs = [(within, count) for within, count in counts]
        addition = Addition(finished, dict(errors), list(seconds), pairs, total)
        yield (org, domain, platform, operation), addition


def grown(before: Totals, addition: Addition) -> Totals:
    """Return totals with an addition to failures of known types.

    Sums of seconds depend in their last digits on the order in which they were added up, and one
    that fell would read as a reset. So this one is above any of them, by some 1e-13 of it.
    """
    after = before.plus(addition, before.created)
    if after.histogram is not before.histogram:
        places = len(addition.durations) + len(addition.counts) + 1
        after.histogram.sum *= 1 + places * 2.0**-52
    return after


def totals(document: Sequence[Any], empty: Histogram) -> Totals:
    """Read the last column of what `row` made, as JSON reads it.

    Raises:
        ValueError: of other buckets than the recorder's.
        TypeError, OverflowError: it is none.
    """
    finished, errors, created, errors_created, total, zero, schema, start, bounds, cells = document
    if tuple(bounds) != tuple(empty.bounds) or (schema is None) != (empty.schema is None):
        raise ValueError("the buckets are others")
    histogram = Histogram(empty.bounds, native=schema is not None)
    # Of 64 bits, because more is to come to what may be close to 32.
    histogram.cells = array("Q", cells)
    histogram.schema, histogram.start = schema, start
    histogram.zero, histogram.sum = zero, total
    return Totals(finished, errors, histogram, created, errors_created)
