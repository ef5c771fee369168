"""How a series of reported operations is saved: as a row of the ledger, and back."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from ..metrics.addition import Totals
from ..metrics.guard import Labels
from ..metrics.histogram import Histogram

Row = tuple[str, str, str, str, str]
"""A series as it is saved."""


class SavedSeries(NamedTuple):
    """A series as an earlier process left it; `seen` tells whether a scraper had met it."""

    labels: Labels
    totals: Totals
    seen: bool


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
