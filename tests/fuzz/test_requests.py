"""Whatever a request holds: an answer without an error of ours, and nothing of it in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yarl
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from store_exporter.errors import ERROR_TYPES
from store_exporter.metrics.catalogue.operations import LATENCY_BUCKETS
from store_exporter.net.redactor import Redactor
from store_exporter.server.process.logs import LineFormatter
from tests.fuzz import EXAMPLES
from tests.ingest.support import SHOP, TOKEN, figures, taking
from tests.server.support import SECRETS, Answer, Running, configuration

FORMATTER = LineFormatter("logfmt", Redactor())
PLANNED = {501, 503, 507}
"""What says that something cannot be had now, and is no mistake of the code."""
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

text = st.text(max_size=30) | st.sampled_from(
    [SHOP, "zen.example", "\x1b[2J", "\u202e", "\ud800", "a" * 1500, "-1", "7", "1e9", "٣", "\x00"]
)
scalars = (
    st.none()
    | st.booleans()
    | text
    | st.floats()
    | st.integers()
    | st.sampled_from([2**64, 10**400])
)
documents: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
deep = st.sampled_from([b"[" * 60_000, b'{"a":' * 20_000, b"[" * 30_000 + b"]" * 30_000])


def written(document: Any) -> bytes:
    try:
        return json.dumps(document).encode("utf-8", "surrogatepass")
    except ValueError:  # more digits than Python writes
        return b"1" * 5000


bodies = documents.map(written) | st.binary(max_size=300) | deep


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    stores = (("acme", SHOP, "http://127.0.0.1:9"), ("zen", "zen.example", "http://127.0.0.1:9"))
    scopes = "{token: env:ACME_TOKEN, scopes: [ingest, events, maintenance, read]}"
    config = configuration(*stores).replace("env:ACME_TOKEN", scopes)
    async with taking(tmp_path, config) as running:
        yield running


async def check(
    running: Running,
    logged: pytest.LogCaptureFixture,
    path: str,
    method: str,
    query: str = "",
    **options: Any,
) -> Answer:
    """Ask, and check what holds of every answer."""
    logged.clear()
    headers = {"Authorization": f"Bearer {TOKEN}", **options.pop("headers", {})}
    url = yarl.URL(f"{running.url}{path}?{query}", encoded=True)
    async with running.session.request(method, url, headers=headers, **options) as response:
        answer = Answer(response.status, response.headers, await response.read())
    assert answer.status < 500 or answer.status in PLANNED, logged.text
    assert not [record for record in logged.records if record.exc_info], logged.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    said = answer.body.decode(errors="replace") + "".join(
        FORMATTER.format(r) for r in logged.records
    )
    assert not [secret for secret in SECRETS if secret in said]
    assert "\x1b" not in said
    assert "\u202e" not in said
    return answer


names = st.sampled_from(["domain", "operation", "days", "limit", "target", "module", "debug", "x"])
queries = st.lists(st.tuples(names, text), max_size=4).map(
    lambda pairs: "&".join(f"{n}={quote(v.encode('utf-8', 'surrogatepass'))}" for n, v in pairs)
) | st.text(alphabet="%&=;+#a7\u00e4/", max_size=20).map(quote)


@fuzzed
@given(
    path=st.sampled_from(
        [
            *("/", "/probe", "/sd", "/config", "/runbooks/x", "/metrics"),
            *("/api/v1/health", "/api/v1/analytics", "/api/v1/maintenance"),
            *("/api/v1/calls", "/api/v1/events"),
        ]
    ),
    query=queries,
)
async def test_any_query_gets_a_response(
    running: Running, caplog: pytest.LogCaptureFixture, path: str, query: str
) -> None:
    answer = await check(running, caplog, path, "GET", query)
    if path.startswith("/api"):
        # What was requested is repeated there.
        found = {name: value for name, value in answer.json.items() if name != "filters"}
        assert "zen.example" not in json.dumps(found.get("health_checks", found))


marks = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("domain", "application", "version", "link", "time"), scalars)
)


@fuzzed
@given(body=bodies | marks.map(written))
async def test_any_event_is_taken_or_refused(
    running: Running, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    answer = await check(running, caplog, "/api/v1/events", "POST", data=body)
    if answer.status == 200:
        assert answer.json["domain"] in (SHOP, None)
    listed = await check(running, caplog, "/api/v1/events", "GET")
    assert listed.status == 200
    assert (await check(running, caplog, "/metrics", "GET")).status == 200


reasons = st.fixed_dictionaries({"domain": text, "for": text, "reason": text})


@fuzzed
@given(body=bodies | reasons.map(written), method=st.sampled_from(["POST", "DELETE"]))
async def test_any_maintenance_is_begun_or_refused(
    running: Running, caplog: pytest.LogCaptureFixture, body: bytes, method: str
) -> None:
    answer = await check(running, caplog, "/api/v1/maintenance", method, data=body)
    if answer.status == 200:
        assert answer.json["domain"] == SHOP
    listed = await check(running, caplog, "/api/v1/maintenance", "GET")
    assert listed.status == 200
    assert (await check(running, caplog, "/", "GET")).status == 200


calls = st.fixed_dictionaries(
    {"operation": text | st.just("get_cart"), "domain": text, "duration_seconds": scalars},
    optional={
        "error_type": text | st.sampled_from(sorted(ERROR_TYPES)),
        "error_class": text,
        "http_status": scalars,
        "time": scalars | st.just("2026-11-26T00:00:00+99:99"),
        "trace_id": text,
        "message": text,
    },
)
batches = st.lists(calls | documents, max_size=6)
lines = batches.map(lambda batch: b"\n".join(written(call) for call in batch))


@fuzzed
@given(
    body=bodies | batches.map(written) | lines | st.lists(deep, max_size=2).map(b"\n".join),
    kind=st.sampled_from(["application/json", "application/x-ndjson", "text/plain", ""]),
    coding=st.fixed_dictionaries(
        {"Content-Encoding": st.sampled_from(["", "gzip", "br", "identity"])},
        optional={"Idempotency-Key": st.text(alphabet="abc\t é", max_size=3)},
    ),
)
async def test_any_batch_is_counted_or_refused(
    running: Running,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    kind: str,
    coding: dict[str, str],
) -> None:
    caplog.set_level(logging.DEBUG, "store_exporter")
    headers = {"Content-Type": kind, **coding}
    for path in ("/api/v1/operations", "/api/v1/calls"):
        await check(running, caplog, path, "POST", data=body, headers=headers)
    await only_known_labels(running)


async def only_known_labels(running: Running) -> None:
    """Every series is of the token's org and its store, and failures are of the closed list."""
    for name, *labels in figures((await running.ask("/metrics")).text):
        assert labels[:3] == ["acme", SHOP, "woocommerce"]
        assert labels[3].isascii()
        if name.startswith("store_operation_errors"):
            assert labels[4] in ERROR_TYPES


