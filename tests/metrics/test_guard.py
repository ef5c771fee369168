"""Limits on label sets, and label values that every format can carry."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.catalogue.operations import OPERATION_NAMES
from store_exporter.metrics.guard import MAX_VALUE_LENGTH, clean
from store_exporter.metrics.recorder import Recorder
from store_exporter.spec.operations import OPERATIONS
from tests.metrics.figures import operations, series

DROPPED = "store_exporter_series_dropped_total"


def record(recorder: Recorder, *labels: str) -> None:
    handle = recorder.operation(*labels)
    handle.start()
    handle.finish(0.1)


@given(st.text(st.characters(codec=None)))
def test_a_clean_value_is_short_encodable_and_clean(value: str) -> None:
    cleaned = clean(value)
    assert len(cleaned) <= MAX_VALUE_LENGTH
    assert "\0" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=MAX_VALUE_LENGTH))
def test_text_that_can_be_carried_is_left_alone(value: str) -> None:
    assert clean(value) == value


def test_what_cannot_be_encoded_is_replaced() -> None:
    assert clean("a\ud800b\0c") == "a\ufffdb\ufffdc"
    assert clean("ü\0") == "ü\ufffd"


def test_long_values_are_cut() -> None:
    assert clean("x" * 1000) == "x" * (MAX_VALUE_LENGTH - 1) + "…"


def test_members_of_a_string_enumeration_become_their_value() -> None:
    class Platform(StrEnum):
        WOOCOMMERCE = "woocommerce"

    assert clean(Platform.WOOCOMMERCE).__class__ is str
    recorder = Recorder()
    record(recorder, "acme", "shop", Platform.WOOCOMMERCE, "get_cart")
    ((_, _, platform, _),) = operations(recorder)
    assert f"{platform!r}" == "'woocommerce'"


@pytest.mark.parametrize("value", [None, 5, b"bytes", ["list"]])
def test_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        Recorder().operation(value, "shop", "woocommerce", "get_cart")  # type: ignore[arg-type]


def test_beyond_the_limit_in_all_everything_is_other() -> None:
    recorder = Recorder(max_series=2)
    for shop in "abcd":
        record(recorder, "acme", shop, "woocommerce", "get_cart")
    assert {labels: found.total for labels, found in operations(recorder).items()} == {
        ("acme", "a", "woocommerce", "get_cart"): 1,
        ("acme", "b", "woocommerce", "get_cart"): 1,
        ("other", "other", "other", "other"): 2,
    }
    assert series(recorder, DROPPED)["series",] == 2


def test_beyond_the_limit_of_an_org_only_that_org_is_cut() -> None:
    recorder = Recorder(max_series_per_org=1)
    for org in ("acme", "globex"):
        for shop in "ab":
            record(recorder, org, shop, "woocommerce", "get_cart")
    assert set(operations(recorder)) == {
        ("acme", "a", "woocommerce", "get_cart"),
        ("acme", "other", "other", "other"),
        ("globex", "a", "woocommerce", "get_cart"),
        ("globex", "other", "other", "other"),
    }
    assert series(recorder, DROPPED)["org",] == 2


def test_every_operation_that_is_folded_is_counted_for_as_long_as_they_come() -> None:
    recorder = Recorder(max_series=1)
    for _ in range(5):
        for shop in "abc":
            record(recorder, "acme", shop, "woocommerce", "get_cart")
    assert series(recorder, DROPPED)["series",] == 10
    assert operations(recorder)["other", "other", "other", "other"].total == 10
    held = recorder.operation("acme", "d", "woocommerce", "get_cart")
    held.start()
    held.finish(0.1)
    assert series(recorder, DROPPED)["series",] == 11


@given(
    st.lists(
        st.tuples(*[st.sampled_from("abc")] * 3, st.sampled_from(["x", "y", "z", "other"])),
        max_size=60,
    ),
    st.sets(st.integers(0, 59)),
)
def test_what_is_not_in_series_of_its_own_is_what_was_dropped(
    calls: list[tuple[str, str, str, str]], forgotten: set[int]
) -> None:
    recorder = Recorder(max_series=6, max_series_per_org=3, max_operations=2)
    expected = before = 0.0
    for number, labels in enumerate(calls):
        if number in forgotten:
            recorder.forget(labels[:3])
        handle = recorder.operation(*labels)
        handle.start()
        handle.finish(0.1)
        expected += handle.labels != labels
        dropped = sum(series(recorder, DROPPED).values())
        assert dropped >= max(before, expected)
        before = dropped
    own = {labels for labels in calls if labels[3] == "other"}
    if not own:
        assert sum(series(recorder, DROPPED).values()) == expected


def test_an_operation_that_is_called_other_is_none_that_was_dropped() -> None:
    recorder = Recorder()
    record(recorder, "acme", "a", "woocommerce", "other")
    assert set(series(recorder, DROPPED).values()) == {0}


def test_what_a_forgotten_store_had_dropped_stays_counted() -> None:
    recorder = Recorder(max_operations=1)
    for name in ("one", "two", "two"):
        record(recorder, "acme", "a", "woocommerce", name)
    recorder.forget(("acme", "a", "woocommerce"))
    assert series(recorder, DROPPED)["operation",] == 2
    record(recorder, "acme", "a", "woocommerce", "two")
    assert series(recorder, DROPPED)["operation",] == 3


def test_unknown_operation_names_are_bounded_and_known_ones_are_not() -> None:
    recorder = Recorder(max_operations=2)
    recorder.register_operation("decorated")
    for name in ("one", "two", "three", "four", "decorated", *OPERATION_NAMES):
        record(recorder, "acme", "shop", "woocommerce", name)
    found = {labels[3] for labels in operations(recorder)}
    assert found == {"one", "two", "other", "decorated", *OPERATION_NAMES}
    assert series(recorder, DROPPED)["operation",] == 2


def test_the_known_operations_are_those_of_the_specification() -> None:
    assert tuple(OPERATIONS) == OPERATION_NAMES


def test_what_is_forgotten_makes_room() -> None:
    recorder = Recorder(max_series=1)
    record(recorder, "acme", "a", "woocommerce", "get_cart")
    recorder.forget(("acme", "a", "woocommerce"))
    record(recorder, "acme", "b", "woocommerce", "get_cart")
    assert set(operations(recorder)) == {("acme", "b", "woocommerce", "get_cart")}


@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 4), max_size=60))
def test_no_operation_is_lost_to_the_guard(calls: list[tuple[str, str, str, str]]) -> None:
    recorder = Recorder(max_series=5, max_series_per_org=3, max_operations=2)
    for labels in calls:
        record(recorder, *labels)
    found = operations(recorder)
    assert sum(one.total for one in found.values()) == len(calls)
    assert len([labels for labels in found if labels[1:] != ("other",) * 3]) <= 5
