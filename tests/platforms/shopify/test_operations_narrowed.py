"""Pages, orders, and what narrows lists down, on Shopify."""

from __future__ import annotations

from decimal import Decimal

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify
from store_exporter.spec.money import Money
from store_exporter.spec.results import Tracking
from tests.fakes.clock import START
from tests.platforms.operations import failure

DAY = 86_400
ADA = "ada@example.test"


@pytest.mark.parametrize("words", [None, "part"])
@pytest.mark.parametrize("sort", ["price_desc", "title", "newest"])
def test_pages_are_those_of_one_list(store: Shopify, words: str | None, sort: str) -> None:
    whole = store.search_products(words, sort=sort, limit=100)
    pages = [store.search_products(words, sort=sort, limit=12, page=n) for n in (1, 2, 3)]
    assert [p.id for page in pages for p in page] == [p.id for p in whole]
    assert len(whole) > 24
    if sort == "price_desc":
        prices = [p.price.amount for p in whole if p.price is not None]
        assert prices == sorted(prices, reverse=True)
    assert all(page.more in (True, None) for page in pages[:2])


def test_options_of_variants_are_found_whatever_their_case(store: Shopify) -> None:
    found = store.search_products(attributes={"voltage": "24v"})
    assert [product.name for product in found] == ["Motor 1", "Motor 2"]
    assert found.total == 2


def test_what_shopify_cannot_sort_by_is_refused_before_any_request(
    shop: SimulatedShopify, store: Shopify
) -> None:
    shop.requests.clear()
    assert "cannot sort by rating" in failure(store.search_products, sort="rating").message
    assert failure(store.get_customer_orders, ADA, status="packed").error_type == "invalid_input"
    assert failure(store.get_shipping_info, "England").error_type == "invalid_input"
    assert not shop.requests


def test_orders_are_narrowed_down_by_status_and_day_and_added_up(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    pump = room.by_sku("SKU-010")
    for age, financial in ((0, "PAID"), (1, "PENDING"), (5, "PAID")):
        order = room.new_order(
            financial, email=ADA, lines=[(pump.id, 1)], created=START - age * DAY
        )
    room.edit_order(order, fulfillment="FULFILLED")
    found = store.get_customer_orders(ADA, limit=2)
    assert (found.total, found.pages, found.more, len(found)) == (3, 2, True, 2)
    assert found.summary is not None
    assert found.summary.spent == (Money(pump.price * 2, "GBP"),)
    assert len(store.get_customer_orders(ADA, limit=2, page=2)) == 1
    (completed,) = store.get_customer_orders(ADA, status="completed")
    assert completed.number == str(order.number)
    assert len(store.get_customer_orders(ADA, first="2026-11-22")) == 2
    assert len(store.get_customer_orders(ADA, last="2026-11-20")) == 1


def test_only_a_caller_who_knows_the_customer_sees_where_an_order_goes(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    order = room.new_order(email=ADA, lines=[(room.by_sku("SKU-010").id, 1)])
    room.edit_order(order, fulfillment="FULFILLED")
    shown = store.check_order(order.number, ADA)
    number = f"TRACK-{order.number}"
    assert shown.tracking == (Tracking(number, "Royal Mail", f"https://track.example/{number}"),)
    assert shown.shipping is not None
    assert (shown.shipping.city, shown.shipping.country) == ("London", "GB")
    unproven = store.check_order(order.number)
    assert (unproven.shipping, unproven.tracking) == (None, ())


def test_low_stock_is_narrowed_down_by_product_type(store: Shopify) -> None:
    every = store.get_low_stock_products(limit=100)
    motors = store.get_low_stock_products(limit=100, category="Motor")
    assert 0 < len(motors) < len(every)
    assert {row.sku for row in motors} == {row.sku for row in every if row.sku.startswith("MOTOR")}


def test_delivery_to_a_country_is_that_of_its_zones_or_of_the_rest_of_the_world(
    store: Shopify,
) -> None:
    assert list(store.get_shipping_info("GB").zones) == ["Domestic"]
    assert list(store.get_shipping_info("US").zones) == ["World"]


def test_an_order_that_is_not_shown_for_its_age_is_not_found_and_the_scope_is_named(
    shop: SimulatedShopify, store: Shopify
) -> None:
    shop.tokens.scopes.discard("read_all_orders")
    old = shop.stock_room.new_order("PAID", created=START - 61 * DAY, lines=[])
    for call in (store.check_order, store.check_refund_status):
        error = failure(call, str(old.number))
        assert error.error_type == "not_found"
        assert "60 days" in error.message
        assert "read_all_orders" in error.message


def test_rates_that_markets_set_are_not_read_from_the_profiles_they_replace(
    shop: SimulatedShopify, store: Shopify
) -> None:
    # Shopify: reads of delivery profiles "may return a stale snapshot" then.
    shop.stock_room.market_driven_shipping = True
    for call in (store.get_shipping_info, store.get_shipping_methods):
        error = failure(call)
        assert error.error_type == "unsupported_operation"
        assert "markets" in error.message


def test_a_postcode_changes_nothing_and_the_result_says_so(store: Shopify) -> None:
    whole, there = store.get_shipping_info("GB"), store.get_shipping_info("GB", "SW1A 1AA")
    assert (whole.ignored, there.ignored) == ((), ("postcode",))
    assert there.zones == whole.zones
    assert store.get_shipping_methods(country="GB", postcode="SW1A 1AA").ignored == ("postcode",)


def test_a_report_names_what_sold_most(shop: SimulatedShopify, store: Shopify) -> None:
    room = shop.stock_room
    room.orders.clear()
    pump, motor = room.by_sku("SKU-010"), room.by_sku("MOTOR-1-24V")
    room.new_order(lines=[(pump.id, 2), (motor.id, 1)])
    room.new_order(lines=[(pump.id, 1)])
    report = store.get_sales_report("week")
    assert [(row.product_id, row.items) for row in report.top_products] == [
        (pump.product.id, 3),
        (motor.product.id, 1),
    ]
    assert sum((row.total.amount for row in report.top_products), Decimal(0)) == report.gross.amount


def test_insights_come_with_what_all_customers_come_to(store: Shopify) -> None:
    found = store.get_customer_insights(limit=2)
    every = store.get_customer_insights(limit=1000)
    assert found.totals == every.totals
    assert found.totals is not None
    assert found.totals.spent.amount == sum(row.total.amount for row in every)
    assert found.totals.customers == every.total == len(every)
