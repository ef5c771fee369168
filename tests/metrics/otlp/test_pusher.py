"""The pusher delivers the state by both protocols, and nothing else when it cannot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult

from store_exporter.metrics.births import HORIZON
from store_exporter.metrics.catalogue import business, exporter, health
from store_exporter.metrics.families import Sample
from store_exporter.metrics.otlp import Pusher, start_otlp
from store_exporter.metrics.recorder import Recorder
from store_exporter.metrics.scrapers import Scraper
from tests.fakes.clock import Clock, SettableClock
from tests.metrics.otlp.receiver import RECEIVERS, Receiver, attributes

STORE = ("acme", "shop.example.com", "woocommerce")
REVENUE = (*STORE, "EUR")
Start = Callable[..., Pusher]


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep what the official exporter logs about failures out of the tests' output."""
    caplog.set_level(logging.CRITICAL, "opentelemetry")


@pytest.fixture(params=RECEIVERS)
def protocol(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def receiver(protocol: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with RECEIVERS[protocol]() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        yield receiver


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts pushers that push only when told to, and ends them."""
    pushers: list[Pusher] = []

    def start(recorder: Recorder, **arguments: Any) -> Pusher:
        pushers.append(start_otlp(recorder, **{"interval": 3600.0, **arguments}))
        return pushers[-1]

    yield start
    for pusher in pushers:
        pusher.shutdown()


def pushes(recorder: Recorder) -> dict[str, float]:
    [family] = [one for one in recorder.families() if one.metric is exporter.OTLP_PUSHES]
    return {labels[0]: value for labels, value in family.series if isinstance(value, float | int)}


def test_a_push_carries_counters_gauges_and_histograms(receiver: Receiver, start: Start) -> None:
    recorder = Recorder()
    operation = recorder.operation(*STORE, "add_to_cart")
    operation.start()
    operation.fail(0.25, "out_of_stock")
    recorder.publish("probe", STORE, [Sample(health.UP, 1.0)])
    assert start(recorder).flush()
    [duration] = receiver.points("store.operation.duration")
    assert (duration.count, duration.sum) == (1, 0.25)
    [error] = receiver.points("store.operation.errors")
    assert attributes(error)["error_type"] == "out_of_stock"
    [up] = receiver.points("store.up")
    assert (up.as_double, attributes(up)["domain"]) == (1.0, "shop.example.com")
    assert pushes(recorder) == {"success": 1, "failure": 0}


def test_a_process_that_is_scraped_as_well_says_once_that_operations_may_count_twice(
    receiver: Receiver, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    del receiver
    caplog.set_level(logging.WARNING, "store_exporter")
    clock = SettableClock()
    recorder = Recorder(monotonic=clock)
    pusher = start(recorder)
    assert pusher.flush()
    assert "twice" not in caplog.text
    recorder.scrape(Scraper(timeout=10.0))
    clock.now += HORIZON + 1
    assert pusher.flush()
    assert "twice" not in caplog.text
    recorder.scrape(Scraper(timeout=10.0))
    for _ in range(2):
        assert pusher.flush()
    assert caplog.text.count("counts each operation twice; do only one of the two") == 1


def test_the_resource_comes_from_the_variables_and_has_an_instance_id(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shopbot")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    start(Recorder()).flush()
    start(Recorder(), resource={"service.version": "7"}).flush()
    one, *_, other = receiver.resources()
    assert (one["service.name"], one["deployment.environment"]) == ("shopbot", "test")
    assert other["service.version"] == "7"
    assert one["service.instance.id"] != other["service.instance.id"]


def test_pushers_of_one_recorder_have_one_instance_id_so_nothing_counts_twice(
    receiver: Receiver, start: Start
) -> None:
    recorder = Recorder()
    assert start(recorder).flush()
    assert start(recorder).flush()
    assert len({resource["service.instance.id"] for resource in receiver.resources()}) == 1


def test_a_given_instance_id_is_kept(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=worker-1")
    start(Recorder()).flush()
    assert receiver.resources()[0]["service.instance.id"] == "worker-1"


def test_headers_and_compression_are_the_official_exporters(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-scope-orgid=acme")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    assert start(Recorder()).flush()
    assert receiver.headers[0]["x-scope-orgid"] == "acme"


def test_pushes_come_at_the_interval(receiver: Receiver, start: Start) -> None:
    start(Recorder(), interval=0.02)
    receiver.wait_for(requests=3)


def test_while_the_receiver_fails_pushes_fail_and_are_counted(
    receiver: Receiver, start: Start
) -> None:
    recorder = Recorder()
    pusher = start(recorder)
    receiver.failing = True
    recorder.inc(business.REVENUE, REVENUE, 5)
    assert not pusher.flush()
    assert not pusher.flush()
    assert pushes(recorder) == {"success": 0, "failure": 2}
    receiver.failing = False
    recorder.inc(business.REVENUE, REVENUE, 7)
    assert pusher.flush()
    [point] = receiver.points("store.revenue")
    assert point.as_double == 12
    assert pushes(recorder) == {"success": 1, "failure": 2}


def test_deltas_wait_for_a_receiver_that_accepts_them(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
    recorder = Recorder()
    operation = recorder.operation(*STORE, "add_to_cart")
    pusher = start(recorder)
    for seconds, failing in ((0.25, False), (0.5, True), (1.0, True), (2.0, False), (None, False)):
        receiver.failing = failing
        if seconds is not None:
            operation.start()
            operation.finish(seconds)
        assert pusher.flush() is not failing
    durations = receiver.points("store.operation.duration")
    assert [(point.count, point.sum) for point in durations] == [(1, 0.25), (3, 3.5)]
    assert durations[1].start_time_unix_nano == durations[0].time_unix_nano


@pytest.mark.parametrize("at_once", [True, False])
def test_deltas_of_several_pushers_of_one_recorder_count_once(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
    recorder = Recorder()
    operation = recorder.operation(*STORE, "add_to_cart")
    pushers = [start(recorder)]
    for _ in range(3):
        operation.start()
        operation.finish(0.25)
        assert all(pusher.flush() for pusher in pushers)
        if not at_once:
            pushers.pop().shutdown()
        pushers.append(start(recorder))
    assert sum(point.count for point in receiver.points("store.operation.duration")) == 3


def test_a_pusher_to_another_endpoint_brings_all_deltas(
    receiver: Receiver, protocol: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
    recorder = Recorder()
    operation = recorder.operation(*STORE, "add_to_cart")
    operation.start()
    operation.finish(0.25)
    assert start(recorder).flush()
    with RECEIVERS[protocol]() as other:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", other.endpoint)
        pusher = start(recorder)
        assert pusher.flush()
        pusher.shutdown()
        assert [point.count for point in other.points("store.operation.duration")] == [1]


def test_exponential_histograms_are_sent_if_requested(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
        "base2_exponential_bucket_histogram",
    )
    recorder = Recorder()
    recorder.observe(health.PROBE_DURATION, (*STORE, "api"), 0.3)
    assert start(recorder).flush()
    metrics = [one for one in receiver.metrics() if one.name == "store.probe.duration"]
    assert {one.WhichOneof("data") for one in metrics} == {"exponential_histogram"}


def test_many_series_travel_in_several_requests(receiver: Receiver, start: Start) -> None:
    recorder = Recorder()
    for number in range(2500):
        recorder.inc(business.REVENUE, (*STORE, f"currency {number}"), number)
    assert start(recorder).flush(20)
    # Before each request with values goes one with what the series began with.
    assert len(receiver.requests) == 2 * 3
    assert len(receiver.points("store.revenue")) == len(receiver.births("store.revenue")) == 2500


def test_a_series_begins_with_a_point_of_its_own_time(receiver: Receiver, start: Start) -> None:
    clock = Clock()
    recorder = Recorder(clock=clock.now)
    operation = recorder.operation(*STORE, "add_to_cart")
    operation.start()
    operation.finish(0.25)
    pusher = start(recorder)
    assert pusher.flush()
    clock.advance(5)
    operation.start()
    operation.fail(0.5, "timeout")
    assert pusher.flush()
    [total] = receiver.births("store.operations")
    [duration] = receiver.births("store.operation.duration")
    [error] = receiver.births("store.operation.errors")
    assert (total.as_double, duration.count, duration.sum, error.as_double) == (0, 0, 0, 0)
    assert total.start_time_unix_nano == duration.start_time_unix_nano
    assert error.start_time_unix_nano - total.start_time_unix_nano == 5e9
    totals = receiver.points("store.operations")
    assert [point.as_double for point in totals] == [1, 2]
    assert {p.start_time_unix_nano for p in totals} == {total.start_time_unix_nano}


def test_what_began_during_a_push_begins_at_the_same_time_in_each(
    receiver: Receiver, start: Start
) -> None:
    # A receiver takes a later start for a restart, and counts the whole value once more.
    recorder = Recorder()
    pusher = start(recorder)
    recorder.inc(business.REVENUE, REVENUE, 5)
    operation = recorder.operation(*STORE, "add_to_cart")
    operation.start()
    operation.fail(0.25, "timeout")
    assert pusher.flush()
    assert pusher.flush()
    for name in ("store.revenue", "store.operations", "store.operation.errors"):
        points = [*receiver.births(name), *receiver.points(name)]
        assert len(points) == 3
        assert len({point.start_time_unix_nano for point in points}) == 1, name


def test_a_counter_that_goes_on_begins_with_what_it_stood_at(
    receiver: Receiver, start: Start
) -> None:
    recorder = Recorder()
    recorder.publish("ledger", STORE, [Sample(business.ORDERS_PAID, 12, before=10)])
    assert start(recorder).flush()
    assert [point.as_double for point in receiver.births("store.orders.paid")] == [10]
    assert [point.as_double for point in receiver.points("store.orders.paid")] == [12]


def test_what_was_not_delivered_is_still_to_be_born(receiver: Receiver, start: Start) -> None:
    recorder = Recorder()
    pusher = start(recorder)
    recorder.inc(business.REVENUE, REVENUE, 5)
    receiver.failing = True
    assert not pusher.flush()
    receiver.failing = False
    assert pusher.flush()
    assert pusher.flush()
    assert len(receiver.births("store.revenue")) == 1


def test_shutdown_pushes_a_last_time(receiver: Receiver, start: Start) -> None:
    recorder = Recorder()
    pusher = start(recorder)
    recorder.inc(business.REVENUE, REVENUE, 5)
    assert pusher.shutdown()
    assert [point.as_double for point in receiver.points("store.revenue")] == [5]
    assert not pusher.shutdown()
    assert not pusher.flush()


def test_a_disabled_pusher_does_nothing(
    receiver: Receiver, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    threads = threading.active_count()
    pusher = start(Recorder())
    assert threading.active_count() == threads
    assert not pusher.flush()
    assert not pusher.shutdown()
    assert receiver.headers == []


class Stuck(MetricExporter):
    """An exporter that does not come back until it is shut down."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.let_go = threading.Event(), threading.Event()

    def export(self, *_: Any, **__: Any) -> Any:
        self.entered.set()
        self.let_go.wait()
        return MetricExportResult.FAILURE

    def force_flush(self, *_: Any) -> bool:
        return True

    def shutdown(self, *_: Any, **__: Any) -> None:
        self.let_go.set()


def test_a_stuck_endpoint_holds_up_neither_flush_nor_exit(start: Start) -> None:
    stuck = Stuck()
    pusher = start(Recorder(), exporter=lambda: stuck)
    assert not pusher.flush(timeout=0.01)
    assert stuck.entered.wait(10)
    assert not pusher.shutdown(timeout=0.01)
    assert stuck.let_go.is_set()


def test_an_exporter_that_breaks_is_counted_and_tried_again(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "store_exporter")

    def broken() -> MetricExporter:
        raise RuntimeError("no exporter today")

    recorder = Recorder()
    pusher = start(recorder, exporter=broken)
    assert not pusher.flush()
    assert not pusher.flush()
    assert pushes(recorder) == {"success": 0, "failure": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"protocol": "http/json"}, "protocol is one of http/protobuf, grpc"),
        ({"interval": -1.0}, "interval and exit_timeout are positive"),
        ({"exit_timeout": 0.0}, "interval and exit_timeout are positive"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        start_otlp(Recorder(), **arguments)
