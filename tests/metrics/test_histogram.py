"""Buckets, classic and native, against definitions that need no floating point."""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.families import HistogramValue, NativeHistogram
from store_exporter.metrics.histogram import (
    FINEST_SCHEMA,
    MAX_NATIVE_BUCKETS,
    ZERO_THRESHOLD,
    Histogram,
    native_index,
    native_upper_bound,
)

BOUNDS = (0.005, 0.1, 1.0, 30.0)

positive = st.floats(
    min_value=ZERO_THRESHOLD, exclude_min=True, max_value=sys.float_info.max, allow_infinity=False
)
seconds = st.floats(min_value=0.0, max_value=1e6)


def belongs(value: float, index: int, schema: int) -> bool:
    """Whether base**(index - 1) < value <= base**index, with base = 2**(2**-schema), exactly."""
    if schema > 0:
        exact = Fraction(value) ** (1 << schema)
        return Fraction(2) ** (index - 1) < exact <= Fraction(2) ** index
    width = 1 << -schema
    return Fraction(2) ** ((index - 1) * width) < Fraction(value) <= Fraction(2) ** (index * width)


def filled(*batches: list[float]) -> HistogramValue:
    histogram = Histogram(BOUNDS)
    for batch in batches:
        histogram = histogram.plus(list(batch))
    return histogram.value()


def native_of(value: HistogramValue) -> NativeHistogram:
    assert value.native is not None
    return value.native


@given(positive, st.integers(-4, FINEST_SCHEMA))
def test_a_value_is_in_the_native_bucket_that_the_definition_says(
    value: float, schema: int
) -> None:
    assert belongs(value, native_index(value, schema), schema)


@given(st.integers(-120 * 8, 1000 * 8), st.integers(-4, FINEST_SCHEMA))
def test_a_buckets_upper_bound_is_the_last_float_in_it(finest: int, schema: int) -> None:
    index = -(-finest >> (FINEST_SCHEMA - schema))
    bound = native_upper_bound(index, schema)
    if bound == math.inf:
        return
    assert native_index(bound, schema) == index
    assert native_index(math.nextafter(bound, math.inf), schema) == index + 1


def test_powers_of_two_end_their_bucket() -> None:
    for exponent in range(-127, 1023):
        value = math.ldexp(1.0, exponent)
        assert native_index(value, 0) == exponent
        assert native_index(value, 3) == 8 * exponent
        assert native_index(math.nextafter(value, math.inf), 3) == 8 * exponent + 1


@given(st.lists(seconds, max_size=200))
def test_a_batch_counts_as_its_values_one_by_one(values: list[float]) -> None:
    together = filled(values)
    alone = filled(*([value] for value in values))
    assert list(together.counts) == list(alone.counts)
    assert native_of(together).schema == native_of(alone).schema
    assert dict(native_of(together).buckets) == dict(native_of(alone).buckets)
    assert native_of(together).zero_count == native_of(alone).zero_count


@given(st.lists(seconds, max_size=200))
def test_classic_buckets_hold_what_is_at_most_their_bound(values: list[float]) -> None:
    expected = Counter(bisect_left(BOUNDS, value) for value in values)
    assert list(filled(values).counts) == [expected[index] for index in range(len(BOUNDS) + 1)]


@given(st.lists(st.lists(st.one_of(seconds, positive), max_size=40), max_size=8))
def test_native_buckets_equal_a_count_at_the_final_resolution(batches: list[list[float]]) -> None:
    native = native_of(filled(*batches))
    values = [value for batch in batches for value in batch]
    nonzero = [value for value in values if value > ZERO_THRESHOLD]
    assert dict(native.buckets) == Counter(native_index(v, native.schema) for v in nonzero)
    assert native.zero_count == len(values) - len(nonzero)


@given(st.lists(positive, min_size=1, max_size=60))
def test_the_resolution_is_the_finest_within_the_limit(values: list[float]) -> None:
    native = native_of(filled(values))
    indexes = [native_index(value, native.schema) for value in values]
    assert max(indexes) - min(indexes) < MAX_NATIVE_BUCKETS
    if native.schema < FINEST_SCHEMA:
        finer = [native_index(value, native.schema + 1) for value in values]
        assert max(finer) - min(finer) >= MAX_NATIVE_BUCKETS


def test_zero_and_what_is_no_more_than_the_threshold_count_as_zero() -> None:
    native = native_of(filled([0.0, ZERO_THRESHOLD, math.nextafter(ZERO_THRESHOLD, 1.0)]))
    assert native.zero_count == 2
    assert sum(native.buckets.values()) == 1


def test_the_sum_is_that_of_the_observations() -> None:
    assert filled([0.5, 0.25], [1.0]).sum == 1.75


def test_without_native_there_is_none() -> None:
    assert Histogram(BOUNDS, native=False).plus([1.0]).value().native is None


@pytest.mark.parametrize(("code", "bits"), [("B", 8), ("H", 16), ("I", 32)])
def test_counts_beyond_their_bits_are_kept(code: str, bits: int) -> None:
    histogram = Histogram(BOUNDS).plus([0.5, 4.0])
    histogram.cells = array(code, histogram.cells)
    histogram.cells[2] = histogram.cells[-1] = 2**bits - 1  # classic for 0.5, native for 4.0
    value = histogram.plus([0.5, 4.0, 4.0]).plus([0.5]).value()
    assert list(value.counts) == [0, 0, 2**bits + 1, 3, 0]
    assert dict(native_of(value).buckets) == {-8: 3, 16: 2**bits + 1}


@pytest.mark.parametrize(("code", "bits"), [("B", 8), ("H", 16), ("I", 32)])
def test_halving_beyond_their_bits_keeps_the_counts(code: str, bits: int) -> None:
    histogram = Histogram(BOUNDS).plus([0.9, 0.99])
    histogram.cells = array(code, histogram.cells)
    first = len(BOUNDS) + 1
    histogram.cells[first:] = array(code, [2**bits - 1, 2**bits - 1])
    native = native_of(histogram.plus([1e6, 1e-6, 30.0]).value())
    assert native.schema == 2
    assert native.buckets[0] == 2 ** (bits + 1) - 2


def test_more_observations_than_any_but_the_widest_numbers_count_arrive_at_once() -> None:
    value = Histogram(BOUNDS).plus([0.5] * 70_000).value()
    assert list(value.counts) == [0, 0, 70_000, 0, 0]
    assert dict(native_of(value).buckets) == {-8: 70_000}


def test_a_histogram_never_changes() -> None:
    first = Histogram(BOUNDS).plus([1.0])
    value = first.value()
    first.plus([1.0, 20.0, 1e-9])
    assert sum(value.counts) == 1
    assert dict(native_of(value).buckets) == {0: 1}
    assert value.sum == 1.0


def test_dense_buckets_show_only_populated_ones() -> None:
    buckets = native_of(filled([0.5, 4.0])).buckets
    assert list(buckets.items()) == [(-8, 1), (16, 1)]
    assert len(buckets) == 2
    assert 0 not in buckets
    assert 17 not in buckets
