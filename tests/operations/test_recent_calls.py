"""What `track` puts among the recent calls, where somebody shows them, and what it never does."""

from __future__ import annotations

import sys
import threading
from typing import Any

import httpx
import pytest

from store_exporter import StoreError, track
from store_exporter.calls.book import CallBook
from store_exporter.calls.store_calls import CallLimits
from store_exporter.metrics.recorder import Recorder
from tests.metrics.figures import series
from tests.operations.shop import Shop

STORE: Shop = {"org": "acme", "domain": "shop.example", "platform": "woocommerce"}


@pytest.fixture
def recorder() -> Recorder:
    recorder = Recorder()
    recorder.calls = CallBook(CallLimits(failures=5, slowest=3))
    return recorder


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an application without OpenTelemetry, whatever other tests have imported."""
    monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)


def messages(recorder: Recorder) -> list[tuple[str, str | None, str, int | None]]:
    book = recorder.calls
    assert book is not None
    found = book.read("acme", "shop.example")
    return [(call.operation, call.error_type, call.message, call.status) for call in found]


def test_an_exception_a_verdict_and_a_refusal_are_remembered(recorder: Recorder) -> None:
    @track("get_cart", recorder=recorder, **STORE)
    def fails() -> None:
        raise StoreError("unauthorized", "the key is wrong", status=401)

    with pytest.raises(StoreError):
        fails()
    with track("add_to_cart", recorder=recorder, **STORE) as operation:
        operation.fail("out_of_stock")
    with pytest.raises(httpx.HTTPStatusError), track("check_order", recorder=recorder, **STORE):
        httpx.Response(503, request=httpx.Request("GET", "http://x.example")).raise_for_status()
    found = messages(recorder)
    assert ("get_cart", "unauthorized", "the key is wrong", 401) in found
    assert ("add_to_cart", "out_of_stock", "", None) in found
    assert any(row[1] == "server_error" and row[3] == 503 for row in found)


async def test_coroutines_generators_and_threads_are_remembered(recorder: Recorder) -> None:
    @track("search_products", recorder=recorder, **STORE)
    async def awaits() -> None:
        raise TimeoutError("async")

    @track("list_products", recorder=recorder, **STORE)
    def yields() -> Any:
        yield 1
        raise TimeoutError("generator")

    @track("get_cart", recorder=recorder, **STORE)
    def threaded() -> None:
        raise TimeoutError("thread")

    def swallow() -> None:
        with pytest.raises(TimeoutError):
            threaded()

    with pytest.raises(TimeoutError):
        await awaits()
    with pytest.raises(TimeoutError):
        list(yields())
    thread = threading.Thread(target=swallow)
    thread.start()
    thread.join()
    assert {row[2] for row in messages(recorder)} == {
        f"TimeoutError: {where}" for where in ("async", "generator", "thread")
    }


def test_the_slowest_successes_are_remembered(recorder: Recorder) -> None:
    handle = recorder.operation(**STORE, operation="get_cart")
    for seconds in [0.1] * 600 + [5.0, 4.0, 0.2] + [0.1] * 600:
        handle.start()
        handle.finish(seconds)
    assert recorder.calls is not None
    assert [call.duration for call in recorder.calls.slowest("acme")] == [5.0, 4.0, 0.2]


@pytest.mark.usefixtures("untraced")
def test_once_the_slowest_are_known_other_calls_are_not_looked_at(recorder: Recorder) -> None:
    handle = recorder.operation(**STORE, operation="get_cart")
    for seconds in [9.0, 8.0, 7.0] + [0.1] * 600:
        handle.start()
        handle.finish(seconds)
    assert handle.notable == 7.0


@pytest.mark.usefixtures("untraced")
def test_without_a_list_nothing_is_looked_for() -> None:
    recorder = Recorder()
    handle = recorder.operation(**STORE, operation="get_cart")
    for _ in range(600):
        handle.start()
        handle.finish(0.1)
    assert handle.notable == float("inf")


def test_an_exception_that_cannot_be_read_is_counted_once_and_goes_on(recorder: Recorder) -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    with pytest.raises(OddError), track("get_cart", recorder=recorder, **STORE):
        raise OddError
    assert series(recorder, "store_operation_errors_total")[
        "acme", "shop.example", "woocommerce", "get_cart", "exception", "app"
    ] == 1  # fmt: skip
    assert series(recorder, "store_exporter_instrumentation_errors_total")["call",] == 1
    assert messages(recorder) == []


def test_an_operation_at_the_end_of_the_stack_is_counted_once(recorder: Recorder) -> None:
    @track("get_cart", recorder=recorder, **STORE)
    def recurse() -> None:
        recurse()

    with pytest.raises(RecursionError):
        recurse()
    labels = (STORE["org"], STORE["domain"], STORE["platform"])
    total = series(recorder, "store_operations_total")[*labels, "get_cart"]
    duration = series(recorder, "store_operation_duration_seconds_count")
    assert series(recorder, "store_operations_in_progress")[*labels, "get_cart"] == 0
    assert total >= 100
    assert duration == {} or duration[*labels, "get_cart"] == total
