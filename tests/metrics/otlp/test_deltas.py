"""Increases add up to the state, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.catalogue import business
from store_exporter.metrics.families import DenseBuckets, HistogramValue, NativeHistogram
from store_exporter.metrics.histogram import Histogram
from store_exporter.metrics.otlp.deltas import Baseline, Key, States, Store

KEY: Key = ("store_example_total", ("acme",))
BOUNDS = (0.1, 1.0)
durations = st.floats(1e-9, 1e9)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30))
def test_the_accepted_increases_of_a_counter_are_its_value(pushes: list[tuple[int, bool]]) -> None:
    baseline = Baseline()
    total = received = acknowledged = 0
    for grown, accepted in pushes:
        total += grown
        increase = baseline.increase(KEY, total, created=0)
        if increase is not None and accepted:
            assert isinstance(increase.value, int)
            received += increase.value
            acknowledged = total
            baseline.acknowledge({KEY: total}, at=1)
        assert received == acknowledged


@given(st.lists(st.tuples(st.lists(durations, max_size=8), st.booleans()), max_size=12))
def test_the_accepted_increases_of_a_histogram_are_its_state(
    pushes: list[tuple[list[float], bool]],
) -> None:
    baseline = Baseline()
    histogram = Histogram(BOUNDS)
    received: list[HistogramValue] = []
    acknowledged = histogram.value()
    for batch, accepted in pushes:
        histogram = histogram.plus(batch)
        state = histogram.value()
        increase = baseline.increase(KEY, state, created=0)
        if increase is not None and accepted:
            assert isinstance(increase.value, HistogramValue)
            received.append(increase.value)
            acknowledged = state
            baseline.acknowledge({KEY: state}, at=1)
    for index, count in enumerate(acknowledged.counts):
        assert sum(value.counts[index] for value in received) == count
    assert acknowledged.native is not None
    assert merged(received, acknowledged.native.schema) == dict(acknowledged.native.buckets)


def merged(values: list[HistogramValue], schema: int) -> dict[int, int]:
    """Add native buckets up at one resolution."""
    found: dict[int, int] = {}
    for value in values:
        assert value.native is not None
        for index, count in value.native.buckets.items():
            place = -(-index >> (value.native.schema - schema))
            found[place] = found.get(place, 0) + count
    return found


def test_an_unchanged_series_is_not_sent() -> None:
    baseline = Baseline()
    assert baseline.increase(KEY, 0, created=5) is None
    baseline.acknowledge({KEY: 3}, at=7)
    assert baseline.increase(KEY, 3, created=5) is None


def test_intervals_follow_each_other_without_a_gap() -> None:
    baseline = Baseline()
    first = baseline.increase(KEY, 3, created=5)
    assert first is not None
    assert (first.value, first.since) == (3, 5)
    baseline.acknowledge({KEY: 3}, at=7)
    pending = baseline.increase(KEY, 4, created=5)
    later = baseline.increase(KEY, 6, created=5)
    assert pending is not None
    assert later is not None
    assert (pending.since, later.since, later.value) == (7, 7, 3)


def test_a_series_that_came_back_counts_from_zero() -> None:
    baseline = Baseline()
    baseline.acknowledge({KEY: 10}, at=7)
    increase = baseline.increase(KEY, 2, created=5)
    assert increase is not None
    assert increase.value == 2


class Kept:
    """A memory that survives the processes of a test."""

    def __init__(self) -> None:
        self.saved: dict[Store, States] = {}

    def load(self, store: Store) -> States:
        return self.saved.get(store, {})

    def save(self, stores: Mapping[Store, States]) -> None:
        # As a file would, it keeps what is said now.
        self.saved.update({store: dict(states) for store, states in stores.items()})


def revenue(currency: str, org: str = "acme") -> Key:
    return (business.REVENUE.name, (org, "shop.example.com", "woocommerce", currency))


def push(
    baseline: Baseline, states: Mapping[Key, float], *, accepted: bool = True
) -> dict[Key, float]:
    """Do what a push does; return what the receiver got."""
    found = {key: baseline.increase(key, value, created=0) for key, value in states.items()}
    sent = {key: float(increase.value) for key, increase in found.items() if increase}  # type: ignore[arg-type]
    if accepted:
        baseline.acknowledge({key: states[key] for key in sent}, at=1)
    baseline.settle(at=1)
    if accepted:
        baseline.retain(set(states))
    return sent if accepted else {}


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["accepted", "refused", "restart", "absent"])),
        max_size=40,
    ),
    st.integers(0, 1_000_000),
)
def test_the_increases_of_a_counter_that_outlives_processes_are_what_it_grew_by(
    pushes: list[tuple[int, str]], before: int
) -> None:
    memory, key = Kept(), revenue("EUR")
    baseline = Baseline(memory)
    assert push(baseline, {key: before}) == {}
    total = before
    received = 0.0
    for grown, what in pushes:
        total += grown
        if what == "restart":
            baseline = Baseline(memory)
        elif what == "absent":
            push(baseline, {})
        else:
            accepted = what == "accepted"
            received += push(baseline, {key: total}, accepted=accepted).get(key, 0.0)
    received += push(baseline, {key: total}).get(key, 0.0)
    assert received == total - before


def test_a_lifetime_is_never_an_increase_with_or_without_a_memory() -> None:
    for memory in (Kept(), None):
        baseline = Baseline(memory)
        assert push(baseline, {revenue("EUR"): 1e6, revenue("USD"): 2e6}, accepted=False) == {}
        assert push(baseline, {revenue("EUR"): 1e6 + 5, revenue("USD"): 2e6}) == {revenue("EUR"): 5}


def test_a_further_currency_of_a_known_store_counts_from_zero() -> None:
    memory = Kept()
    push(Baseline(memory), {revenue("EUR"): 1e6})
    baseline = Baseline(memory)
    states = {revenue("EUR"): 1e6, revenue("USD"): 7.0}
    assert push(baseline, states) == {revenue("USD"): 7.0}
    # Another org's store is another store.
    assert push(baseline, {**states, revenue("EUR", "zen"): 3e6}) == {}


def test_a_store_that_came_back_goes_on_where_it_was() -> None:
    baseline = Baseline(Kept())
    push(baseline, {revenue("EUR"): 1e6})
    push(baseline, {})
    assert push(baseline, {revenue("EUR"): 1e6 + 4}) == {revenue("EUR"): 4}


def test_a_histogram_that_came_back_counts_from_zero() -> None:
    old = Histogram(BOUNDS).plus([0.5, 0.5, 7.0])
    new = Histogram(BOUNDS).plus([0.5])
    for state in (
        new.value(),
        HistogramValue([9, 9, 9], 1.0),
        HistogramValue([9, 9], 1.0, old.value().native),
        HistogramValue([9, 9, 9], 1.0, NativeHistogram(4, 0.0, 0, DenseBuckets(0, [27]))),
        HistogramValue([9, 9, 9], 1.0, NativeHistogram(3, 0.0, 0, DenseBuckets(0, [27]))),
    ):
        baseline = Baseline()
        baseline.acknowledge({KEY: old.value()}, at=7)
        increase = baseline.increase(KEY, state, created=5)
        assert increase is not None
        assert increase.value is state


def test_series_that_are_no_more_take_no_memory() -> None:
    baseline = Baseline()
    baseline.acknowledge({KEY: 10}, at=7)
    baseline.retain(set())
    increase = baseline.increase(KEY, 12, created=5)
    assert increase is not None
    assert (increase.value, increase.since) == (12, 5)
