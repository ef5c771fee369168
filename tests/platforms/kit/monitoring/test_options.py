"""Options of probes and collectors are checked where they are read."""

from __future__ import annotations

from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.platforms.kit.monitoring.options import number, since, whole_number


@pytest.mark.parametrize("value", [None, True, "5", -1, float("nan"), float("inf")])
def test_a_number_is_a_finite_one_from_zero_on(value: Any) -> None:
    assert number({"slow_after": 0}, "slow_after") == 0.0
    with pytest.raises(StoreError, match="the option slow_after") as raised:
        number({"slow_after": value}, "slow_after")
    assert raised.value.error_type == "invalid_request"


@pytest.mark.parametrize("value", [None, True, "5", 0, 251, 5.0])
def test_a_whole_number_lies_between_its_bounds(value: Any) -> None:
    assert whole_number({"page_size": 250}, "page_size", 1, 250) == 250
    with pytest.raises(StoreError, match="the option page_size must be from 1 to 250") as raised:
        whole_number({"page_size": value}, "page_size", 1, 250)
    assert raised.value.error_type == "invalid_request"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("now", None),
        ("2026-11-23", 1_795_392_000),
        ("2026-11-23T01:00:00+01:00", 1_795_392_000),
        ("1969-01-01", 0),
    ],
)
def test_a_date_is_read_as_unix_seconds(value: str, seconds: int | None) -> None:
    assert since({"since": value}) == seconds


def test_what_is_neither_now_nor_a_date_is_refused() -> None:
    with pytest.raises(StoreError, match="neither `now` nor a date"):
        since({"since": "yesterday"})
