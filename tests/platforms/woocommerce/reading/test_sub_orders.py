"""Sub-orders of marketplaces, as Dokan 5 makes them of an order with products of two vendors."""

from __future__ import annotations

from decimal import Decimal

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.platforms.woocommerce.reading.order_state import is_sub_order
from tests.fakes.clock import Clock
from tests.platforms.operations import pounds

from ..watching import Watched, figures, watching


def split(store: SimulatedWooCommerce, status: str, **other: float) -> list[int]:
    """Place an order of two vendors; return its id and those of its sub-orders."""
    first, second = list(store.shop.products)[:2]
    lines = [(first, 2), (second, 1)]
    number = store.new_order(status, lines=lines, total="62.68", **other)["id"]
    return [number] + [
        store.new_order(status, lines=[line], total="31.34", parent=number, via="dokan", **other)[
            "id"
        ]
        for line in lines
    ]


async def run(store: Watched) -> dict[str, float]:
    store.clock.now += 300
    return figures(await store.collect("orders"))


async def test_an_order_of_two_vendors_is_one_order_and_its_money_is_counted_once() -> None:
    async with watching(orders=0) as store:
        await run(store)
        number, mine, _ = split(store.shop, "processing")
        found = await run(store)
        assert found["store_orders_total{processing}"] == 1
        assert found["store_orders_paid_total"] == 1
        assert found["store_revenue_total{GBP}"] == 62.68
        # Dokan's and YITH's own reports have those of the order alone.
        store.shop.refund(mine, "31.34")
        store.shop.refund(number, "31.34")
        found = await run(store)
        assert found["store_refunds_total{GBP}"] == 31.34
        assert found["store_order_corrections_total{GBP}"] == 0


async def test_a_sub_order_that_was_counted_once_is_taken_back() -> None:
    """As one was by an exporter that knew nothing of its plugin."""
    async with watching(orders=0) as store:
        await run(store)
        number = store.shop.new_order("processing", total="62.68")["id"]
        mine = store.shop.new_order("processing", total="31.34", parent=number)["id"]
        assert (await run(store))["store_revenue_total{GBP}"] == pytest.approx(94.02)
        store.shop.edit_order(mine, created_via="dokan")
        found = await run(store)
        assert found["store_revenue_total{GBP}"] - found["store_order_corrections_total{GBP}"] == (
            pytest.approx(62.68)
        )


async def test_what_was_split_off_or_is_the_rest_of_a_deposit_is_an_order_of_its_own() -> None:
    async with watching(orders=0) as store:
        await run(store)
        number = store.shop.new_order("processing", total="50.00")["id"]
        store.shop.new_order("processing", total="50.00", parent=number, via="wc_deposits")
        found = await run(store)
        assert found["store_orders_paid_total"] == 2
        assert found["store_revenue_total{GBP}"] == 100


async def test_a_checkout_of_two_vendors_that_was_left_is_one_cart() -> None:
    async with watching(orders=0) as store:
        split(store.shop, "pending", created=store.clock.now - 7200)
        found = figures(await store.collect("carts"))
        assert found["store_carts_abandoned"] == 1
        assert found["store_cart_abandoned_value{GBP}"] == 62.68


async def test_what_two_vendors_sold_is_not_sold_twice() -> None:
    async with watching(orders=0) as store:
        split(store.shop, "completed")
        first = next(iter(store.shop.shop.products))
        found = {
            name: value
            for name, value in figures(await store.collect("best_sellers")).items()
            if "listed_seller_sold" in name and str(first) in name
        }
        assert list(found.values()) == [2]


@pytest.mark.parametrize("definition", ["created", "paid"])
def test_a_report_has_an_order_of_two_vendors_and_its_refund_once(
    store: SimulatedWooCommerce, shop: WooCommerce, definition: str
) -> None:
    number, mine, _ = split(store, "completed")
    store.refund(mine, "31.34")
    store.refund(number, "31.34")
    report = shop.get_sales_report("week", definition=definition)
    assert (report.orders, report.gross, report.refunds) == (1, pounds("62.68"), pounds("31.34"))


def test_refunds_of_sub_orders_are_not_requested_one_by_one_before_woocommerce_9(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.habits.version = (8, 6)
    number, mine, _ = split(store, "completed")
    store.refund(mine, "31.34")
    store.refund(number, "31.34")
    assert shop.get_sales_report("week").refunds == pounds("31.34")
    whose = [path for _, path in store.requests if "/refunds?" in path]
    assert [f"/orders/{number}/" in path for path in whose if "wc/v3/refunds" not in path] == [True]


def test_a_refund_of_a_sub_order_that_was_placed_earlier_is_in_no_report(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    _, mine, _ = split(store, "completed", created=clock.now() - 40 * 86_400)
    store.refund(mine, "31.34")
    assert shop.get_sales_report("week").refunds.amount == 0


def test_a_customer_has_the_order_that_he_placed(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    number, *_ = split(store, "completed")
    assert [order.id for order in shop.get_customer_orders("cust1@example.test")] == [number]
    (best,) = shop.get_customer_insights(limit=1)
    assert (best.orders, best.total) == (1, pounds("62.68"))


def test_what_a_vendor_refunded_of_his_part_is_refunded_of_the_order(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """Dokan 5 and MultiVendorX mark the order of which they make sub-orders by its meta data."""
    number, mine, _ = split(store, "completed")
    store.edit_order(number, meta_data=[{"id": 1, "key": "has_sub_order", "value": "1"}])
    other = store.new_order(parent=number, via="wc_deposits")["id"]
    store.refund(other, "5.00")
    assert shop.check_refund_status(number).status == "none"
    store.refund(mine, "2.00", "Scratched")
    found = shop.check_refund_status(number)
    assert (found.status, found.refunded, found.order_id) == ("partial", pounds("2.00"), number)
    assert [refund.reason for refund in found.refunds] == ["Scratched"]
    # Plugins that write both copy a refund of the sub-order to the order, or the other way round.
    store.refund(number, "2.00", "Scratched")
    assert shop.check_refund_status(number).refunded == pounds("2.00")


def test_an_order_without_sub_orders_is_not_asked_for_them(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    number = store.new_order()["id"]
    assert shop.check_refund_status(number).status == "none"
    assert not [path for _, path in store.requests if "parent=" in path]


def test_a_vendor_finds_the_sub_order_by_its_number(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    _, mine, _ = split(store, "completed")
    assert shop.check_order(str(mine)).total.amount == Decimal("31.34")


@pytest.mark.parametrize(
    ("order", "is_one"),
    [
        ({"parent_id": 7, "created_via": "dokan"}, True),
        ({"parent_id": 7, "created_via": "yith_wcmv_vendor_suborder"}, True),
        ({"parent_id": 7, "created_via": "wcmp_vendor_order"}, True),
        # A vendor enters such by hand.
        ({"parent_id": 0, "created_via": "dokan"}, False),
        ({"parent_id": 7, "created_via": "wc_deposits"}, False),
        ({"parent_id": 7, "created_via": ""}, False),
        ({"parent_id": 7, "created_via": ["dokan"]}, False),
        ({}, False),
    ],
)
def test_only_what_made_an_order_shows_that_it_repeats_another(
    order: dict[str, object], is_one: bool
) -> None:
    assert is_sub_order(Fields(order, "order")) is is_one
