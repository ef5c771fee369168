"""Requests of OTLP, and what comes of sending them."""

from __future__ import annotations

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from store_exporter.ingest.otlp import (
    PROTOBUF,
)
from tests.ingest.support import (
    SHOP,
    post,
)
from tests.server.support import Answer, Running

PATH = "/v1/metrics"


CALLS = {"operation": "get_cart", "domain": SHOP, "platform": "woocommerce"}


def request(
    *values: tuple[int, int, int],
    name: str = "store.operations",
    delta: bool = False,
    **attributes: str,
) -> ExportMetricsServiceRequest:
    """Make a request of a sum's points, each given by start, time and value."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=name)
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = 1 if delta else 2
    for start, time, value in values:
        point = metric.sum.data_points.add(
            start_time_unix_nano=start, time_unix_nano=time, as_int=value
        )
        for key, text in {**CALLS, **attributes}.items():
            point.attributes.add(key=key.replace("__", ".")).value.string_value = text
    return request


async def push(running: Running, sent: ExportMetricsServiceRequest) -> Answer:
    return await post(running, sent.SerializeToString(), path=PATH, Content_Type=PROTOBUF)


async def rejected(running: Running, sent: ExportMetricsServiceRequest) -> tuple[int, str]:
    answer = await push(running, sent)
    assert (answer.status, answer.headers["Content-Type"]) == (200, PROTOBUF)
    partial = ExportMetricsServiceResponse.FromString(answer.body).partial_success
    return partial.rejected_data_points, partial.error_message
