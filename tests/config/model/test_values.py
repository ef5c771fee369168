from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.config.model import values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("1d", 86400),
        ("1w", 604800),
        ("500ms", 0.5),
        ("1h1m1s1ms", 3661.001),
        ("366d", 366 * 86400),
    ],
)
def test_durations_are_read_as_prometheus_writes_them(text: str, seconds: float) -> None:
    assert values.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["", "s", "30", "30 s", "1.5m", "m5", "5m1h", "-5s", "5M", "1y", "٣s", None, True, []]
)
def test_what_is_no_duration_is_refused_with_examples(value: object) -> None:
    with pytest.raises(ValueError, match="30s, 5m or 1h30m"):
        values.duration(value)


@pytest.mark.parametrize("value", ["0s", "0h0m", "367d", "9999w"])
def test_a_duration_is_above_zero_and_at_most_a_year(value: str) -> None:
    with pytest.raises(ValueError, match="above zero and at most 366d"):
        values.duration(value)


def test_a_number_without_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a unit"):
        values.duration(30)


@given(st.integers(1, 366 * 86_400_000))
def test_a_duration_survives_being_written_and_read(milliseconds: int) -> None:
    text = values.duration_text(milliseconds / 1000)
    assert round(values.duration(text) * 1000) == milliseconds


def test_no_time_at_all_is_written_as_zero_seconds() -> None:
    assert values.duration_text(0.0001) == "0s"


@pytest.mark.parametrize("value", ["shop.example.com", "a", "xn--bcher-kva.example", "1.example"])
def test_host_names_are_domains(value: str) -> None:
    assert values.domain(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "Shop.example", "https://shop.example", "shop.example:443", "shop.example/", ".example",
     "shop..example", "-a.example", "a" * 64, "a b", "a\n", 1, None],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        values.domain(value)


@pytest.mark.parametrize("value", ["acme", "Acme-2", "a.b_c", "1"])
def test_plain_words_are_orgs(value: str) -> None:
    assert values.org(value) == value


@pytest.mark.parametrize("value", ["", "a b", 'a"', "a/b", "-a", "a" * 64, "ä", "a\n", 1, None])
def test_what_labels_and_addresses_could_misread_is_no_org(value: object) -> None:
    with pytest.raises(ValueError, match="is not an org name"):
        values.org(value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com"),
        ("http://127.0.0.1:8080/wp", "http://127.0.0.1:8080/wp"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_base_addresses_lose_their_trailing_slash(text: str, url: str) -> None:
    assert values.url(text) == url


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("shop.example.com", "must begin with https"),
        ("ftp://shop.example.com", "must begin with https"),
        ("file:///etc/passwd", "must begin with https"),
        ("https://", "must begin with https"),
        ("https://user:pw@shop.example", "must not contain credentials"),
        ("https://@shop.example", "must not contain credentials"),
        ("https://shop.example/?a=1", "must not have a query"),
        ("https://shop.example/?", "must not have a query"),
        ("https://shop.example/#x", "must not have a query"),
        ("https://shop.example:99999", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://shop example", "is not an address"),
        ("https://sh$op.example", "neither a host name nor an IP address"),
        (5, "is not an address"),
    ],
)
def test_what_is_no_base_address_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        values.url(value)


@pytest.mark.parametrize("read", [values.duration, values.domain, values.org, values.url])
def test_no_refusal_repeats_the_value(read: Callable[[object], object]) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        read("ck_0123 456789")
    assert "0123" not in str(caught.value)
