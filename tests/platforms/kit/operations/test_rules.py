"""Rules that hold on every platform: which product, which days, which zones, which coupons."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from store_exporter.errors import StoreError
from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.monitoring.settings import format_check, storefront_path
from store_exporter.platforms.kit.operations import coupons, products, sales, shipping
from store_exporter.platforms.kit.operations.shipping import Zone
from store_exporter.platforms.kit.reading import days
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.spec.results import Coupon, Money, ShippingMethod
from tests.fakes.plans import result

T = TypeVar("T")


def failure(plan: Generator[Any, Any, Any]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        next(plan)
    return caught.value


def answering(known: dict[Any, str]) -> Any:
    def find(key: Any) -> Plan[str | None]:
        yield from ()
        return known.get(key)

    return find


@pytest.mark.parametrize(
    ("product", "found"),
    [
        ("PUMP", "by its SKU"),
        (" PUMP ", "by its SKU"),
        ("19", "the SKU that is a number"),
        ("20", "by its id"),
        (20, "by its id"),
    ],
)
def test_a_string_is_a_sku_before_it_is_an_id(product: int | str, found: str) -> None:
    skus = answering({"PUMP": "by its SKU", "19": "the SKU that is a number"})
    ids = answering({19: "another product", 20: "by its id"})
    assert result(products.find(product, skus, ids)) == found


@pytest.mark.parametrize(
    ("product", "kind"),
    [("NOPE", "not_found"), (5, "not_found"), (0, "not_found"), (True, "invalid_request")],
)
def test_arguments_that_name_no_product_are_reported(product: Any, kind: str) -> None:
    assert failure(products.find(product, answering({}), answering({}))).error_type == kind


def test_the_exact_sku_comes_before_one_that_is_written_otherwise() -> None:
    rows = [Fields({"sku": sku}, "product") for sku in ("pump", "PUMP", "PUMP-2")]
    assert products.matching_sku(rows, "PUMP") is rows[1]
    assert products.matching_sku(rows, "Pump") is rows[0]
    assert products.matching_sku(rows, "VALVE") is None


def test_what_is_not_counted_makes_the_sum_unknown() -> None:
    assert products.total_quantity([2, Decimal("0.5"), -1]) == Decimal("1.5")
    assert products.total_quantity([2, None]) is None
    assert products.total_quantity([]) is None


@pytest.mark.parametrize(
    ("period", "first"),
    [
        ("day", date(2026, 11, 26)),
        ("week", date(2026, 11, 20)),
        ("month", date(2026, 11, 1)),
        ("year", date(2026, 1, 1)),
    ],
)
def test_a_period_ends_today(period: str, first: date) -> None:
    today = days.today(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp(), UTC)
    assert sales.requested_days(period, None, None)(today) == (first, date(2026, 11, 26))


def test_days_count_instead_of_a_period() -> None:
    days = sales.requested_days("week", "2026-02-01", date(2026, 2, 3))
    assert days(date(2026, 11, 26)) == (date(2026, 2, 1), date(2026, 2, 3))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("decade", None, None), "period is not one of day, week, month, year"),
        (("day", None, "2026-01-01"), "last needs first"),
        (("day", "2026-01-02", "2026-01-01"), "first is after last"),
        (("day", "soon", None), "first is not a day"),
    ],
)
def test_days_that_make_no_sense_are_reported(given: tuple[Any, ...], words: str) -> None:
    with pytest.raises(StoreError, match=words):
        sales.requested_days(*given)


def test_a_zone_is_chosen_by_id_or_by_name_in_any_case() -> None:
    zones = [Zone("0", "Elsewhere"), Zone("3", "Europe")]
    assert shipping.zones_named(zones, None) == zones
    assert shipping.zones_named(zones, 3) == shipping.zones_named(zones, " europe ") == [zones[1]]
    with pytest.raises(StoreError, match="there is no zone Mars"):
        shipping.zones_named(zones, "Mars")


def way(kind: str, minimum: str | None, *, coupon: bool = False) -> ShippingMethod:
    least = None if minimum is None else Money(Decimal(minimum), "GBP")
    return ShippingMethod("UK", kind, kind, None, "", least, coupon)


@pytest.mark.parametrize(
    ("methods", "free_from"),
    [
        ([way("flat_rate", "10")], None),
        ([way("free_shipping", "80"), way("free_shipping", "50")], "50 GBP"),
        ([way("free_shipping", "80"), way("free_shipping", None)], "0 GBP"),
        ([way("free_shipping", None, coupon=True)], None),
    ],
)
def test_free_delivery_begins_at_the_least_order_value(
    methods: list[ShippingMethod], free_from: str | None
) -> None:
    def currency() -> Plan[str]:
        yield from ()
        return "GBP"

    found = result(shipping.shipping_info({"UK": tuple(methods)}, currency)).free_from
    assert (None if found is None else str(found)) == free_from


def test_a_coupon_is_refused_with_the_reason_as_its_code() -> None:
    ends = datetime(2026, 11, 1, tzinfo=UTC)
    least, most = Money(Decimal(20), "GBP"), Money(Decimal(90), "GBP")
    coupon = Coupon("SAVE", Decimal(10), None, False, False, least, most, ends, 1, False)
    before, after = ends.timestamp() - 1, ends.timestamp() + 1
    coupons.check_coupon(coupon, now=before, subtotal=Decimal(20))
    for now, subtotal, code in (
        (after, None, "coupon_expired"),
        (before, Decimal(19), "coupon_minimum_spend"),
        (before, Decimal(91), "coupon_maximum_spend"),
    ):
        with pytest.raises(StoreError) as caught:
            coupons.check_coupon(coupon, now=now, subtotal=subtotal)
        assert (caught.value.error_type, caught.value.code) == ("invalid_coupon", code)


def test_what_is_wrong_with_a_credential_is_reported_without_it() -> None:
    check = format_check(r"key_\d+", "is not a key", ("sec_", "is the secret"))
    assert check("key_12") is None
    assert check("key_12 3") == "is not a key"
    for copied in (" key_12", "key_12\t", "key_12\n"):
        assert check(copied) == "begins or ends with white space"
    assert check("'key_12'") == "begins or ends with a quotation mark"
    assert check("sec_12") == "is the secret"


def test_the_storefront_s_page_is_on_the_store_s_own_host() -> None:
    check = storefront_path("The page.").check
    assert check is not None
    assert check("/shop/") is None
    assert "own host" in str(check("//elsewhere.example"))
