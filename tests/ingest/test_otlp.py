"""What a request of `POST /v1/metrics` adds, and why one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from store_exporter.ingest.otlp import (
    PROTOBUF,
)
from tests.ingest.otlp_requests import CALLS, PATH, push, rejected, request
from tests.ingest.support import (
    CART,
    TOTAL,
    post,
    shown,
    taking,
)
from tests.server.support import ENVIRON, Running


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, 10, 3), (1, 20, 5)], 5),
        # Twice, and late.
        ([(1, 10, 3), (1, 20, 5), (1, 20, 5), (1, 10, 3)], 5),
        # The process began anew.
        ([(1, 10, 3), (15, 20, 2), (15, 30, 4)], 7),
        # Since when it counts is not known: counting begins with the first.
        ([(0, 10, 100), (0, 20, 103)], 3),
        ([(1, 10, 0)], 0),
    ],
)
async def test_totals_count_by_what_they_grew(
    running: Running, points: list[tuple[int, int, int]], expected: float
) -> None:
    for point in points:
        assert await rejected(running, request(point)) == (0, "")
    assert (await shown(running)).get((TOTAL, *CART), 0) == expected


async def test_totals_of_one_request_are_taken_in_their_order(running: Running) -> None:
    assert await rejected(running, request((1, 10, 3), (1, 20, 5), (25, 30, 1))) == (0, "")
    assert (await shown(running))[TOTAL, *CART] == 6


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([(10, 20, 5), (1, 30, 7)], "has an earlier start time than points received"),
        ([(1, 10, 5), (1, 20, 4)], "fell, or changed its buckets, without a new start time"),
        ([(1, 10, 5), (30, 20, 4)], "the time must be set, and must not be before"),
    ],
)
async def test_totals_that_cannot_be_are_refused_with_the_reason(
    running: Running, points: list[tuple[int, int, int]], reason: str
) -> None:
    await push(running, request(points[0]))
    count, message = await rejected(running, request(points[1]))
    assert count == 1
    assert reason in message
    assert (await shown(running))[TOTAL, *CART] == 5


async def test_totals_go_on_across_a_restart(tmp_path: Path) -> None:
    async with taking(tmp_path) as running:
        await push(running, request((1, 10, 3)))
    async with taking(tmp_path) as running:
        await push(running, request((1, 20, 5)))
        assert (await shown(running))[TOTAL, *CART] == 5


async def test_a_request_of_increases_that_is_sent_again_is_not_counted_again(
    tmp_path: Path,
) -> None:
    sent = request((1, 10, 3), delta=True)
    async with taking(tmp_path) as running:
        assert await rejected(running, sent) == (0, "")
        assert await rejected(running, sent) == (0, "")
    async with taking(tmp_path) as running:
        assert await rejected(running, sent) == (0, "")
        await push(running, request((10, 20, 4), delta=True))
        assert (await shown(running))[TOTAL, *CART] == 7


async def test_the_org_is_the_tokens_whatever_the_attributes_say(running: Running) -> None:
    await push(running, request((1, 10, 3), org="zen"))
    assert (await shown(running))[TOTAL, *CART] == 3


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"name": "http.server.duration"}, "only the metrics store.operations, "),
        ({"name": "store.operation.duration"}, "the unit must be s"),
        ({"name": "store.operation.errors", "error__type": "Unheard"}, "neither an error type nor"),
        ({"colour": "red"}, "once each: domain, operation, org, platform"),
        ({"domain": "zen.example"}, "domain: there is no store of this domain"),
        ({"platform": "shopify"}, "platform: the store runs woocommerce"),
    ],
)
async def test_what_is_not_of_the_contract_is_refused_and_the_rest_counted(
    running: Running, options: dict[str, Any], reason: str
) -> None:
    sent = request((1, 10, 3), **options)
    sent.MergeFrom(request((1, 10, 2)))
    count, message = await rejected(running, sent)
    assert count == 1
    assert reason in message
    assert (await shown(running))[TOTAL, *CART] == 2


@pytest.mark.parametrize("value", [-1, 1.5, float("nan"), float("inf"), 2.0**60])
async def test_counts_are_whole_numbers(running: Running, value: float) -> None:
    sent = request((1, 10, 3))
    sent.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[0].as_double = value
    assert await rejected(running, sent) == (
        1, "store.operations: must be a whole number of at least 0",
    )  # fmt: skip


async def test_other_buckets_are_refused_with_those_that_must_be(running: Running) -> None:
    sent = ExportMetricsServiceRequest()
    metric = (
        sent.resource_metrics.add()
        .scope_metrics.add()
        .metrics.add(name="store.operation.duration", unit="s")
    )
    metric.histogram.aggregation_temporality = 1
    point = metric.histogram.data_points.add(time_unix_nano=1, count=1, sum=1)
    point.bucket_counts.extend([1, 0])
    point.explicit_bounds.append(5)
    for key, text in CALLS.items():
        point.attributes.add(key=key).value.string_value = text
    count, message = await rejected(running, sent)
    assert count == 1
    assert message.endswith("must be 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30")


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"\xff\xff", {"Content_Type": PROTOBUF}, 400,
         "the body is not an ExportMetricsServiceRequest"),
        (b"{", {}, 400, "the body is not an ExportMetricsServiceRequest"),
        (b"[]", {}, 400, "the body is not an ExportMetricsServiceRequest"),
        (b"{}", {"Content_Type": "text/plain"}, 415,
         "the content type must be application/x-protobuf or application/json"),
        (b"{}", {"Content_Encoding": "gzip"}, 400, "the body is not gzip"),
        (b"{}", {"Authorization": "Bearer nobody"}, 401, "no org has this token"),
        (b"{}", {"Authorization": f"Bearer {ENVIRON['ZEN_TOKEN']}"}, 403,
         "a token with the scope ingest is needed"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
async def test_the_response_to_a_bad_request_has_a_status_for_its_kind(
    running: Running, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    answer = await post(running, body, path=PATH, **headers)
    assert answer.status == status
    if answer.headers["Content-Type"] == PROTOBUF:
        assert Status.FromString(answer.body).message == error
    else:
        assert answer.json == {"message": error}
