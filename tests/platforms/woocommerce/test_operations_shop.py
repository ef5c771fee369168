"""Operations about delivery, payment and coupons."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_demo.stores.woocommerce.shop_api import set_free_shipping
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.spec.money import Money
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import answering, changing, client
from tests.platforms.operations import failure, pounds

# Delivery


def test_shipping_methods_are_listed_by_zone(shop: WooCommerce) -> None:
    info = shop.get_shipping_info()
    assert set(info.zones) == {"UK", "Locations not covered by your other zones"}
    flat, free = info.zones["UK"]
    assert (flat.title, flat.kind, flat.cost) == ("Flat rate", "flat_rate", pounds("5.00"))
    assert free.kind == "free_shipping"


@pytest.mark.parametrize(
    ("settings", "delivers"),
    [
        ({"ship_to_countries": "specific", "specific_ship_to_countries": ["GB", "JP"]}, True),
        ({"ship_to_countries": "specific", "specific_ship_to_countries": {"1": "GB"}}, False),
        ({"ship_to_countries": "specific", "specific_ship_to_countries": ""}, False),
        ({"ship_to_countries": "all", "allowed_countries": "specific"}, True),
        ({"allowed_countries": "specific", "specific_allowed_countries": ["GB"]}, False),
        ({"allowed_countries": "specific", "specific_allowed_countries": ["JP"]}, True),
        ({"allowed_countries": "all_except", "all_except_countries": ["JP"]}, False),
        ({"allowed_countries": "all_except", "all_except_countries": ["RU"]}, True),
        ({"allowed_countries": "all", "specific_allowed_countries": ["GB"]}, True),
        ({}, True),
    ],
)
def test_a_country_that_the_settings_exclude_is_not_everywhere_else(
    store: SimulatedWooCommerce, shop: WooCommerce, settings: dict[str, Any], *, delivers: bool
) -> None:
    """The zone for it stays, but no cart gets its rates (issue 11184 of WooCommerce)."""
    store.shop.zone_methods[0] = store.shop.zone_methods[1][:1]
    _set(store, {"ship_to_countries": "", **settings})
    assert set(shop.get_shipping_info("JP").zones) == (
        {"Locations not covered by your other zones"} if delivers else set()
    )
    assert len(shop.get_shipping_methods(country="JP")) == int(delivers)


@pytest.mark.parametrize("setting", ["disabled", ""])
def test_a_shop_that_ships_nothing_has_no_zones(
    store: SimulatedWooCommerce, shop: WooCommerce, setting: str
) -> None:
    """As WooCommerce 11.0.1 responds with the setting "Disable shipping"."""
    refused = {"code": "rest_no_route", "message": "Shipping is disabled.", "data": {"status": 404}}
    store.faults.add(answering(json.dumps(refused), path="*/shipping/zones*", status=404))
    _set(store, {"ship_to_countries": setting})
    if setting:
        info = shop.get_shipping_info()
        assert (info.zones, info.free_from, len(shop.get_shipping_methods())) == ({}, None, 0)
        assert shop.get_shipping_info("GB").zones == {}
    else:
        assert failure(shop.get_shipping_info).error_type == "api_not_found"


def _set(store: SimulatedWooCommerce, settings: dict[str, Any]) -> None:
    """Add general settings to those of the store."""
    added = [{"id": f"woocommerce_{name}", "value": value} for name, value in settings.items()]
    store.faults.add(changing("*/settings/general", lambda rows: rows + added))


def test_free_delivery_begins_where_the_shop_says(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    assert shop.get_shipping_info().free_from == pounds("0")
    set_free_shipping(store.shop, Decimal(50))
    assert shop.get_shipping_info().free_from == pounds("50")


@pytest.mark.parametrize("requires", ["coupon", "both"])
def test_free_delivery_by_coupon_is_not_promised(
    store: SimulatedWooCommerce, shop: WooCommerce, requires: str
) -> None:
    set_free_shipping(store.shop, Decimal(50))
    store.shop.zone_methods[1][1]["settings"]["requires"]["value"] = requires
    assert shop.get_shipping_info().free_from is None
    assert shop.get_shipping_methods("UK")[1].needs_coupon


def test_a_way_that_is_off_is_not_offered(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    store.shop.zone_methods[1][1]["enabled"] = False
    assert shop.get_shipping_info().free_from is None
    assert [method.title for method in shop.get_shipping_methods()] == ["Flat rate"]


@pytest.mark.parametrize(
    ("typed", "cost", "rule"),
    [
        ("5", "5", ""),
        ("4,90", "4.90", ""),
        ("4.90", "4.90", ""),
        ("", None, ""),
        ("10.00 * [qty]", None, "10.00 * [qty]"),
        ("1,234", None, "1,234"),
        ("1.234,50", None, "1.234,50"),
    ],
)
def test_a_cost_is_an_amount_only_when_there_is_no_doubt(
    store: SimulatedWooCommerce, shop: WooCommerce, typed: str, cost: str | None, rule: str
) -> None:
    store.shop.zone_methods[1][0]["settings"]["cost"]["value"] = typed
    method = shop.get_shipping_methods("UK")[0]
    assert method.cost == (None if cost is None else pounds(cost))
    assert method.cost_rule == rule


_BULKY = '"Bulky" shipping class cost: 10'


_NONE = "No shipping class cost"


@pytest.mark.parametrize(
    ("values", "cost", "rule"),
    [
        ({"cost": "5", "class_cost_20": "10"}, None, f"5; {_BULKY}"),
        ({"cost": "", "class_cost_20": "10", "no_class_cost": ""}, None, _BULKY),
        (
            {"cost": "5", "class_cost_20": "10", "no_class_cost": "2 * [qty]"},
            None,
            f"5; {_BULKY}; {_NONE}: 2 * [qty]",
        ),
        (
            {"cost": "5", "class_cost_20": "10", "no_class_cost": "2", "type": "order"},
            None,
            f"5; the highest of: {_BULKY}; {_NONE}: 2",
        ),
        ({"cost": "5", "class_cost_20": "0", "no_class_cost": "0,00"}, pounds("5"), ""),
        ({"cost": "", "class_cost_20": "0"}, None, '"Bulky" shipping class cost: 0'),
        ({"cost": "5", "class_cost_20": "", "no_class_cost": ""}, pounds("5"), ""),
    ],
)
def test_what_a_shipping_class_adds_is_part_of_the_rule(
    store: SimulatedWooCommerce,
    shop: WooCommerce,
    values: dict[str, str],
    cost: Money | None,
    rule: str,
) -> None:
    """A shop may charge for its classes of products only (issues 9013 and 9217 of WooCommerce)."""
    settings = store.shop.zone_methods[1][0]["settings"]
    settings["class_costs"] = {"id": "class_costs", "label": "Shipping class costs", "value": ""}
    settings["class_cost_20"] = {"label": '"Bulky" shipping class cost', "value": ""}
    settings["no_class_cost"] = {"label": _NONE, "value": ""}
    settings["type"] = {"label": "Calculation type", "value": "class"}
    for name, value in values.items():
        settings[name]["value"] = value
    method = shop.get_shipping_methods("UK")[0]
    assert (method.cost, method.cost_rule) == (cost, rule)


def test_a_cost_may_have_as_many_decimals_as_the_shop_displays(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.habits.decimals = 3
    store.shop.zone_methods[1][0]["settings"]["cost"]["value"] = "7.125"
    assert shop.get_shipping_methods("UK")[0].cost == pounds("7.125")


def test_a_cost_may_have_as_many_decimals_as_its_currency() -> None:
    store = SimulatedWooCommerce(currency="KWD", orders=0)
    store.shop.zone_methods[1][0]["settings"]["cost"]["value"] = "7.255"
    assert client(store).get_shipping_methods("UK")[0].cost == Money(Decimal("7.255"), "KWD")


def test_an_odd_way_of_delivery_or_payment_is_left_out_and_reported(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.zone_methods[1][0]["settings"] = None
    store.shop.gateways[0]["enabled"] = "sometimes"
    ways, gateways = shop.get_shipping_methods("UK"), shop.get_payment_methods()
    assert ([way.kind for way in ways], ways.unreadable) == (["free_shipping"], 1)
    assert gateways.unreadable == 1


@pytest.mark.parametrize("zone", ["UK", "uk", 1, "1"])
def test_a_zone_goes_by_name_or_id(shop: WooCommerce, zone: int | str) -> None:
    assert len(shop.get_shipping_methods(zone)) == 2
    assert len(shop.get_shipping_methods(0)) == 0


def test_an_unknown_zone_is_not_found(shop: WooCommerce) -> None:
    assert failure(shop.get_shipping_methods, "Mars").error_type == "not_found"


def test_ways_to_pay_are_those_that_are_on_and_show_no_settings(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.gateways[0]["settings"]["secret"] = {"value": "sk_live_1"}
    methods = shop.get_payment_methods()
    assert [method.id for method in methods] == ["bacs", "cod"]
    assert "sk_live_1" not in repr(methods)


# Coupons


def test_a_good_coupon_says_what_it_gives(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    percent = shop.validate_coupon("Save10")
    assert (percent.code, percent.percent, percent.amount) == ("save10", Decimal("10.00"), None)
    fixed = shop.validate_coupon("WELCOME5", subtotal=50)
    assert (fixed.percent, fixed.amount, fixed.minimum) == (None, pounds("5.00"), pounds("50.00"))
    store.shop.add_coupon("few", usage_limit=3, usage_count=1, product_ids=[19])
    few = shop.validate_coupon("few")
    assert (few.uses_left, few.restricted) == (2, True)


@pytest.mark.parametrize(
    "members",
    [
        {"exclude_sale_items": True},
        {"limit_usage_to_x_items": 2},
        {"discount_type": "recurring_fee"},
        {"discount_type": "sign_up_fee_percent"},
    ],
)
def test_a_coupon_for_some_goods_only_is_restricted(
    store: SimulatedWooCommerce, shop: WooCommerce, members: dict[str, Any]
) -> None:
    store.shop.add_coupon("some", **members)
    assert shop.validate_coupon("some").restricted


@pytest.mark.parametrize(
    ("key", "value", "is_restricted"),
    [
        ("product_brands", [21], True),
        ("exclude_product_brands", {"1": 21}, True),
        ("customer_restriction_type", "new", True),
        ("country_restriction", ["DE"], True),
        ("_wjecf_customer_ids", "7,8", True),
        ("product_brands", [], False),
        ("product_brands", [""], False),
        ("exclude_product_brands", "", False),
        ("customer_restriction_type", "none", False),
        ("role_restriction", None, False),
        ("_wjecf_first_purchase_only", "no", False),
        ("address_for_location_restrictions", "shipping", False),
    ],
)
def test_a_coupon_may_be_restricted_in_its_meta_data_only(
    store: SimulatedWooCommerce, shop: WooCommerce, key: str, value: Any, is_restricted: bool
) -> None:
    """As by brand, in WooCommerce itself (issue 2693 of Google for WooCommerce)."""
    store.shop.add_coupon("brand10", meta_data=[{"id": 610, "key": key, "value": value}, None])
    assert shop.validate_coupon("brand10").restricted is is_restricted


def test_a_coupon_with_phps_empty_values_has_no_limits(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    nothing: dict[str, Any] = {
        "usage_limit": "",
        "usage_count": None,
        "product_ids": None,
        "product_categories": False,
        "limit_usage_to_x_items": "",
        "used_by": "",
    }
    store.shop.add_coupon("plain", **nothing, usage_limit_per_user="", email_restrictions="")
    plain = shop.validate_coupon("plain", email="ada@example.test")
    assert (plain.uses_left, plain.restricted) == (None, False)


@pytest.mark.parametrize(
    ("code", "given", "reason"),
    [
        ("nope", {}, "coupon_unknown"),
        ("old20", {}, "coupon_expired"),
        ("once", {}, "coupon_usage_limit"),
        ("welcome5", {"subtotal": "49.99"}, "coupon_minimum_spend"),
        ("small", {"subtotal": 100.01}, "coupon_maximum_spend"),
        ("draft", {}, "coupon_unpublished"),
        ("ours", {"email": "eve@other.test"}, "coupon_email"),
        ("single", {"email": "Ada@example.test"}, "coupon_usage_limit_per_user"),
    ],
)
def test_a_coupon_that_is_not_good_says_why(
    store: SimulatedWooCommerce, shop: WooCommerce, code: str, given: dict[str, Any], reason: str
) -> None:
    store.shop.add_coupon("small", maximum_amount="100.00")
    store.shop.add_coupon("draft", status="draft")
    store.shop.add_coupon("ours", email_restrictions=["*@ours.test", "boss@x.test"])
    store.shop.add_coupon("single", usage_limit_per_user=1, used_by=["ada@example.test", 7])
    error = failure(shop.validate_coupon, code, **given)
    assert (error.error_type, error.code, error.fault) == ("invalid_coupon", reason, "customer")


def test_a_coupon_ends_at_its_very_second(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    store.shop.add_coupon("soon", expires=clock.now() + 60)
    clock.advance(60)
    assert shop.validate_coupon("soon").expires is not None
    clock.advance(1)
    assert failure(shop.validate_coupon, "soon").code == "coupon_expired"


def test_a_coupon_expires_on_the_day_that_its_shop_has_then(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """As OLD20 of a shop at UTC+5:30, where the new year begins while it is 2023 in London."""
    store.shop.zone = ZoneInfo("Asia/Kolkata")
    new_year = datetime(2024, 1, 1, tzinfo=store.shop.zone)
    store.shop.add_coupon("midnight", expires=new_year.timestamp())
    assert "expired on 2024-01-01" in failure(shop.validate_coupon, "midnight").message


@pytest.mark.parametrize("email", ["me@ours.test", "BOSS@x.test"])
def test_a_coupon_for_some_is_good_for_them(
    store: SimulatedWooCommerce, shop: WooCommerce, email: str
) -> None:
    store.shop.add_coupon("ours", email_restrictions=["*@ours.test", "boss@x.test"])
    assert shop.validate_coupon("ours", email=email).restricted


def test_what_an_address_begins_and_ends_with_do_not_overlap(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.add_coupon("ours", email_restrictions=["an*na@x.test"])
    assert shop.validate_coupon("ours", email="anna@x.test").restricted
    error = failure(shop.validate_coupon, "ours", email="ana@x.test")
    assert error.code == "coupon_email"


def test_a_customer_with_an_account_uses_a_coupon_as_often_as_a_guest_may(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """The shop notes the account's id for an order of the account, and the address for others."""
    ada = next(iter(store.shop.customers.values()))
    for code, used_by in (("once", [str(ada["id"])]), ("twice", [str(ada["id"]), ada["email"]])):
        store.shop.coupons.clear()
        store.shop.add_coupon(code, usage_limit_per_user=len(used_by), used_by=used_by)
        error = failure(shop.validate_coupon, code, email=ada["email"].upper())
        assert error.code == "coupon_usage_limit_per_user"
        assert shop.validate_coupon(code, email="eve@other.test").code == code


