"""What Shopify's schema allows and few shops have: read as what it is, or told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify
from tests.fakes.direct import Json, changing

EMAIL = "cust1@example.test"


def discount(members: dict[str, Any]) -> Any:
    """Change members of the discount that is asked for, such as `customerGets.items`."""

    def change(answer: Json) -> Json:
        for path, value in members.items():
            place = answer["data"]["codeDiscountNodeByCode"]["codeDiscount"]
            *steps, last = path.split(".")
            for step in steps:
                place = place[step]
            place[last] = value
        return answer

    return changing("*", change)


def kind(name: str, **members: Any) -> dict[str, Any]:
    return {"__typename": name, **members}


@pytest.mark.parametrize(
    "members",
    [
        {"context": kind("DiscountCustomers")},
        {"context": kind("DiscountCustomerSegments")},
        {"context": kind("DiscountMarkets")},
        {"customerGets.items": kind("DiscountProducts")},
        {"customerGets.items": kind("DiscountCollections")},
        {"minimumRequirement": kind("DiscountMinimumQuantity")},
        {"customerGets.value": kind("DiscountOnQuantity")},
        {"customerGets.appliesOnOneTimePurchase": False},
        {"__typename": "DiscountCodeBxgy"},
        {"__typename": "DiscountCodeApp"},
    ],
    ids=str,
)
def test_a_coupon_with_conditions_that_are_not_shown_is_restricted(
    shop: SimulatedShopify, store: Shopify, members: dict[str, Any]
) -> None:
    assert not store.validate_coupon("save10").restricted
    assert not store.validate_coupon("welcome5").restricted
    shop.faults.add(discount(members))
    assert store.validate_coupon("save10").restricted


@pytest.mark.parametrize("several", [True, False])
def test_a_coupon_says_whether_it_is_taken_off_each_piece(
    shop: SimulatedShopify, store: Shopify, several: bool
) -> None:
    amount = {"amount": "5.0", "currencyCode": "GBP"}
    value = kind("DiscountAmount", amount=amount, appliesOnEachItem=several)
    shop.faults.add(discount({"customerGets.value": value}))
    coupon = store.validate_coupon("save10")
    assert (coupon.per_item, str(coupon.amount), coupon.percent) == (several, "5.0 GBP", None)


@pytest.mark.parametrize(
    ("members", "restricted"),
    [
        ({}, False),
        ({"destinationSelection": kind("DiscountCountries")}, True),
        ({"maximumShippingPrice": {"amount": "25.0", "currencyCode": "GBP"}}, True),
        ({"appliesOnOneTimePurchase": False}, True),
    ],
    ids=str,
)
def test_free_delivery_to_some_countries_for_some_rates_or_subscriptions_is_restricted(
    shop: SimulatedShopify, store: Shopify, members: dict[str, Any], restricted: bool
) -> None:
    found = {
        "title": "FREE",
        "status": "ACTIVE",
        "summary": "",
        "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": None,
        "usageLimit": None,
        "asyncUsageCount": 3,
        "codesCount": {"count": 1},
        "codes": {"nodes": []},
        "minimumRequirement": None,
        "context": kind("DiscountBuyerSelectionAll"),
        "destinationSelection": kind("DiscountCountryAll"),
        "maximumShippingPrice": None,
        "appliesOnOneTimePurchase": True,
        **members,
    }

    def change(answer: Json) -> Json:
        free = kind("DiscountCodeFreeShipping", **found)
        answer["data"]["codeDiscountNodeByCode"]["codeDiscount"] = free
        return answer

    shop.faults.add(changing("*", change))
    coupon = store.validate_coupon("save10")
    assert (coupon.free_shipping, coupon.restricted, coupon.amount) == (True, restricted, None)


def test_whom_a_coupon_is_for_is_not_checked_and_the_coupon_says_so(store: Shopify) -> None:
    assert store.validate_coupon("save10").ignored == ()
    assert store.validate_coupon("save10", email=EMAIL).ignored == ("email",)


def test_lines_beyond_those_that_an_order_shows_are_reported(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    room.by_sku("SKU-010").quantity = 1000
    line = (room.by_sku("SKU-010").id, 1)
    for count in (50, 51):
        order = room.new_order("PAID", email=EMAIL, lines=[line] * count)
        found = store.check_order(str(order.number), EMAIL)
        assert len(found.lines) == 50
        assert found.unreadable == (() if count == 50 else ("lines",))
        assert found.total.amount == Decimal(100 * count)


def test_a_report_over_a_change_of_currency_has_both(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    room.orders.clear()
    lines = [(room.by_sku("SKU-010").id, 1)]
    room.new_order("PAID", lines=lines)
    room.change_currency("EUR")
    room.new_order("PAID", lines=lines * 2)
    report = store.get_sales_report("day")
    (other,) = report.other_currencies
    assert [(str(one.gross), one.orders) for one in (report, other)] == [
        ("200.00 EUR", 1),
        ("100.00 GBP", 1),
    ]
    assert report.unreadable == 0


def test_a_report_leaves_out_an_order_whose_amounts_are_in_two_currencies(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def change(answer: Json) -> Json:
        if orders := answer["data"].get("orders"):
            orders["nodes"][0]["currentTotalTaxSet"]["shopMoney"]["currencyCode"] = "EUR"
        return answer

    whole = store.get_sales_report("month")
    shop.faults.add(changing("*", change))
    report = store.get_sales_report("month")
    assert (report.orders, report.unreadable) == (whole.orders - 1, 1)


def test_a_line_that_is_of_no_product_is_a_line(shop: SimulatedShopify, store: Shopify) -> None:
    """A custom line of a draft order, a tip, or a product that was deleted since."""
    order = next(one for one in shop.stock_room.orders.values() if one.financial == "PAID")

    def change(answer: Json) -> Json:
        if orders := answer["data"].get("orders"):
            line = orders["nodes"][0]["lineItems"]["nodes"][0]
            line |= {"product": None, "variant": None, "sku": None, "name": "Engraving"}
        return answer

    shop.faults.add(changing("*", change))
    found = store.check_order(str(order.number), order.email)
    (line,) = found.lines
    assert (line.product_id, line.variation_id, line.sku, line.name) == (
        None,
        None,
        "",
        "Engraving",
    )
    assert found.unreadable == ()


def test_a_variant_that_was_oversold_has_less_than_nothing(
    shop: SimulatedShopify, store: Shopify
) -> None:
    variant = shop.stock_room.by_sku("SKU-010")
    variant.quantity = -7
    found = store.check_stock("SKU-010")
    assert (found.quantity, found.in_stock, found.status) == (-7, False, "out_of_stock")
    variant.backorders = True
    assert store.check_stock("SKU-010").status == "on_backorder"


def test_what_is_not_counted_has_no_quantity_and_is_never_low(
    shop: SimulatedShopify, store: Shopify
) -> None:
    """A gift card, or a bundle whose parts are counted instead."""
    variant = shop.stock_room.by_sku("SKU-010")
    variant.quantity, variant.tracked = -3, False
    found = store.check_stock("SKU-010")
    assert (found.quantity, found.in_stock, found.status) == (None, True, "in_stock")
    assert "SKU-010" not in {one.sku for one in store.get_low_stock_products(limit=100)}


def test_cards_and_wallets_have_the_names_that_shoppers_know(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def accepted(answer: Json) -> Json:
        lists = answer["data"]["shop"]["paymentSettings"]
        lists["acceptedCardBrands"] = ["JCB", "AMERICAN_EXPRESS"]
        lists["supportedDigitalWallets"] = ["SHOPIFY_PAY", "GOOGLE_PAY"]
        return answer

    shop.faults.add(changing("*", accepted))
    titles = [method.title for method in store.get_payment_methods()]
    assert titles == ["JCB", "American Express", "Shop Pay", "Google Pay"]
