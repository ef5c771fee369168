"""The span of an operation: one each, with its labels and how it ended, active while it runs."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace import Tracer as SdkTracer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from store_exporter import Recorder, StoreError, track
from store_exporter.calls.book import CallBook
from tests.fakes.signals import strike
from tests.fakes.spans import kept
from tests.metrics.figures import only, series
from tests.operations.shop import ERRORS, SHOP, STORE

__all__ = ["kept"]


def spans(kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in kept.get_finished_spans()}


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def current() -> int:
    return trace.get_current_span().get_span_context().span_id


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


LABELS = {**SHOP, "operation": "get_cart"}


def test_an_operation_is_one_span_with_its_labels(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    @track("get_cart", recorder=recorder, **SHOP)
    def cart() -> int:
        return current()

    active = cart()
    (span,) = kept.get_finished_spans()
    assert (span.name, attributes(span)) == ("get_cart", LABELS)
    assert id_of(span) == active
    assert current() == 0
    assert span.status.status_code is trace.StatusCode.UNSET


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("timeout", "of jane@example.com"), ("timeout", "store", "ERROR")),
        (StoreError("out_of_stock", "no"), ("out_of_stock", "customer", "UNSET")),
        (ZeroDivisionError("s3cret"), ("exception", "app", "ERROR")),
        (KeyboardInterrupt(), ("cancelled", "cancelled", "UNSET")),
    ],
)
def test_a_failure_is_reported_by_its_type_and_fault_and_without_its_message(
    recorder: Recorder,
    kept: InMemorySpanExporter,
    error: BaseException,
    told: tuple[str, str, str],
) -> None:
    error_type, fault, status = told

    @track("get_cart", recorder=recorder, **SHOP)
    def fails() -> None:
        raise error

    with pytest.raises(type(error)):
        fails()
    with pytest.raises(type(error)), track("get_cart", recorder=recorder, **SHOP):
        raise error
    for span in kept.get_finished_spans():
        assert attributes(span) == {**LABELS, "error.type": error_type, "fault": fault}
        assert (span.status.status_code.name, span.status.description) == (status, None)
        assert span.events == ()
    assert len(kept.get_finished_spans()) == 2


def test_a_verdict_ends_the_span_as_it_is_counted(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    @track("get_cart", recorder=recorder, failure=lambda result: result, **SHOP)
    def judged(result: str | None) -> str | None:
        return result

    judged("timeout")
    judged(None)
    with track("get_cart", recorder=recorder, **SHOP) as operation:
        operation.fail("dns")
    types = [attributes(span).get("error.type") for span in kept.get_finished_spans()]
    assert types == ["timeout", None, "dns"]


def test_blocks_nest(recorder: Recorder, kept: InMemorySpanExporter) -> None:
    outer, inner = (track(name, recorder=recorder, **SHOP) for name in ("outer", "inner"))
    with outer, inner, outer:
        pass
    innermost, middle, first = kept.get_finished_spans()
    assert [span.name for span in (innermost, middle, first)] == ["outer", "inner", "outer"]
    assert middle.parent is not None
    assert innermost.parent is not None
    assert (middle.parent.span_id, innermost.parent.span_id) == (id_of(first), id_of(middle))
    assert current() == 0


async def test_tasks_have_their_own_spans_and_children(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    tracer = trace.get_tracer("tests")

    @track("get_cart", labels=lambda _: STORE, recorder=recorder)
    async def cart(number: int) -> int:
        await asyncio.sleep(0)
        with tracer.start_as_current_span(f"child {number}"):
            await asyncio.sleep(0)
        return current()

    active = await asyncio.gather(*map(cart, range(5)))
    found = kept.get_finished_spans()
    assert {id_of(span) for span in found if span.name == "get_cart"} == set(active)
    for number, parent in enumerate(active):
        (child,) = [span for span in found if span.name == f"child {number}"]
        assert child.parent is not None
        assert child.parent.span_id == parent
    assert current() == 0


async def test_a_cancelled_coroutine_ends_its_span(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    @track("get_cart", recorder=recorder, **SHOP)
    async def waits() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (span,) = kept.get_finished_spans()
    assert attributes(span)["error.type"] == "cancelled"


def test_a_thread_has_a_span_of_its_own(recorder: Recorder, kept: InMemorySpanExporter) -> None:
    @track("get_cart", recorder=recorder, **SHOP)
    def cart() -> None:
        pass

    with trace.get_tracer("tests").start_as_current_span("request"):
        threads = [threading.Thread(target=cart) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    roots = [span for span in kept.get_finished_spans() if span.name == "get_cart"]
    assert [span.parent for span in roots] == [None] * 4


def test_the_span_of_a_generator_is_active_inside_and_not_outside(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    @track("list_products", recorder=recorder, **SHOP)
    def products() -> Iterator[int]:
        for _ in range(3):
            yield current()

    iterated = products()
    active = []
    for span_id in iterated:
        active.append(span_id)
        assert current() == 0
        if len(active) == 2:
            break
    iterated.close()  # type: ignore[attr-defined]
    (span,) = kept.get_finished_spans()
    assert active == [id_of(span)] * 2
    assert "error.type" not in attributes(span)
    assert current() == 0


async def test_an_async_generator_that_fails_ends_its_span(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    @track("list_products", recorder=recorder, **SHOP)
    async def products() -> AsyncIterator[int]:
        yield current()
        await asyncio.sleep(0)
        raise TimeoutError

    iterated = products()
    active = await anext(iterated)
    assert current() == 0
    # Another task, so another context, asks for the next item.
    with pytest.raises(TimeoutError):
        await asyncio.create_task(anext(iterated))  # type: ignore[arg-type]
    (span,) = kept.get_finished_spans()
    assert (id_of(span), attributes(span)["error.type"]) == (active, "timeout")
    assert current() == 0


def test_exemplars_and_recent_calls_lead_to_the_operations_span(
    recorder: Recorder, kept: InMemorySpanExporter
) -> None:
    recorder.calls = CallBook()
    with pytest.raises(TimeoutError), track("get_cart", recorder=recorder, **SHOP):
        raise TimeoutError
    (span,) = kept.get_finished_spans()
    assert span.context is not None
    trace_id = f"{span.context.trace_id:032x}"
    duration = only(recorder).duration
    assert duration is not None
    (exemplar,) = (duration.exemplars or {}).values()
    assert (exemplar.trace_id, exemplar.span_id) == (trace_id, f"{id_of(span):016x}")
    assert recorder.calls is not None
    assert [call.trace_id for call in recorder.calls.read("acme")] == [trace_id]


def test_it_can_be_switched_off(recorder: Recorder, kept: InMemorySpanExporter) -> None:
    recorder.spans = False
    with track("get_cart", recorder=recorder, **SHOP):
        assert current() == 0
    assert kept.get_finished_spans() == ()


def test_without_a_provider_there_is_no_span(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    handle = recorder.operation(**SHOP, operation="get_cart")
    with track("get_cart", recorder=recorder, **SHOP):
        assert current() == 0
    assert set(handle.tickets) == {None}


async def test_a_tracer_that_raises_is_counted_and_disturbs_nothing(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ArithmeticError

    tracer = SimpleNamespace(start_span=explode)
    provider = SimpleNamespace(get_tracer=lambda *_: tracer)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)

    @track("get_cart", recorder=recorder, **SHOP)
    def plain() -> int:
        return 1

    @track("get_cart", recorder=recorder, **SHOP)
    async def awaited() -> int:
        return 2

    @track("get_cart", recorder=recorder, **SHOP)
    def yields() -> Iterator[int]:
        yield 3

    assert (plain(), await awaited(), *yields()) == (1, 2, 3)
    assert only(recorder).total == 3
    assert series(recorder, ERRORS)["span",] == 3


@pytest.mark.parametrize("step", ["start_span", "end"])
def test_a_deadline_by_signal_in_a_tracer_reaches_the_application(
    recorder: Recorder, kept: InMemorySpanExporter, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LateError(Exception):
        pass

    def handler(_signum: int, _frame: object) -> None:
        raise LateError

    before = signal.signal(signal.SIGUSR1, handler)
    owner = SdkTracer if step == "start_span" else Span
    monkeypatch.setattr(owner, step, strike)

    @track("get_cart", recorder=recorder, **SHOP)
    def cart() -> None:
        pass

    try:
        with pytest.raises(LateError):
            cart()
        with pytest.raises(LateError), track("get_cart", recorder=recorder, **SHOP):
            pass
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert only(recorder).in_progress == 0
    assert current() == 0
