"""What OpenTelemetry was given to prove who pushes is in no line of any log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc

from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.otlp.masking import Masking, secrets
from store_exporter.metrics.recorder import Recorder
from tests.fakes.handlers import Handler, handling

HEADERS = (
    "x-api-key=hunter2%2Fone,authorization=Basic%20aHVudGVyMg,no header=hunter2-three,"
    "x:hunter2-four,hunter2-five,user=hunter2-six"
)
SECRET = ("hunter2", "aHVudGVyMg")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged, as an application's own handler would write it."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@contextmanager
def answering(status: int, location: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve answers that repeat the request's headers; yields the address and the paths asked."""
    asked: list[str] = []

    class Endpoint(Handler):
        def respond(self) -> None:
            self.body()
            asked.append(self.path)
            headers = {"Location": location} if location else {}
            if self.command == "POST":
                self.answer(status, headers=headers, reason=" ".join(self.headers.values()))
            else:
                self.answer()

    with handling(Endpoint) as address:
        yield address.removeprefix("http://"), asked


def test_an_endpoint_that_repeats_what_it_was_sent_shows_no_log(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(401) as (address, _):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_HEADERS", HEADERS)
        endpoint = f"http://me:hunter2-pass@{address}/?key=hunter2-query"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", endpoint)
        pusher = start_otlp(Recorder(), interval=3600)
        assert not pusher.flush()
        pusher.shutdown()
    assert "batch code: 401" in written.getvalue()
    assert "Header format invalid!" in written.getvalue()
    assert [secret for secret in SECRET if secret in written.getvalue()] == []


def test_an_endpoint_of_grpc_that_repeats_what_it_was_sent_shows_no_log(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Service(metrics_service_pb2_grpc.MetricsServiceServicer):
        def Export(self, request: object, context: grpc.ServicerContext) -> None:  # noqa: ARG002, N802
            told = "\n".join(str(value) for _, value in context.invocation_metadata())
            context.abort(grpc.StatusCode.UNKNOWN, f"{told}\nforged line")

    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Service(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", HEADERS)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        pusher = start_otlp(Recorder(), interval=3600, protocol="grpc")
        assert not pusher.flush()
        pusher.shutdown()
        server.stop(grace=None).wait()
    assert "Failed to export" in written.getvalue()
    assert [secret for secret in SECRET if secret in written.getvalue()] == []
    assert "\nforged line" not in written.getvalue()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_is_no_success(
    status: int, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(200) as (elsewhere, led), answering(status, f"http://{elsewhere}/") as one:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{one[0]}")
        pusher = start_otlp(Recorder(), interval=3600)
        assert not pusher.flush()
        pusher.shutdown()
        assert set(one[1]) == {"/v1/metrics"}
        assert led == []
    assert "a redirect; none is followed" in written.getvalue()


def test_every_form_of_a_header_is_known() -> None:
    found = set(secrets({"OTEL_EXPORTER_OTLP_HEADERS": HEADERS, "OTHER_HEADERS": "x=other"}))
    assert {
        "hunter2%2Fone", "hunter2/one", "Basic aHVudGVyMg", "aHVudGVyMg", "hunter2-three",
        "hunter2-four", "hunter2-five", "hunter2-six",
    } <= found  # fmt: skip
    assert "other" not in found


def test_a_traceback_is_masked_as_well() -> None:
    masking = Masking()
    masking.learn({"OTEL_EXPORTER_OTLP_HEADERS": "x=hunter2"})
    try:
        raise ValueError("with hunter2")
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "it %s", "args": ("hunter2",), "exc_info": (
            ValueError, error, error.__traceback__)})  # fmt: skip
    assert masking.filter(record)
    formatted = logging.Formatter().format(record)
    assert formatted.startswith("it <masked>\n| Traceback")
    assert formatted.endswith("\n| ValueError: with <masked>")


def test_the_response_of_an_endpoint_is_cut() -> None:
    record = logging.makeLogRecord({"msg": "a" * 100_000})
    Masking().filter(record)
    assert len(record.getMessage()) < 2100
