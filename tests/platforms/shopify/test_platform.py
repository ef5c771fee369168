"""Shopify as configuration and command line know it; its shop on the official schemas."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema
from hypothesis import given
from hypothesis import strategies as st

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms import base
from store_exporter.platforms.shopify import versions
from store_exporter.platforms.shopify.platform import PLATFORM
from store_exporter.stores.model import Secret, Store
from tests.conformance.checks import CHECKS as OPERATION_CHECKS
from tests.conformance.target import Target
from tests.fakes.serving import serving
from tests.platforms.shopify import subset

CHECKS = {setting.name: setting.check for setting in PLATFORM.credentials + PLATFORM.settings}


def test_the_platform_is_found_by_its_folder() -> None:
    assert base.load("shopify") is PLATFORM


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("admin_token", "shpat_0123456789abcdef0123456789abcdef"),
        ("admin_token", "shpca_0123456789abcdef0123456789abcdef"),
        ("client_id", "0123456789abcdef0123456789abcdef"),
        ("client_secret", "shpss_0123456789abcdef0123456789abcdef"),
        ("api_version", "2026-07"),
        ("budget_share", "0.25"),
        ("budget_share", "1"),
        ("storefront_path", "/collections/all"),
    ],
)
def test_what_is_of_the_right_form_is_accepted(name: str, value: str) -> None:
    check = CHECKS[name]
    assert check is not None
    assert check(value) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("admin_token", "shpss_0123456789abcdef0123456789abcdef", "give it as client_secret"),
        ("admin_token", "0123456789abcdef", "begins with shpat_"),
        ("admin_token", "shpat_0123456789abcdef\n", "ends with white space"),
        ("client_secret", "shpat_0123456789abcdef0123456789abcdef", "give it as admin_token"),
        ("client_secret", "secret", "begins with shpss_"),
        ("client_id", "shpss_0123456789abcdef0123456789abcdef", "give it as client_secret"),
        ("client_id", "ck_0123456789abcdef0123456789abcdef01234567", "is not an app's client id"),
        ("api_version", "2026-13", "is not a version such as"),
        ("api_version", "2025-01", "is not one of the versions spoken here"),
        ("api_version", "unstable", "is not a version such as"),
        ("budget_share", "0", "above 0"),
        ("budget_share", "1.5", "at most 1"),
        ("budget_share", "nan", "above 0"),
        ("budget_share", "a quarter", "above 0"),
        ("storefront_path", "//elsewhere.example", "on the store's own host"),
        ("storefront_path", "https://elsewhere.example", "on the store's own host"),
    ],
)
def test_values_of_the_wrong_form_are_reported(name: str, value: str, words: str) -> None:
    check = CHECKS[name]
    assert check is not None
    assert words in str(check(value))


@given(st.sampled_from(["", "shpat_"]) | st.text(), st.text())
def test_no_problem_of_a_secret_repeats_it(before: str, after: str) -> None:
    value = f"{before}0451f8d3{after}"
    for name in ("admin_token", "client_id", "client_secret"):
        check = CHECKS[name]
        assert check is not None
        found = check(value)
        assert found is None or "0451f8d3" not in found


def test_a_version_ends_a_year_after_it_came_out() -> None:
    assert versions.ends("2026-07") == 1_814_400_000.0
    with pytest.raises(ValueError, match="is not a version"):
        versions.ends("soon")


@pytest.fixture(scope="module")
def official(schemas: None) -> dict[str, GraphQLSchema]:
    return {api: subset.official(api) for api in subset.FILES}


@pytest.mark.timeout(360)
@pytest.mark.parametrize("name", [n for n in OPERATION_CHECKS if n in PLATFORM.operations])
def test_an_operation_passes_on_a_shop_with_the_whole_official_schema(
    official: dict[str, GraphQLSchema], name: str
) -> None:
    shop = SimulatedShopify(seed=3, schemas=official)
    credentials = {
        "admin_token": Secret(shop.tokens.admin),
        "storefront_token": Secret(shop.tokens.storefront),
    }
    with serving(shop) as url:
        store = Store("acme", shop.domain, "shopify", url, credentials)
        target = Target(store, writes=True, real=False, coupon="save10")
        try:
            OPERATION_CHECKS[name](target)
        finally:
            target.close()
