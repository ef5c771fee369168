"""Amounts are exact, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.errors import StoreError
from store_exporter.platforms.kit.reading import money


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *[("80", "80"), ("12.50", "12.50"), ("-3.10", "-3.10"), (" 7 ", "7"), ("0.001", "0.001")],
        *[(".5", "0.5"), ("7.", "7"), ("1e3", "1000"), ("1.0E+3", "1000"), ("-2.5E-3", "-0.0025")],
    ],
)
def test_a_plain_decimal_is_read_exactly(text: str, amount: str) -> None:
    assert str(money.decimal_from_text(text, "price")) == amount


@pytest.mark.parametrize(
    "value",
    ["1,234.50", "1.234,50", "12,50", "1 000", "£80", "80 GBP", "", ".", "1e", "e5", "NaN", "٣"],
)
def test_what_could_be_read_in_two_ways_is_not_read_at_all(value: str) -> None:
    refused(value)


@pytest.mark.parametrize("value", ["9" * 40, "1e40", "1e99", None, True, 12, [], {}])
def test_what_is_no_amount_as_text_is_refused(value: object) -> None:
    refused(value)


def refused(value: object) -> None:
    with pytest.raises(StoreError) as caught:
        money.decimal_from_text(value, "price")
    assert caught.value.error_type == "invalid_response"
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("value", [True, None, "12,5", Decimal("NaN"), Decimal("1e30"), [], 10**30])
def test_a_number_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(StoreError):
        money.decimal_number(value, "total")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_a_number_in_json_loses_nothing(amount: Decimal) -> None:
    assert money.decimal_number(amount, "total") == amount
    assert money.decimal_from_text(f"{amount:f}", "total") == amount


@pytest.mark.parametrize(
    ("value", "amount"),
    [("12.300000000000001", "12.3"), (Decimal("0.30000000000000004"), "0.3"), ("80.00", "80")],
)
def test_of_a_float_the_digits_count_that_it_has(value: object, amount: str) -> None:
    assert str(money.float_amount(value, "total")) == amount
    with pytest.raises(StoreError):
        money.float_amount("12,30", "total")


@given(st.integers(min_value=-(10**15), max_value=10**15), st.integers(0, 8))
def test_minor_units_are_moved_by_the_currencys_decimals(units: int, decimals: int) -> None:
    amount = money.minor_units(str(units), decimals, "price")
    assert amount * 10**decimals == units
    assert money.minor_units(units, decimals, "price") == amount


@pytest.mark.parametrize("value", ["80.00", "8e3", None, True, "1,000", 80.5])
def test_minor_units_that_are_not_whole_are_refused(value: object) -> None:
    with pytest.raises(StoreError):
        money.minor_units(value, 2, "price")


@pytest.mark.parametrize("value", [-1, 9, "two", "9", "", None, True, 2.0])
def test_decimals_of_a_currency_are_a_small_number(value: object) -> None:
    with pytest.raises(StoreError):
        money.decimal_places(value, "unit")


@pytest.mark.parametrize(
    "code",
    [
        *("EUR", "JPY", "BTC", "IRT", "XYZ", "POINTS", "BTC2", "P"),
        *("U$", "€", "₹", "KR-W", "CAFÉ", "MY_PTS", "Kč".upper(), "円", "ر.س"),
    ],
)
def test_a_currency_that_iso_does_not_know_is_kept(code: str) -> None:
    assert money.currency_code(code, "currency") == code


def test_a_currency_that_a_plugin_wrote_in_lower_case_is_the_same() -> None:
    assert money.currency_code("eur", "currency") == "EUR"


@pytest.mark.parametrize(
    "code",
    [
        *(
            "",
            None,
            978,
            "978",
            "-",
            "n/a",
            "1.234,50",
            "EURO-PLUS-ULTRA",
            "pound st",
            'E"R',
            "<b>",
        ),
        *("-A", ".EUR", "_1", "\u0301", "\u0301A", "=A", "A\u202eB", "A\nB"),
    ],
)
def test_what_does_not_look_like_a_currency_is_refused(code: object) -> None:
    with pytest.raises(StoreError):
        money.currency_code(code, "currency")


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("12.50000000", "GBP", "12.50"),
        ("12.5", "GBP", "12.5"),
        ("12.345", "GBP", "12.345"),
        ("7.2550", "KWD", "7.255"),
        ("5", "KWD", "5"),
        ("500.00", "JPY", "500"),
        ("773.942", "JPY", "773.942"),
        ("0.00000000", "GBP", "0.00"),
        ("0.00000000", "KWD", "0.000"),
        ("-0.00", "GBP", "0.00"),
        ("999999999999999999999999", "GBP", "999999999999999999999999"),
    ],
)
def test_an_amount_has_no_zeros_beyond_its_currencys_decimals_and_is_never_changed(
    amount: str, currency: str, written: str
) -> None:
    assert str(money.normalized(Decimal(amount), currency)) == written


@pytest.mark.parametrize(
    ("currency", "decimals"), [("GBP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XYZ", 2)]
)
def test_a_currency_has_the_decimals_that_iso_gives_it(currency: str, decimals: int) -> None:
    assert money.decimals_of(currency) == decimals


@pytest.mark.parametrize(
    ("written", "thousands", "decimal", "plain"),
    [
        ("1,234.50", ",", ".", "1234.50"),
        ("1.234,50", ".", ",", "1234.50"),
        ("1 234", " ", ",", "1234"),
        ("12,34,567.00", ",", ".", "1234567.00"),
        ("-1,234", ",", ".", "-1234"),
        ("12.50", ",", ".", "12.50"),
        ("12,50", "", ",", "12.50"),
        # By these signs it is no amount: nothing is guessed.
        ("12,50", ",", ".", "12,50"),
        ("1.234,50", ",", ".", "1.234,50"),
        ("1,2345", ",", ".", "1,2345"),
        ("£12", ",", ".", "£12"),
        ("1,234", ",", ",", "1,234"),
        (None, ",", ".", None),
        (f"{90 * '1'}x", "1", ".", f"{90 * '1'}x"),
        ("1,234", ",", "2", "1,234"),
    ],
)
def test_an_amount_as_a_shop_displays_it_is_read_by_the_shops_own_signs(
    written: str | None, thousands: str, decimal: str, plain: str | None
) -> None:
    assert money.plain_decimal(written, thousands, decimal) == plain
