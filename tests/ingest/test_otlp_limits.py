"""No request of `POST /v1/metrics` costs more than it may, whatever is in it."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from store_exporter.ingest.body import JSON, BodyError
from store_exporter.ingest.otlp import (
    PROTOBUF,
    PointError,
    bucket_midpoints,
    parsed,
    points,
    sources,
)
from store_exporter.ingest.streams import Point, add
from store_exporter.metrics.addition import Addition
from store_exporter.metrics.catalogue.operations import LATENCY_BUCKETS
from store_exporter.metrics.recorder import Recorder
from tests.ingest.otlp_requests import CALLS, PATH, rejected, request
from tests.ingest.support import (
    CART,
    DURATION,
    OTHER_SHOP,
    post,
    reporting,
    shown,
    taking,
)
from tests.ingest.test_calls import TENANT
from tests.server.support import ENVIRON, Running


async def test_more_points_than_a_request_may_have_are_refused(running: Running) -> None:
    sent = request(*[(1, 10, 1)] * 5001)
    answer = await post(
        running, gzip.compress(sent.SerializeToString()), path=PATH,
        Content_Type=PROTOBUF, Content_Encoding="gzip",
    )  # fmt: skip
    assert answer.status == 413


def hollow(*, resources: int = 1, scopes: int = 1, metrics: int = 1) -> bytes:
    """A request of much that holds nothing."""
    sent = ExportMetricsServiceRequest()
    for _ in range(resources):
        resource = sent.resource_metrics.add()
        for _ in range(scopes):
            scope = resource.scope_metrics.add()
            for _ in range(metrics):
                scope.metrics.add()
    body: bytes = sent.SerializeToString()
    return body


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (hollow(resources=5001, scopes=0), PROTOBUF),
        (hollow(scopes=5001, metrics=0), PROTOBUF),
        (hollow(resources=2, metrics=2501), PROTOBUF),
        (b'{"resourceMetrics":[' + b",".join([b"{}"] * 110_000) + b"]}", JSON),
    ],
    ids=["resources", "scopes", "metrics", "JSON"],
)
def test_what_is_empty_counts_as_well_for_it_takes_time_to_read(body: bytes, kind: str) -> None:
    with pytest.raises(BodyError) as refused:
        parsed(body, kind)
    assert refused.value.status == 413


def test_sources_are_distinguished_by_little_however_much_they_say() -> None:
    # It is read again for each point: hundreds of megabytes in a request of one.
    sent = request((1, 10, 1))
    sent.resource_metrics[0].resource.attributes.add(key="x").value.string_value = "y" * 900_000
    assert all(len(source) < 100 for source, _ in sources(sent))


async def test_an_attribute_that_is_there_twice_is_refused(running: Running) -> None:
    sent = request((1, 10, 3))
    point = sent.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[0]
    point.attributes.add(key="operation").value.string_value = "get_cart"
    count, message = await rejected(running, sent)
    assert count == 1
    assert "once each" in message


async def test_what_one_org_has_waiting_delays_another_by_one_request(tmp_path: Path) -> None:
    """A request of a megabyte of numbers takes a second to read, and an org may send 64 at once."""
    numbers = ",".join("1" * 15_000)
    point = f'{{"bucketCounts": [{numbers}]}}'
    metric = f'{{"histogram": {{"dataPoints": [{point}]}}}}'
    long = f'{{"resourceMetrics": [{{"scopeMetrics": [{{"metrics": [{metric}]}}]}}]}}'.encode()
    text = reporting().replace("[env:ZEN_TOKEN]", "[{token: env:ZEN_TOKEN, scopes: [ingest]}]")
    async with taking(tmp_path, text) as running:
        many = [asyncio.create_task(post(running, long, path=PATH)) for _ in range(12)]
        await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
        assert (await post(running, b"{}", path=PATH, token=ENVIRON["ZEN_TOKEN"])).status == 200
        assert sum(one.done() for one in many) < 8
        assert {answer.status for answer in await asyncio.gather(*many)} == {200}


def flood(points: int, count: int, seconds: float) -> bytes:
    """A request of increases that all are in one bucket of one series."""
    sent = ExportMetricsServiceRequest()
    metrics = sent.resource_metrics.add().scope_metrics.add().metrics
    data = metrics.add(name="store.operation.duration", unit="s").histogram
    data.aggregation_temporality = 1
    for number in range(points):
        point = data.data_points.add(time_unix_nano=1 + number, count=count, sum=seconds)
        point.explicit_bounds.extend(LATENCY_BUCKETS)
        point.bucket_counts.extend([count, *[0] * len(LATENCY_BUCKETS)])
        for key, text in CALLS.items():
            point.attributes.add(key=key).value.string_value = text
    body: bytes = sent.SerializeToString()
    return body


@pytest.mark.parametrize(
    "many", [(3, 2**52, 0.0), (2050, 2**53, 0.0), (1, 1, 1e308)], ids=["2**53", "2**64", "seconds"]
)
async def test_no_sender_has_a_series_count_what_no_number_holds(
    tmp_path: Path, many: tuple[int, int, float]
) -> None:
    """It would be shown as infinite, or break what others send at that moment."""
    grants = "[{token: env:ZEN_TOKEN, scopes: [ingest]}]"
    theirs = {"operation": "get_cart", "domain": OTHER_SHOP, "duration_seconds": 0.1}
    text = reporting().replace("[env:ZEN_TOKEN]", grants)
    async with taking(tmp_path, text) as running:
        refused, other = await asyncio.gather(
            post(running, flood(*many), path=PATH, Content_Type=PROTOBUF),
            post(running, [theirs], token=ENVIRON["ZEN_TOKEN"]),
        )
        assert (refused.status, other.status) == (400, 200)
        assert {key[1] for key in await shown(running)} == {"zen"}


async def test_what_a_series_has_already_counts_against_what_it_can(running: Running) -> None:
    # Others than the request before, because the same bytes count once.
    sent = [flood(1, 2**52, 0.0), flood(1, 2**52 + 2**20, 0.0), flood(1, 2**51, 1.0)]
    answers = [await post(running, body, path=PATH, Content_Type=PROTOBUF) for body in sent]
    assert [answer.status for answer in answers] == [200, 400, 200]
    assert (await shown(running))[f"{DURATION}_count", *CART] == 2**52 + 2**51


@given(st.binary(max_size=300))
def test_any_body_is_a_request_or_refused(body: bytes) -> None:
    status = 200
    for kind in (PROTOBUF, JSON):
        try:
            found = list(points(parsed(body, kind), TENANT))
        except BodyError as error:
            status = error.status
        else:
            assert all(isinstance(point, Point | PointError) for point in found)
        assert status in {200, 400}


@given(
    st.lists(st.integers(0, 50), min_size=13, max_size=13),
    st.integers(-3, 3),
    st.lists(st.integers(0, 9), max_size=40),
)
def test_histograms_lose_no_observation(counts: list[int], scale: int, more: list[int]) -> None:
    assume(any(counts) and any(more))
    sent = ExportMetricsServiceRequest()
    metrics = sent.resource_metrics.add().scope_metrics.add().metrics
    explicit = metrics.add(name="store.operation.duration", unit="s").histogram
    exponential = metrics.add(name="store.operation.duration", unit="s").exponential_histogram
    for data in (explicit, exponential):
        data.aggregation_temporality = 1
        point = data.data_points.add(time_unix_nano=1, sum=1.5)
        for key, text in CALLS.items():
            point.attributes.add(key=key).value.string_value = text
    explicit.data_points[0].count = sum(counts)
    explicit.data_points[0].bucket_counts.extend(counts)
    explicit.data_points[0].explicit_bounds.extend(LATENCY_BUCKETS)
    exponential.data_points[0].count = sum(more)
    exponential.data_points[0].scale = scale
    exponential.data_points[0].positive.offset = -20
    exponential.data_points[0].positive.bucket_counts.extend(more)
    first, second = points(sent, TENANT)
    assert isinstance(first, Point)
    assert isinstance(second, Point)
    recorder = Recorder()
    handle = recorder.operation(*CART)
    addition = Addition()
    add(addition, first, first.values, bucket_midpoints())
    recorder.add(handle, addition)
    totals = recorder.totals(handle).histogram
    assert totals.cells[:13].tolist() == counts
    assert totals.sum == 1.5
    add(addition, second, second.values, bucket_midpoints())
    recorder.add(handle, addition)
    after = recorder.totals(handle).histogram
    native = after.native()
    assert native is not None
    count = 2 * sum(counts) + sum(more)
    assert sum(after.cells[:13]) == count
    assert native.zero_count + sum(native.buckets.values()) == count
