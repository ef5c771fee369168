"""Members of an answer have the type they should have."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store_exporter.errors import StoreError
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.kit.reading.values import plain_text


def fields(**members: Any) -> Fields:
    return Fields(members, "thing")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
STRICT = (
    "text",
    "flag",
    "integer",
    "identifier",
    "identifier_if_any",
    "quantity",
    "decimal",
    "currency",
    "gmt",
    "gmt_if_any",
    "child",
)


@pytest.mark.parametrize("method", STRICT)
@given(value=JSON)
@example(value=Decimal("sNaN"))
def test_a_strict_reader_returns_its_type_or_raises_ours(method: str, value: Any) -> None:
    kinds = []
    try:
        getattr(fields(a=value), method)("a")
    except StoreError as error:
        kinds.append(error.error_type)
    assert kinds in ([], ["invalid_response"])


@pytest.mark.parametrize("method", ["text_or", "markup_or", "optional_strings"])
@given(value=JSON)
def test_a_lenient_reader_never_raises(method: str, value: Any) -> None:
    getattr(fields(a=value), method)("a")


@pytest.mark.parametrize("method", [name for name in STRICT if not name.endswith("_if_any")])
def test_a_missing_member_is_named(method: str) -> None:
    with pytest.raises(StoreError, match="thing") as caught:
        getattr(fields(), method)("total")
    assert "total" in str(caught.value) or method == "child"


@pytest.mark.parametrize(
    ("item", "called"),
    [
        ({"id": 119}, "orders[1] (id 119): total is missing"),
        ({"id": "gid://x/Order/7"}, "orders[1] (id gid://x/Order/7): total is missing"),
        ({"id": None}, "orders[1]: total is missing"),
        ({}, "orders[1]: total is missing"),
    ],
)
def test_an_item_of_a_list_is_called_by_its_place_and_its_id(item: Any, called: str) -> None:
    with pytest.raises(StoreError, match=f"^{re.escape(called)}"):
        Fields.row(item, "orders", 1).text("total")


def test_an_empty_list_stands_for_an_empty_object_as_php_writes_it() -> None:
    assert Fields([], "totals").names() == []
    with pytest.raises(StoreError):
        Fields([1], "totals")


@pytest.mark.parametrize("value", [{"0": {"a": 1}, "2": {"a": 2}}, [{"a": 1}, {"a": 2}]])
def test_a_list_of_which_php_took_something_out_is_a_list(value: Any) -> None:
    found = fields(rows=value)
    assert [row.integer("a") for row in found.children("rows")] == [1, 2]
    assert found.optional_items("rows", lambda row: row.integer("a")) == (1, 2)


def test_an_amount_that_became_a_float_has_no_rounding_error() -> None:
    assert fields(price=Decimal("19.990000000000002")).money("price", "EUR").amount == Decimal(
        "19.99"
    )


@pytest.mark.parametrize("value", [{}, {"x": 1}, {"0": 1, "x": 2}, None, "0"])
def test_another_object_is_no_list(value: Any) -> None:
    with pytest.raises(StoreError, match="not a list"):
        fields(rows=value).listed("rows")


@pytest.mark.parametrize(
    ("value", "read"), [(1, True), ("yes", True), ("1", True), (0, False), ("no", False)]
)
def test_a_boolean_may_come_as_php_writes_it(value: Any, read: bool) -> None:
    assert fields(a=value).flag("a") is read


@pytest.mark.parametrize("value", [None, "", 2, "perhaps", 1.0, []])
def test_what_may_be_neither_true_nor_false_is_refused(value: Any) -> None:
    with pytest.raises(StoreError, match="not a boolean"):
        fields(a=value).flag("a")


@pytest.mark.parametrize("value", [None, "", False, "0000-00-00T00:00:00", "-0001-11-30T00:00:00"])
def test_an_empty_date_is_none(value: Any) -> None:
    assert fields(a=value).gmt_if_any("a") is None
    assert fields(a=value).seconds_if_any("a") is None


def test_a_value_of_a_later_version_is_known_by_its_look() -> None:
    assert fields(a="SENT").one_of_or("a", ("SENT",), "") == "SENT"
    assert fields(a="READY_FOR_PICKUP").one_of_or("a", ("SENT",), "") == ""
    for value in ("n/a", "", None, "Sent"):
        with pytest.raises(StoreError):
            fields(a=value).one_of_or("a", ("SENT",), "")


@pytest.mark.parametrize(("value", "number"), [(5, 5), ("5", 5), (Decimal("5.0"), 5)])
def test_a_whole_number_may_come_as_text_or_float(value: Any, number: int) -> None:
    assert fields(a=value).integer("a") == number


@pytest.mark.parametrize("value", [-1, "-1", Decimal(-1)])
def test_a_count_below_zero_is_refused(value: Any) -> None:
    with pytest.raises(StoreError, match="below 0"):
        fields(a=value).integer("a")


def test_an_id_is_above_zero() -> None:
    with pytest.raises(StoreError):
        fields(id=0).identifier()


@pytest.mark.parametrize("value", [None, 0, "0", "", False])
def test_an_id_of_nothing_is_none(value: Any) -> None:
    assert fields(id=value).identifier_if_any("id") is None


def test_stock_may_be_negative_or_a_fraction() -> None:
    assert fields(a=-3).quantity("a") == -3
    assert fields(a=Decimal("1.5")).quantity("a") == Decimal("1.5")


def test_dates_are_aware() -> None:
    moment = datetime(2026, 11, 23, 12, 20, 56, tzinfo=UTC)
    assert fields(a="2026-11-23T12:20:56").gmt("a") == moment
    assert fields(a="2026-11-23 12:20:56").gmt("a") == moment
    assert fields(a="2026-11-23T13:20:56+01:00").gmt("a") == moment
    assert fields(a=None).gmt_if_any("a") is None


_ELSEWHERE = ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]


@pytest.mark.parametrize(
    "value", ["0000-00-00T00:00:00", "", "yesterday", 1795436456, None, *_ELSEWHERE]
)
def test_what_is_no_date_is_refused(value: Any) -> None:
    with pytest.raises(StoreError):
        fields(a=value).gmt("a")


def test_a_missing_price_is_none_and_not_zero() -> None:
    assert fields(a="").money_if_any("a", "EUR") is None
    assert fields(a=None).money_if_any("a", "EUR") is None


def test_entities_are_decoded() -> None:
    assert fields(a="Tom &amp; Jerry&#039;s &quot;Hose&quot;").text("a") == 'Tom & Jerry\'s "Hose"'


def test_markup_becomes_text() -> None:
    assert plain_text("<p>62&rarr;60 <b>left</b></p>\n<p>Bye</p>") == "62→60 left\nBye"


@given(st.text())
def test_text_from_markup_has_no_entity_of_a_tag_left(text: str) -> None:
    assert isinstance(plain_text(text), str)


def test_an_unreadable_decoration_is_left_out() -> None:
    rows = fields(images=[{"src": "a.png"}, {"src": None}, 7, {"src": "b.png"}])
    assert rows.optional_items("images", lambda row: row.text("src")) == ("a.png", "b.png")
    assert fields(images="none").optional_items("images", lambda row: row.text("src")) == ()


def test_what_comes_twice_in_a_list_is_there_once_and_is_an_error_if_it_is_not_alike() -> None:
    rows = [{"id": 1, "x": "1"}, {"id": 0, "x": "2"}, {"id": 0, "x": "2"}, {"id": 1, "x": "1"}]
    found = list(Fields({"rows": rows}, "order 7").children("rows"))
    assert [row.raw("x") for row in found] == ["1", "2", "2"]
    other = Fields({"rows": [*rows, {"id": 1, "x": "3"}]}, "order 7")
    with pytest.raises(StoreError, match="occurs twice with different content"):
        list(other.children("rows"))
