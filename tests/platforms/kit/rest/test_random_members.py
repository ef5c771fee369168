"""Members that are requested at random."""

from __future__ import annotations

from typing import Any

import pytest

from store_exporter.platforms.kit.rest.random_members import MemberRequest, request_members

SPARE = ("a", "b", "c", "d", "e", "f")


def requested(wanted: str = "id,total") -> MemberRequest:
    return request_members({"_fields": wanted}, "_fields", SPARE)


def item(*names: str) -> dict[str, Any]:
    return dict.fromkeys(("id", "total", *names), 1)


def test_half_of_the_spare_members_are_requested_besides_those_wanted() -> None:
    members = requested()
    assert members.params is not None
    names = members.params["_fields"].split(",")
    assert names[:2] == ["id", "total"]
    assert set(names[2:]) == members.chosen < set(SPARE)
    assert len(members.chosen) == 3


def test_each_request_names_others_and_none_twice() -> None:
    assert len({requested().chosen for _ in range(100)}) > 10
    assert not requested("id,a,b").chosen & {"a", "b"}


@pytest.mark.parametrize("params", [None, {}, {"page": "1"}])
def test_a_request_of_all_members_stays_as_it_is(params: Any) -> None:
    members = request_members(params, "_fields", SPARE)
    assert members.params == params
    assert members.foreign([item(*SPARE)]) is None


def others_than(members: MemberRequest) -> set[str]:
    return set(SPARE) - members.chosen


def test_items_for_another_request_have_what_was_not_requested() -> None:
    members = requested()
    others = others_than(members)
    assert members.foreign([item(*others), item(*others)]) == min(others)
    assert members.foreign([item(*members.chosen)]) == ""


def test_a_store_that_ignores_which_members_are_requested_proves_nothing() -> None:
    for _ in range(20):
        members = requested()
        for items in (
            [item(*SPARE)],
            [item(), item("a"), item("a", "b")],
            [item(*members.chosen), item(*SPARE)],
            [item(*members.chosen), item(*others_than(members))],
            [],
            ["no object", None],
        ):
            assert members.foreign(items) is None


def test_members_within_others_are_requested_and_recognised() -> None:
    members = request_members({"_fields": "id"}, "_fields", ("of.a", "of.b"))
    own = {name.partition(".")[2]: 1 for name in members.chosen}
    assert members.foreign([{"id": 1, "of": own}]) == ""
    assert members.foreign([{"id": 1, "of": {"a": 1, "b": 1}}]) is None
    assert members.foreign([{"id": 1, "of": dict.fromkeys({"a", "b"} - own.keys())}])
    assert members.foreign([{"id": 1, "of": [own]}, {"id": 1}]) is None
