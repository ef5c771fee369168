"""`POST /v1/metrics`: what real OpenTelemetry SDKs send is counted, and nothing twice."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

from store_exporter.metrics.catalogue.operations import LATENCY_BUCKETS
from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import Recorder
from tests.ingest.otlp_requests import CALLS, PATH
from tests.ingest.support import (
    CART,
    DURATION,
    ERRORS,
    TOKEN,
    TOTAL,
    shown,
)
from tests.server.support import Running

STEPS = [
    [{**CALLS, "seconds": 0.2}, {**CALLS, "seconds": 0.02}],
    [],
    [{**CALLS, "seconds": 3, "error": "timeout"}, {**CALLS, "seconds": 0.2, "error": "ECONNRESET"}],
    [{**CALLS, "seconds": 0.2, "error": "timeout"}],
]


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
        timeout=180,
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
