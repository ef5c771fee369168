"""Exemplars: the trace of an observation, where the application uses OpenTelemetry."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Tracer

from store_exporter.metrics.catalogue.operations import OPERATION_ERRORS
from store_exporter.metrics.families import Count, Exemplar
from store_exporter.metrics.handle import NEVER
from store_exporter.metrics.recorder import Recorder
from tests.fakes.clock import Clock
from tests.metrics.figures import only, series

LABELS = ("acme", "shop.example.com", "woocommerce", "get_cart")


@pytest.fixture
def tracer() -> Tracer:
    return TracerProvider(shutdown_on_exit=False).get_tracer("tests")


def exemplars(recorder: Recorder) -> dict[int, Exemplar]:
    duration = only(recorder).duration
    assert duration is not None
    return dict(duration.exemplars or {})


def run(recorder: Recorder, seconds: float) -> None:
    handle = recorder.operation(*LABELS)
    handle.start()
    handle.finish(seconds)


def test_the_active_sampled_trace_becomes_the_exemplar_of_its_bucket(tracer: Tracer) -> None:
    clock = Clock()
    recorder = Recorder(clock=clock.now, buckets=(0.1, 1.0))
    with tracer.start_as_current_span("request") as span:
        run(recorder, 0.5)
    context = span.get_span_context()
    assert exemplars(recorder) == {
        1: Exemplar(f"{context.trace_id:032x}", f"{context.span_id:016x}", 0.5, clock.time)
    }


def test_each_bucket_has_its_own(tracer: Tracer) -> None:
    recorder = Recorder(buckets=(0.1, 1.0))
    with tracer.start_as_current_span("request"):
        for seconds in (0.05, 0.5, 5.0):
            run(recorder, seconds)
    assert {bucket: found.value for bucket, found in exemplars(recorder).items()} == {
        0: 0.05,
        1: 0.5,
        2: 5.0,
    }


def test_a_young_exemplar_is_kept_and_an_older_one_replaced(tracer: Tracer) -> None:
    clock = Clock()
    recorder = Recorder(clock=clock.now, buckets=(1.0,))
    with tracer.start_as_current_span("request"):
        run(recorder, 0.5)
        run(recorder, 0.6)
        assert exemplars(recorder)[0].value == 0.5
        clock.advance(1)
        run(recorder, 0.7)
    assert exemplars(recorder)[0].value == 0.7


def test_traces_that_are_not_sampled_and_no_trace_leave_none() -> None:
    recorder = Recorder()
    run(recorder, 0.5)
    unsampled = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("tests")
    with unsampled.start_as_current_span("request"):
        run(recorder, 0.5)
    assert exemplars(recorder) == {}


def test_a_busy_handle_looks_for_the_traces_of_slow_operations_only(tracer: Tracer) -> None:
    clock = Clock()
    recorder = Recorder(clock=clock.now, buckets=(0.1, 1.0))
    handle = recorder.operation(*LABELS)
    for number in range(2000):
        run(recorder, 0.01 + number % 16 / 1000)
    assert 0.02 < handle.notable < 0.03
    with tracer.start_as_current_span("request"):
        run(recorder, 0.015)
        assert exemplars(recorder) == {}
        run(recorder, 0.5)
    assert list(exemplars(recorder)) == [1]


def test_of_a_large_batch_a_few_are_looked_at(tracer: Tracer) -> None:
    recorder = Recorder(buckets=(0.1, 1.0))
    handle = recorder.operation(*LABELS)
    with tracer.start_as_current_span("request"):
        for number in range(2048):
            run(recorder, 0.001 * (1 + number % 512))
    list(recorder.families())
    assert handle.notable == pytest.approx(0.001 * (512 - 8))


def test_failures_always_have_their_trace(tracer: Tracer) -> None:
    recorder = Recorder(buckets=(0.1, 1.0))
    handle = recorder.operation(*LABELS)
    for _ in range(2000):
        run(recorder, 0.5)
    with tracer.start_as_current_span("request"):
        handle.start()
        handle.fail(0.05, "timeout")
    assert list(exemplars(recorder)) == [0]


def error_exemplars(recorder: Recorder) -> dict[str, Exemplar]:
    (family,) = [f for f in recorder.families() if f.metric is OPERATION_ERRORS]
    return {
        labels[-2]: value.exemplar for labels, value in family.series if isinstance(value, Count)
    }


def test_each_error_type_has_the_trace_of_its_latest_failure(tracer: Tracer) -> None:
    clock = Clock()
    recorder = Recorder(clock=clock.now)
    handle = recorder.operation(*LABELS)
    traces = {}
    for error_type in ("timeout", "dns", "timeout"):
        with tracer.start_as_current_span("request") as span:
            handle.start()
            handle.fail(0.5, error_type)
        traces[error_type] = f"{span.get_span_context().trace_id:032x}"
        clock.advance(1)
    found = error_exemplars(recorder)
    assert {name: exemplar.trace_id for name, exemplar in found.items()} == traces
    assert {exemplar.value for exemplar in found.values()} == {1.0}


def test_a_young_exemplar_of_an_error_is_kept(tracer: Tracer) -> None:
    recorder = Recorder(clock=Clock().now)
    handle = recorder.operation(*LABELS)
    traces = []
    for _ in range(3):
        with tracer.start_as_current_span("request") as span:
            handle.start()
            handle.fail(0.5, "timeout")
        traces.append(f"{span.get_span_context().trace_id:032x}")
    assert error_exemplars(recorder)["timeout"].trace_id == traces[0]


def test_a_failure_outside_of_any_trace_has_none(tracer: Tracer) -> None:
    recorder = Recorder()
    handle = recorder.operation(*LABELS)
    handle.start()
    handle.fail(0.5, "timeout")
    assert error_exemplars(recorder) == {}


def test_tracing_that_raises_is_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode() -> None:
        raise ArithmeticError

    broken = SimpleNamespace(get_current_span=explode)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", broken)
    recorder = Recorder()
    run(recorder, 0.5)
    assert only(recorder).total == 1
    assert series(recorder, "store_exporter_instrumentation_errors_total")["exemplar",] == 1
    assert "ArithmeticError" in caplog.text


def test_without_opentelemetry_nothing_looks_for_traces() -> None:
    program = f"""
import sys
from store_exporter import Recorder
recorder = Recorder()
handle = recorder.operation{LABELS!r}
for number in range(100):
    handle.start()
    handle.finish(number)
list(recorder.families())
assert handle.notable == {NEVER!r}, handle.notable
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    program = program.replace("== inf", "== float('inf')")
    subprocess.run([sys.executable, "-c", program], check=True)