@pytest.mark.parametrize("value", ["no", "yes"])
def test_a_shop_that_takes_no_coupons_is_not_taken_for_one_that_refuses_the_key(
    store: SimulatedWooCommerce, shop: WooCommerce, value: str
) -> None:
    """As WooCommerce 11.0.1 responds: without the setting it does not know the type of a coupon."""
    refused = {
        "code": "woocommerce_rest_cannot_view",
        "message": "Sorry, you cannot list resources.",
        "data": {"status": 403},
    }
    store.faults.add(answering(json.dumps(refused), path="*/v3/coupons", status=403))
    setting = json.dumps({"id": "woocommerce_enable_coupons", "value": value})
    store.faults.add(answering(setting, path="*/woocommerce_enable_coupons", status=200))
    error = failure(shop.validate_coupon, "save10")
    if value == "no":
        assert (error.error_type, error.code) == ("invalid_coupon", "coupon_disabled")
    else:
        assert (error.error_type, error.code) == ("forbidden", "woocommerce_rest_cannot_view")


@pytest.mark.parametrize(
    ("code", "given"),
    [("", {}), ("x" * 300, {}), ("save10", {"subtotal": "much"}), ("save10", {"email": "me"})],
)
def test_impossible_values_are_the_shoppers_mistake(
    shop: WooCommerce, code: str, given: dict[str, str]
) -> None:
    assert failure(shop.validate_coupon, code, **given).error_type == "invalid_input"


def test_a_way_of_delivery_that_is_left_out_is_reported_with_what_free_delivery_takes(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    whole = shop.get_shipping_info()
    store.faults.add(
        changing(
            "*/methods", lambda rows: [{**row, "method_id": None} for row in rows[:1]] + rows[1:]
        )
    )
    found = shop.get_shipping_info()
    assert whole.unreadable == 0
    assert found.unreadable > 0
