"""Data points say in OTLP what the families say, bucket by bucket."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from store_exporter.metrics.catalogue import CATALOGUE, Metric, business, health, operations
from store_exporter.metrics.families import Count, HistogramValue, NativeHistogram
from store_exporter.metrics.otlp.deltas import _difference
from store_exporter.metrics.otlp.points import MOST_BUCKETS, to_metrics, to_point
from tests.metrics.exposition import examples
from tests.metrics.otlp.receiver import attributes

DURATION = operations.OPERATION_DURATION


def encoded(
    metric: Metric,
    labels: tuple[str, ...],
    value: float | HistogramValue,
    *,
    exponential: bool = False,
    delta: bool = False,
) -> Any:
    """The one metric, through the official encoder and back."""
    point = to_point(metric, labels, value, start=5, now=9, exponential=exponential)
    metrics = to_metrics(metric, [point], delta=delta)
    scope = ScopeMetrics(InstrumentationScope("tests"), metrics, "")
    request = encode_metrics(MetricsData([ResourceMetrics(Resource({}), [scope], "")]))
    [found] = request.resource_metrics[0].scope_metrics[0].metrics
    return found


def test_a_counter_is_a_monotonic_sum() -> None:
    found = encoded(business.REVENUE, (*examples.STORE, "EUR"), 12.5)
    assert (found.name, found.unit) == ("store.revenue", "{money}")
    assert found.sum.is_monotonic
    assert found.sum.aggregation_temporality == 2  # cumulative
    [point] = found.sum.data_points
    assert point.as_double == 12.5
    assert (point.start_time_unix_nano, point.time_unix_nano) == (5, 9)
    assert attributes(point) == dict(
        zip(business.REVENUE.labels, (*examples.STORE, "EUR"), strict=True)
    )


def test_a_counter_carries_the_trace_of_a_failure() -> None:
    labels = (*examples.OPERATION, "timeout", "store")
    value = Count(3, examples.EXEMPLAR)
    for sent in (value, _difference(value, 1.0)):
        assert sent is not None
        found = encoded(operations.OPERATION_ERRORS, labels, sent)
        [exemplar] = found.sum.data_points[0].exemplars
        assert exemplar.trace_id.hex() == examples.EXEMPLAR.trace_id
        assert exemplar.span_id.hex() == examples.EXEMPLAR.span_id


@pytest.mark.parametrize("metric", [health.UP, health.INFO])
def test_gauges_and_info_metrics_are_gauges_without_the_unit_1(metric: Metric) -> None:
    found = encoded(metric, ("x",) * len(metric.labels), 1)
    assert found.WhichOneof("data") == "gauge"
    assert found.unit == ""
    assert found.gauge.data_points[0].as_double == 1


def test_a_delta_says_so() -> None:
    assert encoded(business.REVENUE, ("x",) * 4, 1, delta=True).sum.aggregation_temporality == 1
    value = examples.histogram([0.2])
    found = encoded(DURATION, examples.OPERATION, value, delta=True)
    assert found.histogram.aggregation_temporality == 1


def test_an_explicit_histogram_keeps_its_buckets_and_exemplars() -> None:
    value = examples.histogram([0.003, 0.3, 99.0], exemplars={6: examples.EXEMPLAR})
    found = encoded(DURATION, examples.OPERATION, value)
    assert (found.name, found.unit) == ("store.operation.duration", "s")
    [point] = found.histogram.data_points
    assert list(point.bucket_counts) == list(value.counts)
    assert tuple(point.explicit_bounds) == DURATION.buckets
    assert (point.count, point.sum) == (3, pytest.approx(99.303))
    assert not point.HasField("min")
    assert not point.HasField("max")
    [exemplar] = point.exemplars
    assert exemplar.trace_id.hex() == examples.EXEMPLAR.trace_id
    assert exemplar.span_id.hex() == examples.EXEMPLAR.span_id
    assert (exemplar.as_double, exemplar.time_unix_nano) == (0.3, 1_700_000_001_500_000_000)


def test_an_exponential_bucket_lies_between_the_same_bounds() -> None:
    [point] = encoded(
        DURATION, examples.OPERATION, examples.histogram([1.0, 1.05, 8.0]), exponential=True
    ).exponential_histogram.data_points
    base = 2 ** (2**-point.scale)
    # OTLP: bucket i of offset + i counts values in (base**i, base**(i + 1)].
    bounds = [
        (base**index, base ** (index + 1))
        for index, count in enumerate(point.positive.bucket_counts, point.positive.offset)
        if count
    ]
    for value, (low, high) in zip((1.0, 1.05, 8.0), bounds, strict=True):
        assert low < value <= high * (1 + 1e-12)


@given(examples.native_histograms())
def test_no_observation_is_lost_in_exponential_buckets(native: NativeHistogram) -> None:
    value = HistogramValue([0] * 13, 1.0, native)
    found = encoded(DURATION, examples.OPERATION, value, exponential=True)
    [point] = found.exponential_histogram.data_points
    assert point.zero_count == native.zero_count
    assert sum(point.positive.bucket_counts) == sum(native.buckets.values())
    assert len(point.positive.bucket_counts) <= MOST_BUCKETS
    base = 2.0 ** (2.0**-point.scale)
    for index in native.buckets:
        upper = math.ceil(index * 2.0 ** (point.scale - native.schema))
        assert point.positive.bucket_counts[upper - 1 - point.positive.offset] > 0
    assert base > 1


def test_a_histogram_without_native_buckets_stays_explicit() -> None:
    value = HistogramValue([1] * 13, 1.0)
    found = encoded(DURATION, examples.OPERATION, value, exponential=True)
    assert found.WhichOneof("data") == "histogram"


def test_histograms_of_both_kinds_become_two_metrics_of_one_name() -> None:
    points = [
        to_point(DURATION, examples.OPERATION, value, start=5, now=9, exponential=True)
        for value in (HistogramValue([1] * 13, 1.0), examples.histogram([1.0]))
    ]
    found = to_metrics(DURATION, points, delta=False)
    assert [metric.name for metric in found] == ["store.operation.duration"] * 2


@pytest.mark.parametrize("metric", CATALOGUE.values(), ids=lambda metric: metric.name)
def test_receivers_turn_every_name_back_into_ours(metric: Metric) -> None:
    assert prometheus_name(metric) == metric.name


def prometheus_name(metric: Metric) -> str:
    """Translate as Prometheus does with its default strategy, UnderscoreEscapingWithSuffixes.

    From the rules in OpenTelemetry's specification of compatibility with Prometheus.
    """
    words = metric.otel_name.replace(".", "_").split("_")
    unit = metric.otel_unit
    if unit == "s" and words[-1] != "seconds":
        words.append("seconds")
    if metric.kind.value == "counter":
        words = [word for word in words if word != "total"] + ["total"]
    if metric.kind.value == "gauge" and unit == "1":
        words.append("ratio")
    assert unit in ("", "s") or (unit[0], unit[-1]) == ("{", "}")
    return "_".join(words)