sizes = st.sampled_from([0, 1, 2**31, 2**53, 2**63 - 1]) | st.integers(0, 100)
times = st.sampled_from(["0", "1", "1764100000000000000", str(2**64 - 1)])
attributes = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["domain", "operation", "platform", "org", "error.type", "x"]),
            "value": st.sampled_from(
                [{"stringValue": value} for value in (SHOP, "get_cart", "woocommerce", "timeout")]
                + [{"intValue": "7"}, {}, {"stringValue": "\x1b\u202e"}, {"arrayValue": {}}]
            ),
        }
    ),
    max_size=5,
) | st.just(
    [
        {"key": key, "value": {"stringValue": value}}
        for key, value in (("domain", SHOP), ("operation", "get_cart"))
    ]
)
points = st.fixed_dictionaries(
    {"attributes": attributes, "timeUnixNano": times},
    optional={
        "startTimeUnixNano": times,
        "flags": st.integers(0, 3),
        "asInt": sizes.map(str),
    },
) | st.fixed_dictionaries(
    {
        "attributes": attributes,
        "timeUnixNano": times,
        "asDouble": st.sampled_from(["NaN", "Infinity", -0.0, 1e308, 2.5, -1]),
    }
)
buckets = st.fixed_dictionaries(
    {
        "attributes": attributes,
        "timeUnixNano": times,
        "count": sizes.map(str),
        "sum": st.sampled_from(["NaN", "Infinity", 0, 1e308, 5e-324, -1]),
    }
)
explicit = st.tuples(buckets, st.lists(sizes.map(str), max_size=15)).map(
    lambda pair: {**pair[0], "bucketCounts": pair[1], "explicitBounds": [*LATENCY_BUCKETS]}
)
exponential = st.tuples(
    buckets,
    st.integers(-(2**31), 2**31 - 1),
    st.lists(sizes.map(str), max_size=9),
    st.integers(-12, 21),
).map(
    lambda parts: {
        **parts[0],
        "scale": parts[3],
        "zeroCount": "1",
        "positive": {"offset": parts[1], "bucketCounts": parts[2]},
    }
)
temporality = st.integers(0, 3)
metrics = st.one_of(
    st.tuples(temporality, st.lists(points, max_size=4), st.booleans()).map(
        lambda p: {"sum": {"aggregationTemporality": p[0], "dataPoints": p[1], "isMonotonic": p[2]}}
    ),
    st.tuples(temporality, st.lists(explicit, max_size=3)).map(
        lambda p: {"histogram": {"aggregationTemporality": p[0], "dataPoints": p[1]}}
    ),
    st.tuples(temporality, st.lists(exponential, max_size=3)).map(
        lambda p: {"exponentialHistogram": {"aggregationTemporality": p[0], "dataPoints": p[1]}}
    ),
)
named = st.tuples(
    metrics,
    st.sampled_from(
        ["store.operations", "store.operation.errors", "store.operation.duration", "x"]
    ),
    st.sampled_from(["s", "", "{operation}"]),
).map(lambda parts: {**parts[0], "name": parts[1], "unit": parts[2]})
pushes = st.lists(named, min_size=1, max_size=4).map(
    lambda found: {"resourceMetrics": [{"scopeMetrics": [{"metrics": found}]}]}
)


@fuzzed
@given(pushes, st.booleans())
async def test_any_otlp_request_is_counted_or_refused(
    running: Running, caplog: pytest.LogCaptureFixture, push: Any, binary: bool
) -> None:
    body, kind = json.dumps(push).encode(), "application/json"
    if binary:
        request = json_format.Parse(body, ExportMetricsServiceRequest())
        body, kind = request.SerializeToString(), "application/x-protobuf"
    headers = {"Content-Type": kind}
    answer = await check(running, caplog, "/v1/metrics", "POST", data=body, headers=headers)
    assert answer.status == 200
    await only_known_labels(running)


@fuzzed
@given(bodies, st.sampled_from(["application/json", "application/x-protobuf"]))
async def test_any_bytes_as_otlp_get_a_response(
    running: Running, caplog: pytest.LogCaptureFixture, body: bytes, kind: str
) -> None:
    headers = {"Content-Type": kind}
    await check(running, caplog, "/v1/metrics", "POST", data=body, headers=headers)
