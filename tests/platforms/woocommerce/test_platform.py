"""WooCommerce as configuration and command line know it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.contract import Response
from store_exporter.platforms import base
from store_exporter.platforms.kit.rest.responses import server_time
from store_exporter.platforms.woocommerce.api import gmt
from store_exporter.platforms.woocommerce.platform import PLATFORM

from .watching import watching

CHECKS = {setting.name: setting.check for setting in PLATFORM.credentials + PLATFORM.settings}


def test_the_platform_is_found_by_its_folder() -> None:
    assert base.load("woocommerce") is PLATFORM


@pytest.mark.parametrize("prefix", ["ck_", "cs_"])
def test_a_key_as_woocommerce_makes_it_is_accepted(prefix: str) -> None:
    check = CHECKS["consumer_key" if prefix == "ck_" else "consumer_secret"]
    assert check is not None
    assert check(prefix + "0123456789abcdef0123456789abcdef01234567") is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("consumer_key", "cs_0123456789abcdef", "as the consumer secret does"),
        ("consumer_secret", "ck_0123456789abcdef", "as the consumer key does"),
        ("consumer_key", "0123456789abcdef", "does not begin with ck_"),
        ("consumer_key", "ck_0123 4567 89ab", "other characters"),
        ("consumer_secret", "cs_", "cut off"),
        ("consumer_secret", "cs_0123456789abcdef\n", "ends with white space"),
    ],
)
def test_a_key_of_the_wrong_form_is_reported_without_its_value(
    name: str, value: str, words: str
) -> None:
    check = CHECKS[name]
    assert check is not None
    problem = check(value)
    assert problem is not None
    assert words in problem
    assert value.strip() == value[:3] or value.strip()[3:] not in problem


@given(st.sampled_from(["", "ck_", "cs_"]) | st.text(), st.text())
def test_no_problem_of_a_key_repeats_it(before: str, after: str) -> None:
    value = f"{before}0451f8d3{after}"
    for name in ("consumer_key", "consumer_secret"):
        check = CHECKS[name]
        assert check is not None
        problem = check(value)
        assert problem is None or "0451f8d3" not in problem


@pytest.mark.parametrize("path", ["", "shop", "//elsewhere.example", "https://x", "/a b"])
def test_a_page_must_be_on_the_store_s_own_host(path: str) -> None:
    check = CHECKS["storefront_path"]
    assert check is not None
    assert check(path)
    assert check("/shop/?lang=en") is None


async def test_connect_makes_a_client_that_reaches_the_store() -> None:
    async with watching(orders=0) as store:
        with PLATFORM.connect(store.watcher().store) as client:
            assert client.domain == store.shop.domain


async def test_credentials_are_not_shown() -> None:
    async with watching(orders=0) as store:
        shown = repr(vars(store.watcher().connection))
        assert store.key.consumer_secret not in shown
        assert store.key.consumer_key not in shown


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 1_795_435_200.0),
        ({"date": "Mon, 23 Nov 2026 12:00:00 GMT", "age": "5"}, None),
        ({"date": "Mon, 23 Nov 2026 12:00:00"}, 1_795_435_200.0),
        ({"date": "Mon, 23 Nov 2026 12:00:00 -0000"}, 1_795_435_200.0),
        ({"date": "now"}, None),
        ({}, None),
    ],
)
def test_the_store_s_clock_is_its_date_header_unless_a_cache_responded(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert server_time(Response(200, headers, b"", "")) == seconds


def test_times_before_1970_are_1970_but_never_zero_which_is_no_date() -> None:
    assert gmt(-5) == gmt(0) == "1970-01-01T00:00:01"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", gmt(1_795_435_200.9))
