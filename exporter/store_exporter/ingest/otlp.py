"""Reads the points of an OTLP request as plain data.

Only points of the contract in docs/applications.md are accepted. This module is imported only if
something is received by OTLP, because it needs opentelemetry-proto. Facts about the protocol are
from its version 1.10.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain, islice, pairwise
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    AGGREGATION_TEMPORALITY_DELTA,
    DataPointFlags,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)

from ..metrics.catalogue.operations import LATENCY_BUCKETS
from .body import JSON, BodyError
from .calls import FieldError, Tenant
from .ledger import MarkKey
from .streams import Buckets, Figure, Point, Values

PROTOBUF = "application/x-protobuf"
OPERATIONS, ERRORS = "store.operations", "store.operation.errors"
DURATION = "store.operation.duration"
_UNITS = {OPERATIONS: ("", "{operation}"), ERRORS: ("", "{operation}"), DURATION: ("s",)}
_LABELS = frozenset({"org", "domain", "platform", "operation"})
_ATTRIBUTES = {OPERATIONS: _LABELS, DURATION: _LABELS, ERRORS: _LABELS | {"error_type", "fault"}}
"""Attributes that a point may have, dots written as underscores; `org` and `fault` are not used."""
MAX_POINTS = 5000
_MAX_PARTS = 20 * MAX_POINTS
"""Most messages in a request. A point has fewer than twenty, and an empty message costs as much to
read as any other."""
_MOST_BUCKETS = 1000
_MOST_COUNT = 2**53


class PointError(Exception):
    """A point does not follow the contract; the message says why."""


def parsed(body: bytes, content_type: str) -> ExportMetricsServiceRequest:
    """Read a request. Call it in a thread, because large ones take a second.

    Raises:
        BodyError: the body is not a request, or has too many points.
    """
    request = ExportMetricsServiceRequest()
    try:
        if content_type == PROTOBUF:
            request.ParseFromString(body)
        elif content_type == JSON:
            if body.count(b"{") > _MAX_PARTS:
                raise _too_many()
            if not body.lstrip().startswith(b"{"):  # the parser reads an array as an empty request
                raise ValueError("no object")
            json_format.Parse(body, request, ignore_unknown_fields=True)
        else:
            raise BodyError(415, f"the content type must be {PROTOBUF} or {JSON}")
    except (DecodeError, json_format.ParseError, RecursionError, ValueError):
        raise BodyError(400, "the body is not an ExportMetricsServiceRequest") from None
    _check_size(request)
    return request


def _check_size(request: ExportMetricsServiceRequest) -> None:
    """Refuse a request with too many resources, scopes, metrics or points."""
    most = MAX_POINTS + 1
    resources = request.resource_metrics[:most]
    scopes = list(islice(chain.from_iterable(r.scope_metrics for r in resources), most))
    metrics = list(islice(chain.from_iterable(scope.metrics for scope in scopes), most))
    points = sum(len(_data(metric).data_points) for metric in metrics)
    if max(len(resources), len(scopes), len(metrics), points) > MAX_POINTS:
        raise _too_many()


def _too_many() -> BodyError:
    message = f"a request may have at most {MAX_POINTS} points or metrics; send it in parts"
    return BodyError(413, message)


def points(request: ExportMetricsServiceRequest, tenant: Tenant) -> Iterator[Point | PointError]:
    """Yield the points of a request, or a `PointError` for each that breaks the contract."""
    for source, metric in sources(request):
        data = _data(metric)
        try:
            _check_metric(metric)
        except PointError as error:
            yield from [error] * max(1, len(data.data_points))
            continue
        delta = data.aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA
        for point in data.data_points:
            if point.flags & DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK:
                continue
            try:
                yield _point(metric.name, point, source, tenant, delta=delta)
            except PointError as error:
                yield error


def sources(request: ExportMetricsServiceRequest) -> Iterator[tuple[bytes, Metric]]:
    """Yield each metric with the identity of its source, which has a fixed length."""
    for resource in request.resource_metrics:
        who = _digest(resource.resource.SerializeToString(deterministic=True))
        for scope in resource.scope_metrics:
            source = who + _digest(scope.scope.SerializeToString(deterministic=True))
            for metric in scope.metrics:
                yield source, metric


def _digest(*parts: bytes) -> bytes:
    identity = blake2b(digest_size=16)
    for part in parts:
        identity.update(len(part).to_bytes(8, "big") + part)
    return identity.digest()


def _data(metric: Metric) -> Any:
    return getattr(metric, metric.WhichOneof("data") or "sum")


def _check_metric(metric: Metric) -> None:
    """Check what all points of a metric have in common."""
    name, kind = metric.name, metric.WhichOneof("data")
    if name not in _UNITS:
        raise PointError(f"only the metrics {', '.join(_UNITS)} are accepted")
    if metric.unit not in _UNITS[name]:
        raise PointError(f"{name}: the unit must be {_UNITS[name][-1]}")
    data = _data(metric)
    if name == DURATION:
        if kind not in ("histogram", "exponential_histogram"):
            raise PointError(f"{name}: must be a histogram")
    elif kind != "sum" or not data.is_monotonic:
        raise PointError(f"{name}: must be a monotonic sum")
    known = (AGGREGATION_TEMPORALITY_DELTA, AGGREGATION_TEMPORALITY_CUMULATIVE)
    if data.aggregation_temporality not in known:
        raise PointError(f"{name}: the temporality must be delta or cumulative")


def _point(name: str, point: Any, source: bytes, tenant: Tenant, *, delta: bool) -> Point:
    attributes = _attributes(name, point.attributes)
    try:
        labels = tenant.labels(*map(attributes.get, ("domain", "platform", "operation")))
    except FieldError as error:
        raise PointError(f"{name}: {error.field}: {error}") from None
    error_type: str | None = ""
    if name == ERRORS:
        error_type = tenant.classes.named(attributes.get("error_type", ""), labels[2])
    if error_type is None:
        raise PointError(f"{name}: error.type is neither an error type nor a known error class")
    if isinstance(point, NumberDataPoint):
        values = Values(_number(name, point))
    elif isinstance(point, HistogramDataPoint):
        values = _explicit(name, point)
    else:
        values = _exponential(name, point)
    figure = {OPERATIONS: Figure.FINISHED, ERRORS: Figure.ERRORS, DURATION: Figure.DURATIONS}[name]
    start, at = point.start_time_unix_nano, point.time_unix_nano
    if not at or start > at:
        message = "the time must be set, and must not be before the start time"
        raise PointError(f"{name}: {message}")
    # Streams are distinguished by the same properties as in the sender's SDK.
    parts = (name, *(f"{key}={value}" for key, value in sorted(attributes.items())))
    identity = _digest(source, *(part.encode("utf-8", "replace") for part in parts))
    stream = MarkKey(tenant.org, "stream", identity.hex())
    return Point(stream, labels, figure, error_type, delta, start, at, values)


def _attributes(name: str, attributes: Sequence[KeyValue]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for attribute in attributes:
        key = attribute.key.replace(".", "_")
        if key not in _ATTRIBUTES[name] or key in found:
            allowed = ", ".join(sorted(_ATTRIBUTES[name])).replace("error_type", "error.type")
            raise PointError(f"{name}: only these attributes are allowed, once each: {allowed}")
        if not attribute.value.HasField("string_value"):
            raise PointError(f"{name}: the values of attributes must be strings")
        found[key] = attribute.value.string_value
    return found


def _number(name: str, point: NumberDataPoint) -> int:
    value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
    if not 0 <= value <= _MOST_COUNT or value != int(value):
        raise PointError(f"{name}: must be a whole number of at least 0")
    return int(value)


def _explicit(name: str, point: HistogramDataPoint) -> Values:
    if tuple(point.explicit_bounds) != LATENCY_BUCKETS:
        bounds = ", ".join(f"{bound:g}" for bound in LATENCY_BUCKETS)
        raise PointError(f"{name}: the bounds must be {bounds}")
    if len(point.bucket_counts) != len(LATENCY_BUCKETS) + 1:
        raise PointError(f"{name}: must have one more bucket than bounds")
    counts = {place: count for place, count in enumerate(point.bucket_counts) if count}
    return _histogram(name, point, Buckets(None, counts))


def _exponential(name: str, point: ExponentialHistogramDataPoint) -> Values:
    number = max(len(point.positive.bucket_counts), len(point.negative.bucket_counts))
    if number > _MOST_BUCKETS or not -10 <= point.scale <= 20:
        message = f"must have at most {_MOST_BUCKETS} buckets, and a scale from -10 to 20"
        raise PointError(f"{name}: {message}")
    if any(point.negative.bucket_counts):
        raise PointError(f"{name}: durations must not be negative")
    offset = point.positive.offset
    counts = {offset + i: count for i, count in enumerate(point.positive.bucket_counts) if count}
    exponents = (index / 2**point.scale for index in counts)
    if any(abs(exponent) > 1000 for exponent in exponents):
        raise PointError(f"{name}: durations must be in seconds")
    return _histogram(name, point, Buckets(point.scale, counts, point.zero_count))


def _histogram(name: str, point: Any, buckets: Buckets) -> Values:
    total = sum(buckets.counts.values()) + buckets.zero
    if total != point.count or total > _MOST_COUNT:
        raise PointError(f"{name}: the count must be the sum of the buckets")
    if not point.HasField("sum") or not 0 <= point.sum < math.inf or (point.sum and not total):
        raise PointError(f"{name}: the sum must be set, and match the observations")
    return Values(total, point.sum, buckets)


def bucket_midpoints() -> tuple[float, ...]:
    """Return a value within each bucket of the contract, at which its observations are placed."""
    inner = (math.sqrt(low * high) for low, high in pairwise(LATENCY_BUCKETS))
    return (LATENCY_BUCKETS[0] / 2, *inner, 2 * LATENCY_BUCKETS[-1])


def response(rejected: int, reasons: str, kind: str) -> tuple[bytes, str]:
    """Return the body and content type of the response to a request of a content type."""
    response = ExportMetricsServiceResponse()
    if rejected:
        response.partial_success.rejected_data_points = rejected
        response.partial_success.error_message = reasons
    return _encoded(response, kind)


def status(message: str, kind: str) -> tuple[bytes, str]:
    """Return the body and content type of an error as the response to a request."""
    return _encoded(Status(message=message), kind)


def _encoded(message: Message, kind: str) -> tuple[bytes, str]:
    if kind == JSON:
        return json_format.MessageToJson(message, indent=None).encode(), JSON
    return message.SerializeToString(), PROTOBUF
