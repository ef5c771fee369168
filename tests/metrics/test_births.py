"""Every scraper is shown a new series at zero once, and with its value from then on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.births import HORIZON
from store_exporter.metrics.catalogue import Kind, business, exporter, health
from store_exporter.metrics.families import HistogramValue, Sample
from store_exporter.metrics.recorder import Recorder
from store_exporter.metrics.scrapers import Scraper
from tests.fakes.clock import Clock

SHOP = ("acme", "shop.example.com", "woocommerce")
Key = tuple[str, tuple[str, ...]]


@dataclass
class Process:
    """A recorder, and what its scrapers have got by scraping it at a clock's time."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.recorder = Recorder(clock=self.clock.now, monotonic=self.clock.now)

    def call(self, operation: str = "get_cart", error_type: str | None = None) -> None:
        handle = self.recorder.operation(*SHOP, operation)
        handle.start()
        if error_type is None:
            handle.finish(0.1)
        else:
            handle.fail(0.1, error_type)

    def scrape(self, name: str = "a", *, fails: bool = False) -> dict[Key, float]:
        """Return all counters and counts of histograms as a scraper gets them."""
        look = self.recorder.scrape(Scraper(name, timeout=10))
        found: dict[Key, float] = {}
        for family in look.families:
            for labels, value in family.series:
                if isinstance(value, HistogramValue):
                    found[family.metric.name, labels] = sum(value.counts)
                    native = value.native
                    assert native is not None
                    assert sum(native.buckets.values()) + native.zero_count == sum(value.counts)
                    assert value.sum == pytest.approx(0.1 * sum(value.counts))
                elif family.metric.kind is Kind.COUNTER:
                    found[family.metric.name, labels] = value
        if not fails:
            look.complete()
        return found


@pytest.fixture
def process() -> Process:
    return Process()


TOTAL = ("store_operations_total", (*SHOP, "get_cart"))
COUNT = ("store_operation_duration_seconds", (*SHOP, "get_cart"))
ERRORS = ("store_operation_errors_total", (*SHOP, "get_cart", "timeout", "store"))


def test_a_new_series_is_shown_at_zero_and_at_the_next_scrape_with_its_value(
    process: Process,
) -> None:
    process.call()
    process.call(error_type="timeout")
    for expected in ((0, 0, 0), (2, 2, 1)):
        found = process.scrape()
        assert (found[TOTAL], found[COUNT], found[ERRORS]) == expected
        process.clock.advance(15)


def test_a_failed_call_is_in_the_total_the_errors_and_the_histogram_at_the_same_time(
    process: Process,
) -> None:
    process.call()
    process.scrape()
    process.call()
    process.call(error_type="timeout")
    process.call()
    found = process.scrape()
    # Only the failure is held back, not what succeeded meanwhile.
    assert (found[TOTAL], found[COUNT], found[ERRORS]) == (3, 3, 0)
    found = process.scrape()
    assert (found[TOTAL], found[COUNT], found[ERRORS]) == (4, 4, 1)


def test_each_scraper_is_shown_births_in_its_own_time(process: Process) -> None:
    process.call()
    assert process.scrape("every 15 s")[TOTAL] == 0
    process.clock.advance(15)
    assert process.scrape("every 15 s")[TOTAL] == 1
    process.clock.advance(45)
    assert process.scrape("every 60 s")[TOTAL] == 0
    assert process.scrape("every 15 s")[TOTAL] == 1
    process.clock.advance(60)
    assert process.scrape("every 60 s")[TOTAL] == 1


def test_a_scrape_that_failed_half_way_is_not_counted(process: Process) -> None:
    process.call()
    assert process.scrape(fails=True)[TOTAL] == 0
    process.clock.advance(15)
    assert process.scrape()[TOTAL] == 0
    process.clock.advance(15)
    process.call(error_type="timeout")
    assert process.scrape(fails=True)[TOTAL] == 1
    process.clock.advance(15)
    found = process.scrape()
    assert (found[TOTAL], found[ERRORS]) == (1, 0)
    assert process.scrape()[TOTAL] == 2


def test_a_response_that_took_longer_than_the_scraper_waits_is_not_counted(
    process: Process,
) -> None:
    process.call()
    look = process.recorder.scrape(Scraper("a", timeout=10))
    process.clock.advance(10.5)
    look.complete()
    assert process.scrape()[TOTAL] == 0


def test_somebody_who_comes_late_is_shown_what_is_old_as_it_is(process: Process) -> None:
    process.call()
    process.scrape()
    process.scrape()
    process.clock.advance(HORIZON - 1)
    assert process.scrape("late")[TOTAL] == 0
    process.clock.advance(2)
    assert process.scrape("later")[TOTAL] == 1


def test_whoever_is_no_scraper_is_shown_everything_and_changes_nothing(process: Process) -> None:
    process.call()
    [total] = [one for one in process.recorder.families() if one.metric.name == TOTAL[0]]
    assert [value for _, value in total.series] == [1]
    process.clock.advance(HORIZON + 1)
    assert process.scrape()[TOTAL] == 0


