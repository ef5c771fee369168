"""The protobuf format is what a real decoder reads, native histograms and exemplars included."""

from __future__ import annotations

import math
import struct
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given

from store_exporter.metrics.catalogue import exporter, operations
from store_exporter.metrics.exposition import render_protobuf
from store_exporter.metrics.families import (
    DenseBuckets,
    Exemplar,
    Family,
    HistogramValue,
    NativeHistogram,
)
from tests.metrics.exposition import client_model, examples


def decoded(*families: Family, classic: bool = True) -> list[Any]:
    return client_model.decode(b"".join(render_protobuf(families, classic=classic)))


def one_histogram(value: HistogramValue, *, classic: bool = True) -> Any:
    family = Family(operations.OPERATION_DURATION, [(examples.OPERATION, value)])
    [message] = decoded(family, classic=classic)
    return message.metric[0].histogram


def buckets_of(message: Any) -> dict[int, int]:
    """Undo spans and differences, by the definition of the format."""
    found: dict[int, int] = {}
    deltas = iter(message.positive_delta)
    index = count = 0
    for span in message.positive_span:
        index += span.offset
        for _ in range(span.length):
            count += next(deltas)
            if count:
                found[index] = count
            index += 1
    assert next(deltas, None) is None
    return found


def same(one: float, other: float) -> bool:
    return struct.pack("<d", one) == struct.pack("<d", other)


@given(examples.families())
def test_any_series_comes_back(family: Family) -> None:
    messages = decoded(family)
    if not list(family.series):
        assert messages == []
        return
    [message] = messages
    assert (message.name, message.help) == (family.metric.name, family.metric.help)
    for (values, value), metric in zip(family.series, message.metric, strict=True):
        assert tuple(label.value for label in metric.label) == values
        assert tuple(label.name for label in metric.label) == family.metric.labels
        if isinstance(value, HistogramValue):
            assert_histogram(metric.histogram, value)
        else:
            number = metric.counter if metric.HasField("counter") else metric.gauge
            assert same(number.value, float(value))


def assert_histogram(message: Any, value: HistogramValue) -> None:
    assert message.sample_count == sum(value.counts)
    assert message.sample_sum == value.sum
    cumulative = list(accumulate(value.counts))
    bounds = operations.OPERATION_DURATION.buckets
    by_bound = {bucket.upper_bound: bucket.cumulative_count for bucket in message.bucket}
    assert by_bound.pop(math.inf, cumulative[-1]) == cumulative[-1]
    assert by_bound == dict(zip(bounds, cumulative[:-1], strict=True))
    if value.native is None:
        assert len(message.positive_span) == 0
        return
    assert message.schema == value.native.schema
    assert message.zero_threshold == value.native.zero_threshold
    assert message.zero_count == value.native.zero_count
    assert buckets_of(message) == dict(value.native.buckets)


def test_kinds_units_and_times_are_declared() -> None:
    found = {message.name: message for message in decoded(*examples.one_of_each())}
    assert [(name, message.type, message.unit) for name, message in found.items()] == [
        ("store_operations_total", 0, ""),
        ("store_up", 1, ""),
        ("store_info", 1, ""),
        ("store_operation_duration_seconds", 4, "seconds"),
        ("store_example", 1, ""),
    ]
    created = found["store_operations_total"].metric[0].counter.created_timestamp
    assert (created.seconds, created.nanos) == (1_700_000_000, 250_000_000)
    duration = found["store_operation_duration_seconds"].metric[0].histogram
    assert duration.created_timestamp.seconds == 1_700_000_000


def test_an_exemplar_stays_at_its_bucket() -> None:
    value = examples.histogram([0.3], exemplars={6: examples.EXEMPLAR})
    [(bound, exemplar)] = [
        (bucket.upper_bound, bucket.exemplar)
        for bucket in one_histogram(value).bucket
        if bucket.HasField("exemplar")
    ]
    assert bound == 0.5
    assert [(label.name, label.value) for label in exemplar.label] == [
        ("trace_id", examples.EXEMPLAR.trace_id),
        ("span_id", examples.EXEMPLAR.span_id),
    ]
    assert exemplar.value == 0.3
    assert (exemplar.timestamp.seconds, exemplar.timestamp.nanos) == (1_700_000_001, 500_000_000)


def test_the_last_bucket_appears_for_its_exemplar_only() -> None:
    last = len(operations.OPERATION_DURATION.buckets)
    with_exemplar = examples.histogram([99.0], exemplars={last: examples.EXEMPLAR})
    assert one_histogram(with_exemplar).bucket[-1].upper_bound == math.inf
    assert one_histogram(examples.histogram([99.0])).bucket[-1].upper_bound == 30.0


def test_without_classic_buckets_exemplars_move_to_the_histogram() -> None:
    value = examples.histogram([0.3], exemplars={6: examples.EXEMPLAR})
    message = one_histogram(value, classic=False)
    assert len(message.bucket) == 0
    assert [exemplar.value for exemplar in message.exemplars] == [0.3]
    assert len(message.SerializeToString()) < len(one_histogram(value).SerializeToString()) / 2


def test_a_histogram_without_a_native_part_keeps_its_classic_buckets() -> None:
    value = HistogramValue([1] * 13, 1.0)
    assert len(one_histogram(value, classic=False).bucket) == 12


def test_an_unsound_exemplar_is_left_out() -> None:
    value = examples.histogram([0.3], exemplars={6: Exemplar("x" * 200, "1", 0.3, 1.0)})
    assert not any(bucket.HasField("exemplar") for bucket in one_histogram(value).bucket)


@pytest.mark.parametrize("buckets", [{}, DenseBuckets(0, [])])
def test_a_native_histogram_without_observations_is_still_known_as_native(buckets: Any) -> None:
    value = HistogramValue([0] * 13, 0.0, NativeHistogram(3, 0.0, 0, buckets))
    assert len(one_histogram(value).positive_span) == 1


def test_far_apart_buckets_become_spans_and_near_ones_are_joined() -> None:
    for buckets in ({-20: 1, -17: 2, 30: 5}, DenseBuckets(-20, [1, 0, 0, 2, *[0] * 46, 5])):
        native = NativeHistogram(3, 0.0, 0, buckets)
        message = one_histogram(HistogramValue([8, *[0] * 12], 1.0, native))
        spans = [(span.offset, span.length) for span in message.positive_span]
        assert spans == [(-20, 4), (46, 1)]
        assert list(message.positive_delta) == [1, -1, 0, 2, 3]


def test_what_utf8_cannot_hold_becomes_a_question_mark() -> None:
    [message] = decoded(Family(operations.OPERATIONS, [(("\ud800", "", "", ""), 1)]))
    assert [label.value for label in message.metric[0].label] == ["?", "", "", ""]


def test_a_histogram_without_labels_is_rendered() -> None:
    value = examples.histogram([0.3, 70.0], metric=exporter.SCHEDULER_LAG)
    [message] = decoded(Family(exporter.SCHEDULER_LAG, [((), value)]))
    assert len(message.metric[0].label) == 0
    counts = [bucket.cumulative_count for bucket in message.metric[0].histogram.bucket]
    assert counts == [0, 0, 0, 1, 1, 1, 1, 1]
