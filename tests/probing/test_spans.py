"""A run of a probe or collector is a span, and its requests are spans below it."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from store_exporter.calls.book import CallBook
from store_exporter.contract import Check, Collector, Report, Run
from store_exporter.errors import StoreError
from store_exporter.net.plans import Plan, Request, once
from store_exporter.probing.transport import Transport
from tests.fakes import bad_server
from tests.fakes.bad_server import serving
from tests.fakes.spans import kept
from tests.probing.bench import LABELS, Bench, Jobs

__all__ = ["kept"]


def asking(*requests: Request, fail: StoreError | None = None) -> Check:
    def check(_: Any, __: Run) -> Plan[Report]:
        for request in requests:
            yield from once(request)
        if fail is not None:
            raise fail
        return Report()

    return check


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_run_and_its_requests_are_one_trace(
    job: Jobs,
    kept: InMemorySpanExporter,
    transport: Transport,
) -> None:
    secret = "cs_fedcba9876543210"
    requests = Request("GET", "/one", {"key": secret}), Request("GET", f"/two?code={secret}")
    async with serving(bad_server.document({}, 503)) as server:
        await Bench(transport).run(job(asking(*requests), url=server.url))
    one, two, run = kept.get_finished_spans()
    assert (run.name, run.parent) == ("probe liveness", None)
    org, domain, platform = LABELS
    assert told(run) == {"org": org, "domain": domain, "platform": platform, "probe": "liveness"}
    assert run.status.status_code is trace.StatusCode.UNSET
    for span, path in ((one, "/one?key"), (two, "/two?code")):
        assert span.parent is not None
        assert run.context is not None
        assert span.parent.span_id == run.context.span_id
        assert (span.name, span.kind) == ("GET", trace.SpanKind.CLIENT)
        assert told(span)["url.full"] == f"{server.url}{path}=REDACTED"
        assert told(span)["http.response.status_code"] == 503
        assert span.status.status_code is trace.StatusCode.ERROR


async def test_a_failed_run_says_why_and_the_recent_calls_lead_to_it(
    job: Jobs,
    kept: InMemorySpanExporter,
) -> None:
    bench = Bench()
    bench.recorder.calls = calls = CallBook(clock=bench.clock.now)
    check = asking(fail=StoreError("server_error", "a secret <hidden in a message>"))
    await bench.run(job(check, kind=Collector))
    (run,) = kept.get_finished_spans()
    assert run.name == "collector orders"
    assert (told(run)["error.type"], told(run)["fault"]) == ("server_error", "store")
    assert run.status.status_code is trace.StatusCode.ERROR
    assert "hidden in a message" not in run.to_json()
    (call,) = calls.read(LABELS[0])
    assert run.context is not None
    assert call.trace_id == format(run.context.trace_id, "032x")


async def test_a_request_without_a_response_is_a_failed_span(
    job: Jobs,
    kept: InMemorySpanExporter,
    transport: Transport,
) -> None:
    async with serving(bad_server.reset) as server:
        await Bench(transport).run(job(asking(Request("GET", "/")), url=server.url))
    request, _ = kept.get_finished_spans()
    assert told(request)["error.type"] == "connection"
    assert "http.response.status_code" not in told(request)


async def test_a_request_that_takes_too_long_is_ended_with_its_run(
    job: Jobs,
    kept: InMemorySpanExporter,
    transport: Transport,
) -> None:
    async with serving(bad_server.hang) as server:
        await Bench(transport).run(job(asking(Request("GET", "/")), url=server.url, timeout=0.2))
    request, run = kept.get_finished_spans()
    assert told(request)["error.type"] in ("timeout", "cancelled")
    assert told(run)["error.type"] == "timeout"


async def test_without_a_provider_there_is_no_trace(job: Jobs) -> None:
    bench = Bench()
    bench.recorder.calls = calls = CallBook(clock=bench.clock.now)
    await bench.run(job(asking(fail=StoreError("server_error", "no"))))
    (call,) = calls.read(LABELS[0])
    assert call.trace_id == ""