def test_operations_in_progress_are_shown_at_once(process: Process) -> None:
    process.recorder.operation(*SHOP, "get_cart").start()
    process.call(error_type="timeout")
    look = process.recorder.scrape(Scraper("a", timeout=10))
    [gauge] = [f for f in look.families if f.metric.name == "store_operations_in_progress"]
    assert [value for _, value in gauge.series] == [1]


def test_counters_and_histograms_off_the_hot_path_are_born_alike(process: Process) -> None:
    process.scrape()
    process.recorder.inc(health.API_THROTTLED, SHOP, 3)
    process.recorder.observe(health.PROBE_DURATION, (*SHOP, "api"), 0.1)
    process.recorder.set(health.UP, SHOP, 1)
    throttled = (health.API_THROTTLED.name, SHOP)
    probe = (health.PROBE_DURATION.name, (*SHOP, "api"))
    for expected in ((0, 0), (3, 1)):
        found = process.scrape()
        assert (found[throttled], found[probe]) == expected


def test_a_published_counter_begins_with_what_it_stood_at_before(process: Process) -> None:
    def publish(paid: int, before: int | None, ttl: float | None = None) -> None:
        sample = Sample(business.ORDERS_PAID, paid, before=before)
        process.recorder.publish("orders", SHOP, [sample], ttl=ttl)

    paid = (business.ORDERS_PAID.name, SHOP)
    publish(1234, 1230)
    assert process.scrape()[paid] == 1230
    publish(1236, 1234)
    assert process.scrape()[paid] == 1236
    publish(1237, 1236, ttl=10)
    process.clock.advance(11)
    assert paid not in process.scrape()
    publish(1240, 1237)
    assert process.scrape()[paid] == 1237
    assert process.scrape()[paid] == 1240


def test_a_published_counter_of_which_that_is_not_known_is_shown_as_it_is(
    process: Process,
) -> None:
    process.recorder.publish("orders", SHOP, [Sample(business.ORDERS_PAID, 1234)])
    assert process.scrape()[business.ORDERS_PAID.name, SHOP] == 1234


def test_a_store_that_is_forgotten_and_comes_back_is_born_again(process: Process) -> None:
    process.call(error_type="timeout")
    process.scrape()
    process.scrape()
    process.recorder.forget(SHOP)
    assert TOTAL not in process.scrape()
    process.call(error_type="timeout")
    for expected in ((0, 0), (1, 1)):
        found = process.scrape()
        assert (found[TOTAL], found[ERRORS]) == expected


def test_what_the_recorder_shows_about_itself_is_born_alike() -> None:
    process = Process()
    process.recorder = Recorder(monotonic=process.clock.now, max_series=1)
    process.call()
    process.call("check_order")
    process.recorder.broke("labels")
    dropped = (exporter.SERIES_DROPPED.name, ("series",))
    broken = (exporter.INSTRUMENTATION_ERRORS.name, ("labels",))
    for expected in ((0, 0), (1, 1)):
        found = process.scrape()
        assert (found[dropped], found[broken]) == expected


calls = st.tuples(
    st.sampled_from(["get_cart", "check_order"]),
    st.sampled_from([None, None, "timeout", "not_found", "server_error"]),
)
events = st.lists(
    st.one_of(
        st.tuples(st.just("call"), calls),
        st.tuples(st.just("scrape"), st.tuples(st.sampled_from("abc"), st.booleans())),
        st.tuples(st.just("wait"), st.tuples(st.integers(0, 2))),
    ),
    max_size=80,
)


@given(events)
def test_every_scraper_sees_every_call_as_an_increase_and_each_scrape_agrees_with_itself(
    sequence: list[tuple[str, Any]],
) -> None:
    process = Process()
    got: dict[str, list[dict[Key, float]]] = {}
    for kind, arguments in sequence:
        if kind == "call":
            operation, error_type = arguments
            process.call(operation, error_type)
        elif kind == "wait":
            process.clock.advance(*arguments)
        else:
            address, fails = arguments
            found = process.scrape(address, fails=fails)
            if not fails:
                got.setdefault(address, []).append(found)
            agree(found)
    for name in "abc":
        got.setdefault(name, [])
        for _ in range(2):
            got[name].append(process.scrape(name))
    truth = process.scrape("a")
    for scrapes in got.values():
        for key, total in truth.items():
            values = [found[key] for found in scrapes if key in found]
            assert values == sorted(values)
            assert (values[0], values[-1]) == (0, total)


def agree(found: dict[Key, float]) -> None:
    """Check that the total, the histogram and the errors of one scrape fit together."""
    for (name, labels), value in found.items():
        if name == TOTAL[0]:
            assert found[COUNT[0], labels] == value
            errors = [n for key, n in found.items() if key[0] == ERRORS[0] and key[1][:4] == labels]
            assert sum(errors) <= value
