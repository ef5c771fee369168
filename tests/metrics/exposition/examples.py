"""Families to render: one of each kind, and strategies for any."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from store_exporter.metrics.catalogue import Kind, Metric, business, health, operations
from store_exporter.metrics.families import (
    Count,
    DenseBuckets,
    Exemplar,
    Family,
    HistogramValue,
    NativeHistogram,
)

STORE = ("acme", "shop.example.com", "woocommerce")
OPERATION = (*STORE, "add_to_cart")
CREATED = 1_700_000_000.25
EXEMPLAR = Exemplar("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 0.3, 1_700_000_001.5)
ZERO_THRESHOLD = 2.0**-128


def histogram(
    observations: Iterable[float],
    *,
    metric: Metric = operations.OPERATION_DURATION,
    schema: int = 3,
    exemplars: dict[int, Exemplar] | None = None,
) -> HistogramValue:
    """Count observations one by one, by the definition of each bucket."""
    counts = [0] * (len(metric.buckets) + 1)
    native: dict[int, int] = {}
    total, zero = 0.0, 0
    for value in observations:
        total += value
        counts[sum(value > bound for bound in metric.buckets)] += 1
        if value <= ZERO_THRESHOLD:
            zero += 1
        else:
            index = math.ceil(math.log2(value) * 2**schema)
            native[index] = native.get(index, 0) + 1
    return HistogramValue(
        counts, total, NativeHistogram(schema, ZERO_THRESHOLD, zero, native), exemplars
    )


def one_of_each() -> list[Family]:
    """Return a counter, a gauge, an info metric, a histogram, and one without labels."""
    return [
        Family(
            operations.OPERATIONS,
            [(OPERATION, Count(7, EXEMPLAR)), ((*STORE, "get_order"), 2.5)],
            CREATED,
        ),
        Family(health.UP, [(STORE, 1.0)]),
        Family(health.INFO, [((*STORE, "11.0.1", "EUR", "Europe/Berlin", "hpos"), 1.0)]),
        Family(
            operations.OPERATION_DURATION,
            [(OPERATION, histogram([0.003, 0.3, 0.31, 31.0, 7.0], exemplars={6: EXEMPLAR}))],
            CREATED,
        ),
        Family(Metric(Kind.GAUGE, "store_example", 'With a \\, a\nand a "quote".'), [((), -0.5)]),
        Family(business.CUSTOMERS, []),
    ]


# Any text that UTF-8 can hold; what it cannot is a test of its own.
label_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.one_of(st.integers(0, 2**53), st.floats())
counts = st.integers(0, 2**40)


@st.composite
def native_histograms(draw: st.DrawFn) -> NativeHistogram:
    """Any native histogram, its buckets sparse or dense."""
    if draw(st.booleans()):
        buckets = draw(st.dictionaries(st.integers(-600, 600), st.integers(1, 2**40), max_size=20))
        return NativeHistogram(draw(st.integers(-4, 8)), ZERO_THRESHOLD, draw(counts), buckets)
    run = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 300, 2**33]), max_size=30))
    dense = DenseBuckets(draw(st.integers(-600, 600)), run)
    return NativeHistogram(draw(st.integers(-4, 8)), ZERO_THRESHOLD, draw(counts), dense)


@st.composite
def histogram_values(draw: st.DrawFn, buckets: int) -> HistogramValue:
    """Any state of a histogram with that many classic buckets."""
    return HistogramValue(
        draw(st.lists(counts, min_size=buckets + 1, max_size=buckets + 1)),
        draw(st.floats(0, allow_nan=False)),
        draw(st.none() | native_histograms()),
        draw(st.dictionaries(st.integers(0, buckets), st.just(EXEMPLAR), max_size=3)),
    )


class Source:
    """Yields one family of each kind."""

    def families(self) -> Iterator[Family]:
        return iter(one_of_each())


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Any series of a counter, a gauge or a histogram."""
    metric = draw(
        st.sampled_from([operations.OPERATIONS, health.UP, operations.OPERATION_DURATION])
    )
    is_histogram = metric.kind is Kind.HISTOGRAM
    value = histogram_values(len(metric.buckets)) if is_histogram else numbers
    labels = st.tuples(*[label_values] * len(metric.labels))
    series = draw(st.dictionaries(labels, value, max_size=4))
    return Family(metric, list(series.items()), draw(st.none() | st.just(CREATED)))
