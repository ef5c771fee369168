"""`POST /v1/metrics`: what real OpenTelemetry SDKs send is counted, and nothing twice."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from hypothesis import assume, given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

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
from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import Recorder
from tests.ingest.support import (
    CART,
    DURATION,
    ERRORS,
    OTHER_SHOP,
    SHOP,
    TOKEN,
    TOTAL,
    post,
    reporting,
    shown,
    taking,
)
from tests.ingest.test_calls import TENANT
from tests.server.support import ENVIRON, Answer, Running

PATH = "/v1/metrics"
CALLS = {"operation": "get_cart", "domain": SHOP, "platform": "woocommerce"}
STEPS = [
    [{**CALLS, "seconds": 0.2}, {**CALLS, "seconds": 0.02}],
    [],
    [{**CALLS, "seconds": 3, "error": "timeout"}, {**CALLS, "seconds": 0.2, "error": "ECONNRESET"}],
    [{**CALLS, "seconds": 0.2, "error": "timeout"}],
]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with taking(tmp_path) as running:
        yield running


def check_figures(found: dict[tuple[str, ...], float]) -> None:
    assert found[TOTAL, *CART] == 5
    assert found[ERRORS, *CART, "timeout", "store"] == 2
    assert found[ERRORS, *CART, "connection", "store"] == 1
    assert found[f"{DURATION}_count", *CART] == 5
    assert found[f"{DURATION}_sum", *CART] == pytest.approx(3.62)
    assert {key[1:5] for key in found} == {CART}


@pytest.mark.parametrize("temporality", ["delta", "cumulative"])
@pytest.mark.parametrize(
    ("protocol", "histogram"),
    [("protobuf", "explicit"), ("json", "explicit"), ("json", "exponential")],
)
async def test_what_the_javascript_sdk_sends_is_counted(
    running: Running, node_folder: Path, temporality: str, protocol: str, histogram: str
) -> None:
    script = shutil.copy(Path(__file__).parent / "node" / "report.mjs", node_folder)
    options = {
        "url": running.url,
        "token": TOKEN,
        "protocol": protocol,
        "temporality": temporality,
        "histogram": histogram,
        "steps": STEPS,
    }
    done = await asyncio.to_thread(
        subprocess.run,
        ["node", script, json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    check_figures(await shown(running))
    if histogram == "explicit":
        text = (await running.ask("/metrics")).text
        expected = [0, 0, 1, 1, 1, 4, 4, 4, 4, 5, 5, 5, 5]
        assert buckets(text) == expected


def buckets(text: str) -> list[float]:
    lines = [line for line in text.splitlines() if line.startswith(f"{DURATION}_bucket")]
    return [float(line.split()[-1]) for line in lines]


def record(
    url: str, steps: Sequence[Sequence[dict[str, Any]]], *, delta: bool, exponential: bool
) -> None:
    """Record and push by the Python SDK."""
    temporality = AggregationTemporality.DELTA if delta else AggregationTemporality.CUMULATIVE
    exporter = OTLPMetricExporter(
        f"{url}{PATH}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        compression=Compression.Gzip,
        preferred_temporality={Counter: temporality, Histogram: temporality},
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    views = []
    if exponential:
        aggregation = ExponentialBucketHistogramAggregation(max_size=20)
        views = [View(instrument_name="store.operation.duration", aggregation=aggregation)]
    provider = MeterProvider([reader], views=views)
    meter = provider.get_meter("shopbot")
    operations = meter.create_counter("store.operations", "{operation}")
    errors = meter.create_counter("store.operation.errors", "{operation}")
    durations = meter.create_histogram(
        "store.operation.duration", "s", explicit_bucket_boundaries_advisory=LATENCY_BUCKETS
    )
    for step in steps:
        for call in step:
            attributes = {name: call[name] for name in CALLS}
            operations.add(1, attributes)
            durations.record(call["seconds"], attributes)
            if "error" in call:
                errors.add(1, {**attributes, "error.type": call["error"]})
        provider.force_flush()
    provider.shutdown()


@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("delta", [False, True])
async def test_what_the_python_sdk_sends_is_counted(
    running: Running, delta: bool, exponential: bool
) -> None:
    await asyncio.to_thread(record, running.url, STEPS, delta=delta, exponential=exponential)
    check_figures(await shown(running))


async def test_what_track_pushes_is_counted(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"Authorization=Bearer%20{TOKEN}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
    recorder = Recorder()
    handle = recorder.operation(*CART)
    for seconds in (0.2, 0.3):
        handle.start()
        handle.finish(seconds)
    handle.start()
    handle.fail(3, "timeout")
    pusher = start_otlp(recorder, interval=3600)
    # What is not of the contract, such as what the recorder tells of itself, is refused.
    await asyncio.to_thread(pusher.flush)
    await asyncio.to_thread(pusher.shutdown)
    found = await shown(running)
    assert found[TOTAL, *CART] == found[f"{DURATION}_count", *CART] == 3
    assert found[ERRORS, *CART, "timeout", "store"] == 1


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
        ([(10, 20, 5), (1, 30, 7)], "is of an earlier start than what was received"),
        ([(1, 10, 5), (1, 20, 4)], "fell, or changed its buckets, without a new start time"),
        ([(1, 10, 5), (30, 20, 4)], "the times are not set, or in the wrong order"),
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
        ({"colour": "red"}, "the attributes may be domain, operation, org, platform"),
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
        1, "store.operations: must be a whole number from 0",
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
         "the body is no ExportMetricsServiceRequest"),
        (b"{", {}, 400, "the body is no ExportMetricsServiceRequest"),
        (b"[]", {}, 400, "the body is no ExportMetricsServiceRequest"),
        (b"{}", {"Content_Type": "text/plain"}, 415,
         "the content type must be application/x-protobuf or application/json"),
        (b"{}", {"Content_Encoding": "gzip"}, 400, "the body is not gzip"),
        (b"{}", {"Authorization": "Bearer nobody"}, 401, "no org has this token"),
        (b"{}", {"Authorization": f"Bearer {ENVIRON['ZEN_TOKEN']}"}, 403,
         "a token with the scope ingest is needed"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
async def test_a_bad_request_is_answered_with_a_status_of_its_own_kind(
    running: Running, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    answer = await post(running, body, path=PATH, **headers)
    assert answer.status == status
    if answer.headers["Content-Type"] == PROTOBUF:
        assert Status.FromString(answer.body).message == error
    else:
        assert answer.json == {"message": error}


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


def test_sources_are_told_apart_by_little_however_much_they_say() -> None:
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
