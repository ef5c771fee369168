"""Converts families to the data points of OpenTelemetry's SDK, ready for its exporter.

Imported only when something is pushed, because it imports that SDK.
"""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.sdk.metrics import Exemplar as SdkExemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Buckets,
    DataPointT,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    NumberDataPoint,
    Sum,
)
from opentelemetry.sdk.metrics.export import Metric as SdkMetric

from ..catalogue import Kind, Metric
from ..families import Count, DenseBuckets, Exemplar, HistogramValue, NativeHistogram

MOST_BUCKETS = 320
"""The most adjacent exponential buckets that are sent; with more, the resolution is halved.

OTLP has no gaps between buckets, so two distant ones would add thousands of zeros. Our recorder's
histograms stay below the limit; one that an application built itself might not.
"""


def to_point(
    metric: Metric,
    labels: tuple[str, ...],
    value: float | HistogramValue,
    *,
    start: int,
    now: int,
    exponential: bool,
) -> DataPointT:
    """Return the data point of one series.

    Args:
        metric: the series' metric.
        labels: its label values.
        value: its state, or its increase.
        start: Unix time in nanoseconds at which it was zero.
        now: Unix time in nanoseconds of the state.
        exponential: whether to send histograms with exponential buckets if they have any.
    """
    attributes = dict(zip(metric.labels, labels, strict=True))
    if not isinstance(value, HistogramValue):
        exemplars = [_exemplar(value.exemplar)] if isinstance(value, Count) else []
        return NumberDataPoint(attributes, start, now, float(value), exemplars)
    if exponential and value.native is not None:
        return _exponential_point(attributes, value, value.native, start, now)
    # Minimum and maximum are optional in OTLP and not known here; the SDK's classes do not say so.
    return HistogramDataPoint(
        attributes,
        start,
        now,
        count=sum(value.counts),
        sum=value.sum,
        bucket_counts=list(value.counts),
        explicit_bounds=metric.buckets,
        min=None,  # type: ignore[arg-type]
        max=None,  # type: ignore[arg-type]
        exemplars=_exemplars(value),
    )


def to_metrics(metric: Metric, points: list[DataPointT], *, delta: bool) -> list[SdkMetric]:
    """Return the metric with its points; two if some histograms lack exponential buckets."""
    temporality = AggregationTemporality.DELTA if delta else AggregationTemporality.CUMULATIVE
    data: list[Sum | Gauge | Histogram | ExponentialHistogram] = []
    if metric.kind is Kind.HISTOGRAM:
        if explicit := [point for point in points if isinstance(point, HistogramDataPoint)]:
            data.append(Histogram(explicit, temporality))
        if dense := [point for point in points if isinstance(point, ExponentialHistogramDataPoint)]:
            data.append(ExponentialHistogram(dense, temporality))
    else:
        numbers = [point for point in points if isinstance(point, NumberDataPoint)]
        is_sum = metric.kind is Kind.COUNTER
        data.append(Sum(numbers, temporality, is_monotonic=True) if is_sum else Gauge(numbers))
    return [SdkMetric(metric.otel_name, metric.help, metric.otel_unit, one) for one in data]


def _exponential_point(
    attributes: Mapping[str, str],
    value: HistogramValue,
    native: NativeHistogram,
    start: int,
    now: int,
) -> ExponentialHistogramDataPoint:
    scale, first, counts = _contiguous(native)
    return ExponentialHistogramDataPoint(
        attributes,
        start,
        now,
        count=sum(value.counts),
        sum=value.sum,
        scale=scale,
        zero_count=native.zero_count,
        # OpenTelemetry numbers a bucket by its lower bound, Prometheus by its upper one.
        positive=Buckets(first - 1, counts),
        negative=Buckets(0, []),
        flags=0,
        min=None,  # type: ignore[arg-type]
        max=None,  # type: ignore[arg-type]
        exemplars=_exemplars(value),
    )


def _contiguous(native: NativeHistogram) -> tuple[int, int, list[int]]:
    """Return schema, number of the first bucket, and counts without gaps."""
    if isinstance(native.buckets, DenseBuckets) and len(native.buckets.counts) <= MOST_BUCKETS:
        return native.schema, native.buckets.start, list(native.buckets.counts)
    schema, buckets = native.schema, dict(native.buckets)
    while buckets and max(buckets) - min(buckets) >= MOST_BUCKETS:
        schema -= 1
        merged: dict[int, int] = {}
        for index, count in buckets.items():
            half = -(-index >> 1)
            merged[half] = merged.get(half, 0) + count
        buckets = merged
    first, last = min(buckets, default=0), max(buckets, default=-1)
    return schema, first, [buckets.get(index, 0) for index in range(first, last + 1)]


def _exemplars(value: HistogramValue) -> list[SdkExemplar]:
    return [_exemplar(exemplar) for exemplar in (value.exemplars or {}).values()]


def _exemplar(exemplar: Exemplar) -> SdkExemplar:
    return SdkExemplar(
        filtered_attributes={},
        value=exemplar.value,
        time_unix_nano=round(exemplar.timestamp * 1e9),
        span_id=int(exemplar.span_id, 16),
        trace_id=int(exemplar.trace_id, 16),
    )
