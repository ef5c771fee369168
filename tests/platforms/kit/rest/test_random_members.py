"""Members that are requested at random."""

from __future__ import annotations

from typing import Any

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.platforms.kit.rest.random_members import MemberRequest, request_members

SPARE = ("a", "b", "c", "d", "e", "f")
RESPONSE = Response(200, {}, b"", "https://shop.example/")


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
    members.check([item(*SPARE)], RESPONSE)


def test_items_for_another_request_are_refused() -> None:
    members = requested()
    others = set(SPARE) - members.chosen
    with pytest.raises(StoreError, match=f"has {min(others)}, which was not requested"):
        members.check([item(*others), item(*others)], RESPONSE)


def test_a_store_that_ignores_which_members_are_requested_proves_nothing() -> None:
    for _ in range(20):
        members = requested()
        members.check([item(*SPARE)], RESPONSE)
        members.check([item(), item("a"), item("a", "b")], RESPONSE)
        members.check([item(*members.chosen), item(*SPARE)], RESPONSE)
        members.check([], RESPONSE)
        members.check(["no object", None], RESPONSE)
