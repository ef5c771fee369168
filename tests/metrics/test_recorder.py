"""The recorder: what goes in comes out, once, in the catalogue's order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakValueDictionary

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.errors import ERROR_TYPES
from store_exporter.lock import Lock
from store_exporter.metrics.catalogue import CATALOGUE, Kind, Metric, business, exporter, health
from store_exporter.metrics.families import Sample
from store_exporter.metrics.recorder import Recorder, default
from tests.fakes.clock import Clock
from tests.metrics.figures import families, histograms, only, operations, series
from tests.steps import counting

SHOP = ("acme", "shop.example.com", "woocommerce")
OTHER_SHOP = ("acme", "other.example.com", "woocommerce")

outcomes = st.one_of(st.none(), st.sampled_from(sorted(ERROR_TYPES)))
calls = st.lists(
    st.tuples(st.sampled_from(["get_cart", "check_order"]), outcomes, st.floats(0, 60)),
    max_size=80,
)


@given(calls, st.integers(0, 3))
def test_any_sequence_of_operations_adds_up(
    sequence: list[tuple[str, str | None, float]], left_open: int
) -> None:
    recorder = Recorder()
    for operation, error_type, seconds in sequence:
        handle = recorder.operation(*SHOP, operation)
        handle.start()
        if error_type is None:
            handle.finish(seconds)
        else:
            handle.fail(seconds, error_type)
    for _ in range(left_open):
        recorder.operation(*SHOP, "get_cart").start()

    found = operations(recorder)
    for operation in ("get_cart", "check_order"):
        mine = [call for call in sequence if call[0] == operation]
        opened = left_open if operation == "get_cart" else 0
        if not mine and not opened:
            assert (*SHOP, operation) not in found
            continue
        state = found[*SHOP, operation]
        assert state.total == state.observations == state.native_observations == len(mine)
        assert state.in_progress == opened
        assert state.duration is not None
        assert state.duration.sum == pytest.approx(sum(call[2] for call in mine))
        errors = [call[1] for call in mine if call[1] is not None]
        assert state.errors == {kind: errors.count(kind) for kind in set(errors)}


def test_threads_lose_nothing_while_others_read() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    begin = threading.Barrier(9)
    done = threading.Event()
    rounds = 5000

    def work() -> None:
        begin.wait()
        for number in range(rounds):
            handle.start()
            if number % 10:
                handle.finish(0.001 * (number % 7))
            else:
                handle.fail(0.5, "timeout")

    def read() -> None:
        begin.wait()
        before = 0.0
        while not done.is_set():
            for state in operations(recorder).values():
                assert state.in_progress >= 0
                assert state.total == state.observations == state.native_observations
                assert sum((state.errors or {}).values()) <= state.total
                assert state.total >= before
                before = state.total

    with ThreadPoolExecutor(9) as pool:
        reading = pool.submit(read)
        try:
            for worker in [pool.submit(work) for _ in range(8)]:
                worker.result()
        finally:
            done.set()
        reading.result()

    state = only(recorder)
    assert state.total == state.observations == state.native_observations == 8 * rounds
    assert state.errors == {"timeout": 8 * rounds / 10}
    assert state.in_progress == 0


def test_pending_durations_are_bounded() -> None:
    handle = Recorder().operation(*SHOP, "get_cart")
    for _ in range(20_000):
        handle.start()
        handle.finish(0.1)
    assert len(handle.durations) <= 512


def test_a_start_while_somebody_folds_is_not_lost() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    # As a finalizer or signal handler would that interrupts a thread while it folds.

    def work() -> None:
        for _ in range(20):
            handle.start()
        for _ in range(15):
            handle.finish(0.1)
        for _ in range(3):
            handle.fail(0.1, "timeout")

    recorder._series._folding.run(work)
    state = only(recorder)
    assert (state.total, state.in_progress, state.errors) == (18, 2, {"timeout": 3})


def test_many_failures_between_two_readings_are_all_counted() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    for _ in range(5000):
        handle.start()
        handle.fail(0.1, "timeout")
    assert len(recorder._series.failures) <= 1025
    assert only(recorder).errors == {"timeout": 5000}


def test_an_error_type_that_is_not_in_the_list_counts_as_exception() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    handle.fail(0.1, "made_up")
    assert only(recorder).errors == {"exception": 1}


def test_errors_carry_the_fault_of_their_type() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "add_to_cart")
    handle.start()
    handle.fail(0.1, "out_of_stock")
    assert series(recorder, "store_operation_errors_total") == {
        (*SHOP, "add_to_cart", "out_of_stock", "customer"): 1
    }


def test_the_same_labels_have_the_same_handle() -> None:
    recorder = Recorder()
    assert recorder.operation(*SHOP, "get_cart") is recorder.operation(*SHOP, "get_cart")


def test_a_finalizer_that_binds_the_same_labels_first_is_not_forgotten() -> None:
    recorder = Recorder()
    labels = ("acme", "shop", "woocommerce", "get_cart")

    class Interrupted(dict[object, object]):
        def pop(self, *_: object) -> None:
            recorder._series._forgotten = WeakValueDictionary()
            recorder.operation(*labels).start()
            recorder.operation(*labels).finish(0.1)

    recorder._series._forgotten = Interrupted()  # type: ignore[assignment]
    recorder.operation(*labels).start()
    recorder.operation(*labels).finish(0.1)
    found = only(recorder)
    assert (found.total, found.in_progress) == (2, 0)


def test_a_handle_that_recorded_nothing_has_no_series() -> None:
    recorder = Recorder()
    recorder.operation(*SHOP, "get_cart")
    assert operations(recorder) == {}
    assert series(recorder, "store_exporter_operation_series") == {(): 1}


def test_buckets_can_be_chosen() -> None:
    recorder = Recorder(buckets=(1, 2))
    handle = recorder.operation(*SHOP, "get_cart")
    for seconds in (0.5, 1.0, 1.5, 2.5):
        handle.start()
        handle.finish(seconds)
    family = families(recorder)["store_operation_duration_seconds"]
    assert family.metric.buckets == (1.0, 2.0)
    ((_, value),) = family.series
    assert list(value.counts) == [2, 1, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize("buckets", [(0.0, 1.0), (2.0, 1.0), (1.0, 1.0), (1.0, float("inf"))])
def test_buckets_that_make_no_sense_are_refused(buckets: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="buckets must be positive, finite and ascending"):
        Recorder(buckets=buckets)


def test_limits_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Recorder(max_series=0)


def test_without_native_histograms_there_are_none() -> None:
    recorder = Recorder(native=False)
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    handle.finish(0.1)
    duration = only(recorder).duration
    assert duration is not None
    assert duration.native is None


def test_families_come_in_the_catalogues_order() -> None:
    recorder = Recorder()
    recorder.operation(*SHOP, "get_cart").start()
    recorder.publish("cart", SHOP, [Sample(business.CUSTOMERS, 5), Sample(health.UP, 1)])
    recorder.inc(exporter.OTLP_PUSHES, ("success",))
    recorder.observe(exporter.SCHEDULER_LAG, (), 0.1)
    names = [family.metric.name for family in recorder.families()]
    assert names == [name for name in CATALOGUE if name in names]
    assert {"store_up", "store_customers", "store_exporter_otlp_pushes_total"} <= set(names)


def test_a_metric_outside_the_catalogue_comes_last() -> None:
    recorder = Recorder()
    own = Metric(Kind.COUNTER, "shop_visits_total", "Visits of a shop.", ("shop",))
    recorder.inc(own, ("a",), 2)
    last = list(recorder.families())[-1]
    assert last.metric is own
    assert dict(last.series) == {("a",): 2}


def test_each_series_shows_when_it_began() -> None:
    clock = Clock()
    recorder = Recorder(clock=clock.now)
    began = clock.time
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    clock.advance(100)
    handle.fail(0.1, "timeout")
    recorder.inc(health.API_THROTTLED, SHOP)
    found = families(recorder)
    assert [*found["store_operations_total"].created_times()] == [began]
    assert [*found["store_operation_duration_seconds"].created_times()] == [began]
    assert [*found["store_operation_errors_total"].created_times()] == [began + 100]
    assert [*found["store_api_throttled_total"].created_times()] == [began + 100]


def test_there_is_one_default_recorder() -> None:
    found: list[Recorder] = []
    threads = [threading.Thread(target=lambda: found.append(default())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_the_recorder_shows_its_version_and_begins_its_own_counters_at_zero() -> None:
    read = families(Recorder())
    ((_, info),) = read["store_exporter_build_info"].series
    assert info == 1
    for name in (
        "store_exporter_instrumentation_errors_total",
        "store_exporter_series_dropped_total",
    ):
        values = dict(read[name].series)
        assert values
        assert set(values.values()) == {0}


# Forgetting


def test_a_forgotten_store_has_no_series() -> None:
    recorder = Recorder()
    for shop in (SHOP, OTHER_SHOP):
        handle = recorder.operation(*shop, "get_cart")
        handle.start()
        handle.fail(0.1, "timeout")
        recorder.publish(("liveness", shop), shop, [Sample(health.UP, 1)])
        recorder.inc(health.API_REQUESTS, (*shop, "liveness"))
        recorder.observe(health.PROBE_DURATION, (*shop, "liveness"), 0.1)
    recorder.forget(SHOP)
    for family in recorder.families():
        if family.metric.labels[:3] == ("org", "domain", "platform"):
            assert [labels[:3] for labels, _ in family.series] == [OTHER_SHOP], family.metric.name


def test_a_handle_in_use_after_its_store_was_forgotten_counts_from_zero() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    for _ in range(100):
        handle.start()
        handle.finish(0.1)
    recorder.forget(SHOP)
    handle.start()
    handle.finish(0.1)
    assert recorder.operation(*SHOP, "get_cart") is handle
    assert only(recorder).total == 1
    assert only(recorder).in_progress == 0


def test_a_forgotten_handle_is_found_again_by_its_labels() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    recorder.forget(SHOP)
    again = recorder.operation(*SHOP, "get_cart")
    assert again is handle
    again.start()
    again.finish(0.1)
    handle.finish(0.2)
    assert (only(recorder).total, only(recorder).in_progress) == (2, 0)


def test_a_store_that_is_forgotten_just_as_its_operation_begins_breaks_nothing() -> None:
    recorder = Recorder()

    class ForgottenMeanwhile(Lock):
        def attempt(self, work: Any, *arguments: Any) -> bool:  # type: ignore[override]
            recorder.forget(SHOP)
            return super().attempt(work, *arguments)

    recorder._series._folding = ForgottenMeanwhile()
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    handle.finish(0.1)
    found = {family.metric: dict(family.series) for family in recorder.families()}
    assert set(found[exporter.INSTRUMENTATION_ERRORS].values()) <= {0}


def test_forgetting_does_not_end_operations_in_progress() -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    handle.start()
    recorder.forget(SHOP)
    handle.start()
    assert only(recorder).in_progress == 3
    for _ in range(3):
        handle.finish(0.1)
    assert (only(recorder).total, only(recorder).in_progress) == (3, 0)


# Failures of the instrumentation


def test_failures_are_counted_by_stage_and_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    recorder = Recorder(monotonic=clock.now)
    for _ in range(3):
        recorder.broke("labels", KeyError("a secret"), "get_cart")
    assert series(recorder, "store_exporter_instrumentation_errors_total")["labels",] == 3
    assert len(caplog.records) == 1
    recorder.broke("labels", KeyError("a secret"), "add_to_cart")
    assert len(caplog.records) == 2
    clock.advance(60)
    recorder.broke("labels", KeyError("a secret"), "get_cart")
    first, _, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("instrumentation of get_cart failed at stage labels (KeyError)")
    assert first.endswith("the operation is not affected")
    assert "2 failures like this one were not logged" in second
    assert "secret" not in caplog.text


def test_a_log_handler_that_raises_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("store_exporter.metrics.complaints._logger.warning", explode)
    recorder = Recorder()
    recorder.broke("labels")
    assert series(recorder, "store_exporter_instrumentation_errors_total")["labels",] == 1


def test_an_operation_does_not_notice_a_broken_histogram(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: object) -> None:
        raise ArithmeticError

    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    with monkeypatch.context() as broken:
        broken.setattr("store_exporter.metrics.histogram.Histogram.plus", explode)
        for _ in range(3000):
            handle.start()
            handle.finish(0.1)
    assert len(handle.durations) <= 512
    assert series(recorder, "store_exporter_instrumentation_errors_total")["record",] > 0
    assert only(recorder).in_progress == 0
    assert "ArithmeticError" in caplog.text
    assert histograms(recorder, "store_operation_duration_seconds")


def test_what_one_store_costs_does_not_depend_on_how_many_there_are() -> None:
    def work(stores: int) -> tuple[int, int]:
        recorder = Recorder()
        shops = [("acme", f"shop{number}.example", "woocommerce") for number in range(stores)]
        for shop in shops:
            recorder.inc(health.API_THROTTLED, shop, 0)
            recorder.publish(("up", shop[1]), shop, [Sample(health.UP, 1.0)])
            recorder.operation(*shop, "get_cart").expect()
        list(recorder.families())
        with counting() as publishing:
            recorder.publish(("up", shops[0][1]), shops[0], [Sample(health.UP, 0.0)])
        with counting() as forgetting:
            recorder.forget(shops[1])
        return publishing.count, forgetting.count

    work(20)
    few = work(20)
    assert min(few) > 10
    assert work(400) == few
