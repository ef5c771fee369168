"""Plain counters, gauges and histograms, and the groups that probes publish."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.catalogue import Metric, business, exporter, health
from store_exporter.metrics.families import Sample
from store_exporter.metrics.recorder import Recorder
from tests.fakes.clock import Clock
from tests.metrics.figures import histograms, series

SHOP = ("acme", "shop.example.com", "woocommerce")


@given(st.lists(st.tuples(st.sampled_from(["success", "failure"]), st.integers(0, 5))))
def test_increments_add_up(increments: list[tuple[str, int]]) -> None:
    recorder = Recorder()
    for result, amount in increments:
        recorder.inc(exporter.OTLP_PUSHES, (result,), amount)
    for result in ("success", "failure"):
        mine = [amount for name, amount in increments if name == result]
        found = series(recorder, "store_exporter_otlp_pushes_total").get((result,))
        assert found == (sum(mine) if mine else None)


def test_the_last_setting_of_a_gauge_counts() -> None:
    recorder = Recorder()
    for value in (3, 1, 2):
        recorder.set(exporter.STORES, ("woocommerce",), value)
    assert series(recorder, "store_exporter_stores") == {("woocommerce",): 2}


def test_observations_fill_the_metrics_own_buckets() -> None:
    recorder = Recorder()
    for lag in (0.005, 0.05, 100):
        recorder.observe(exporter.SCHEDULER_LAG, (), lag)
    (found,) = histograms(recorder, "store_exporter_scheduler_lag_seconds").values()
    assert list(found.counts) == [1, 1, 0, 0, 0, 0, 0, 0, 1]
    assert found.native is not None
    assert sum(found.native.buckets.values()) == 3


def test_writes_from_threads_are_all_applied() -> None:
    recorder = Recorder()

    def write() -> None:
        for _ in range(5000):
            recorder.inc(exporter.OTLP_PUSHES, ("success",))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder._instruments._journal) <= 1025
    assert series(recorder, "store_exporter_otlp_pushes_total") == {("success",): 20_000}


def test_a_write_while_somebody_reads_is_not_lost() -> None:
    recorder = Recorder()
    # As a finalizer or signal handler would that interrupts a thread while it reads.

    def write() -> None:
        for _ in range(3000):
            recorder.inc(exporter.OTLP_PUSHES, ("success",))

    recorder._instruments._lock.run(write)
    assert series(recorder, "store_exporter_otlp_pushes_total") == {("success",): 3000}


@pytest.mark.parametrize("amount", [-1, math.nan, math.inf])
def test_a_counter_only_grows(amount: float) -> None:
    with pytest.raises(ValueError, match="store_exporter_otlp_pushes_total grows by finite"):
        Recorder().inc(exporter.OTLP_PUSHES, ("success",), amount)


@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_a_histogram_takes_finite_values_that_are_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="store_exporter_scheduler_lag_seconds observes finite"):
        Recorder().observe(exporter.SCHEDULER_LAG, (), value)


def test_writing_to_a_metric_of_another_kind_is_refused() -> None:
    recorder = Recorder()
    with pytest.raises(ValueError, match="store_exporter_stores is a gauge"):
        recorder.inc(exporter.STORES, ("woocommerce",))
    with pytest.raises(ValueError, match="store_exporter_otlp_pushes_total is a counter"):
        recorder.set(exporter.OTLP_PUSHES, ("success",), 1)
    with pytest.raises(ValueError, match="store_exporter_stores is a gauge"):
        recorder.observe(exporter.STORES, ("woocommerce",), 1)


def test_the_wrong_number_of_labels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has the labels \('result',\), not 0 values"):
        Recorder().inc(exporter.OTLP_PUSHES)


def test_publishing_replaces_the_group() -> None:
    recorder = Recorder()
    first = [Sample(business.PRODUCTS, 5, {"stock": "in"}), Sample(health.UP, 1)]
    recorder.publish("stock", SHOP, first)
    recorder.publish("stock", SHOP, [Sample(business.PRODUCTS, 7, {"stock": "out"})])
    assert series(recorder, "store_products") == {(*SHOP, "out"): 7}
    assert series(recorder, "store_up") == {}


def test_groups_stand_beside_each_other() -> None:
    recorder = Recorder()
    recorder.publish(1, SHOP, [Sample(business.PRODUCTS, 5, {"stock": "in"})])
    recorder.publish(2, SHOP, [Sample(business.PRODUCTS, 7, {"stock": "out"})])
    assert series(recorder, "store_products") == {(*SHOP, "in"): 5, (*SHOP, "out"): 7}
    recorder.withdraw(1)
    recorder.withdraw("never published")
    assert series(recorder, "store_products") == {(*SHOP, "out"): 7}


def test_published_figures_disappear_when_they_are_too_old() -> None:
    clock = Clock()
    recorder = Recorder(monotonic=clock.now)
    recorder.publish("old", SHOP, [Sample(business.CUSTOMERS, 5)], ttl=10)
    recorder.publish("ageless", SHOP, [Sample(health.UP, 1)])
    clock.advance(9.9)
    assert series(recorder, "store_customers") == {SHOP: 5}
    clock.advance(0.1)
    assert series(recorder, "store_customers") == {}
    assert series(recorder, "store_up") == {SHOP: 1}


def test_publishing_again_begins_a_new_age() -> None:
    clock = Clock()
    recorder = Recorder(monotonic=clock.now)
    for _ in range(5):
        recorder.publish("fresh", SHOP, [Sample(business.CUSTOMERS, 5)], ttl=10)
        clock.advance(9)
    assert series(recorder, "store_customers") == {SHOP: 5}


def test_published_text_is_cleaned() -> None:
    recorder = Recorder()
    sample = Sample(business.REVENUE, 5, {"currency": "\ud800"})
    recorder.publish("revenue", ("a\0", *SHOP[1:]), [sample])
    assert series(recorder, "store_revenue_total") == {("a\ufffd", *SHOP[1:], "\ufffd"): 5}


@pytest.mark.parametrize(
    ("metric", "labels", "message"),
    [
        (business.PRODUCTS, {}, "store_products lacks the label stock"),
        (business.CUSTOMERS, {"age": "5"}, "store_customers has no label age"),
        (health.PROBE_DURATION, {"probe": "x"}, "cannot be published for a store"),
        (exporter.STORES, {"platform": "x"}, "cannot be published for a store"),
    ],
)
def test_samples_that_do_not_fit_their_metric_are_refused(
    metric: Metric, labels: dict[str, str], message: str
) -> None:
    recorder = Recorder()
    recorder.publish("group", SHOP, [Sample(health.UP, 1)])
    with pytest.raises(ValueError, match=message):
        recorder.publish("group", SHOP, [Sample(metric, 1, labels)])
    assert series(recorder, "store_up") == {SHOP: 1}
