"""Carts, scarce products and best sellers of a WooCommerce store, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from store_demo.stores.faults import Fault
from tests.fakes.direct import changing
from tests.platforms.watching import list_sizes, rows

from .watching import Watched, figures, watching

CARTS, SELLERS = "carts", "best_sellers"
REPORT = "/wp-json/wc-analytics/reports/stock"


def sellable(store: Watched) -> list[int]:
    shop = store.shop.shop
    return [p["id"] for p in shop.everything_sold() if p["stock_quantity"] > 20]


async def test_abandoned_carts_are_listed_by_number_and_value_and_by_nobodys_name() -> None:
    async with watching(orders=0) as store:
        left = store.clock.now - 2 * 3600
        totals = {
            store.shop.new_order("pending", total=f"{n}.25", created=left)["id"]: n + 0.25
            for n in range(10, 25)
        }
        store.shop.new_order("processing", total="999.00", created=left)
        report = await store.collect(CARTS)
        shown = rows(report, "store_listed_cart_value")
        best = sorted(totals.items(), key=lambda pair: -pair[1])[:10]
        assert [(int(labels["cart"]), value) for labels, value in shown] == best
        assert {labels["currency"] for labels, _ in shown} == {store.shop.shop.currency}
        since = rows(report, "store_listed_cart_since_timestamp_seconds")
        assert {value for _, value in since} == {left}
        assert list_sizes(report) == {"carts": 10}
        assert len(store.asked()) == 1
        assert "cust" not in str(report.samples)


async def test_a_cart_that_is_paid_leaves_the_list() -> None:
    async with watching(orders=0) as store:
        order = store.shop.new_order("pending", created=store.clock.now - 2 * 3600)
        assert list_sizes(await store.collect(CARTS)) == {"carts": 1}
        store.shop.edit_order(order["id"], status="processing")
        report = await store.collect(CARTS)
        assert list_sizes(report) == {"carts": 0}
        assert rows(report, "store_listed_cart_value") == []


async def test_carts_of_unknown_value_are_no_list() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(
            changing("*/orders", lambda body: [{**row, "total": "a"} for row in body])
        )
        store.shop.new_order("pending", created=store.clock.now - 2 * 3600)
        report = await store.collect(CARTS)
        assert list_sizes(report) == {}
        assert report.degraded


async def test_what_is_out_and_sold_lately_comes_first_then_what_is_low() -> None:
    async with watching(orders=0) as store:
        first, second, third, *_ = sellable(store)
        for product, pieces in ((first, 1), (second, 4), (third, 2)):
            store.shop.new_order("completed", lines=[(product, pieces)])
        store.shop.set_stock(first, 0)
        store.shop.set_stock(second, 0)
        store.shop.set_stock(third, 1)
        report = await store.collect(SELLERS)
        shown = rows(report, "store_listed_scarce_quantity")
        assert [int(labels["product_id"]) for labels, _ in shown[:3]] == [second, first, third]
        assert [labels["stock"] for labels, _ in shown] == ["out"] * 2 + ["low"] * 5 + ["out"] * 3
        sold = rows(report, "store_listed_scarce_sold")
        assert [value for _, value in sold[:4]] == [4, 1, 2, 0]
        assert list_sizes(report)["scarce"] == 10
        # The statuses, the orders, the best sellers that are out, and one page of each kind.
        assert len(store.asked()) == 5


async def test_what_is_low_is_no_list_in_a_shop_that_counts_no_stock() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.counts_stock = False
        shown = rows(await store.collect(SELLERS), "store_listed_scarce_quantity")
        assert {labels["stock"] for labels, _ in shown} == {"out"}


async def test_best_sellers_are_those_of_seven_days_with_what_they_brought() -> None:
    async with watching(orders=0) as store:
        first, second, *_ = sellable(store)
        order = store.shop.new_order("completed", lines=[(first, 3)])
        store.shop.new_order("completed", lines=[(first, 2)], currency="JPY")
        store.shop.new_order("completed", lines=[(second, 9)], created=store.clock.now - 9 * 86_400)
        store.shop.new_order("cancelled", lines=[(second, 9)])
        report = await store.collect(SELLERS)
        name = store.shop.shop.products[first]["name"]
        shown = rows(report, "store_listed_seller_sold")
        assert [(r["product"], r["currency"], v) for r, v in shown] == [
            (name, "GBP", 3),
            (name, "JPY", 2),
        ]
        value = rows(report, "store_listed_seller_value")[0][1]
        assert value == float(order["total"])


async def test_what_sells_for_another_price_than_before_is_counted() -> None:
    async with watching(orders=0) as store:
        first, second, *_ = sellable(store)
        for day in range(3, 15):
            for product in (first, second):
                created = store.clock.now - day * 86_400
                store.shop.new_order("completed", lines=[(product, 2)], created=created)
        store.shop.shop.products[first]["price"] = "0.01"
        for product in (first, second):
            store.shop.new_order("processing", lines=[(product, 1)])
        asked = len(store.asked())
        report = await store.collect(SELLERS)
        found = {labels["price"]: value for labels, value in rows(report, "store_products_sold")}
        assert found == {"usual": 1, "lower": 1, "higher": 0}
        # As many as without: the orders, the best sellers that are out, and one page of each kind.
        assert len(store.asked()) - asked == 5


@pytest.mark.parametrize(
    ("meta", "lower"),
    [
        ([{"key": "_woosb_parent_id", "value": "275"}], 0),
        ([{"key": "_bundled_by", "value": "f00"}], 0),
        ([{"key": "colour", "value": "_bundled_by"}, "odd", {"key": ["_bundled_by"]}], 1),
        (None, 1),
    ],
)
async def test_the_price_of_what_is_part_of_a_bundle_is_that_of_the_bundle(
    meta: Any, lower: int
) -> None:
    async with watching(orders=0) as store:
        part, other, *_ = sellable(store)
        for day in range(3, 15):
            created = store.clock.now - day * 86_400
            store.shop.new_order("completed", lines=[(part, 2), (other, 1)], created=created)
        order = store.shop.new_order("processing", lines=[(part, 1), (other, 1)])
        order["line_items"][0].update(subtotal="0.00", total="0.00", meta_data=meta)
        store.shop.edit_order(order["id"], line_items=order["line_items"])
        report = await store.collect(SELLERS)
        found = {labels["price"]: value for labels, value in rows(report, "store_products_sold")}
        assert found == {"usual": 1, "lower": lower, "higher": 0}


async def test_lists_can_be_switched_off_and_then_cost_nothing() -> None:
    async with watching() as store:
        store.lists = False
        for name in (CARTS, SELLERS):
            report = await store.collect(name)
            assert not [s for s in report.samples if s.metric.name.startswith("store_listed")]
        assert REPORT not in store.asked()


async def test_a_stock_report_that_leaves_out_what_is_out_gives_no_list() -> None:
    async with watching(orders=0) as store:
        product = sellable(store)[0]
        store.shop.new_order("completed", lines=[(product, 1)])
        store.shop.set_stock(product, 0)
        store.shop.faults.add(changing("*/reports/stock", lambda _: []))
        report = await store.collect(SELLERS)
        assert list_sizes(report) == {"best_sellers": 1}
        assert figures(report)["store_best_sellers_out_of_stock"] == 1
        assert "lacks products that are out" in report.summary


async def test_a_best_seller_that_was_taken_off_sale_hides_no_list() -> None:
    async with watching(orders=0) as store:
        product = sellable(store)[0]
        store.shop.new_order("completed", lines=[(product, 1)])
        store.shop.set_stock(product, 0)

        def drafted(body: Any) -> Any:
            return [{**row, "status": "draft"} for row in body]

        def lacking(body: Any) -> Any:
            return [row for row in body if row["id"] != product]

        store.shop.faults.add(changing("*/wc/v3/products", drafted))
        store.shop.faults.add(changing("*/reports/stock", lacking))
        assert list_sizes(await store.collect(SELLERS))["scarce"] == 9


async def test_a_blind_stock_report_is_no_empty_list() -> None:
    async with watching(orders=0) as store:
        zeros = dict.fromkeys(("products", "lowstock", "instock", "outofstock", "onbackorder"), 0)
        store.shop.faults.add(changing("*/reports/stock", lambda _: []))
        store.shop.faults.add(changing("*/stock/stats", lambda _: {"totals": zeros}))
        assert "scarce" not in list_sizes(await store.collect(SELLERS))


@pytest.mark.parametrize("status", [403, 500, 504])
async def test_best_sellers_are_known_where_analytics_fails_or_is_refused(status: int) -> None:
    async with watching(orders=12) as store:
        whole = figures(await store.collect(SELLERS))
        store.shop.faults.add(Fault(path="*/wc-analytics/*", status=status))
        report = await store.collect(SELLERS)
        lost = {name.partition("{")[0] for name in whole.keys() - figures(report).keys()}
        assert lost == {"store_listed", "store_listed_scarce_quantity", "store_listed_scarce_sold"}
        assert "scarce" not in list_sizes(report)
        (reason,) = report.degraded
        assert reason.startswith("What is scarce is not known: ")


async def test_with_hundreds_out_of_stock_what_was_sold_lately_is_still_found() -> None:
    async with watching(orders=0) as store:
        product = sellable(store)[0]
        store.shop.new_order("completed", lines=[(product, 5)])
        shop = store.shop.shop
        for number in range(5000, 5150):
            shop.products[number] = {**shop.products[product], "id": number, "sku": f"X-{number}"}
            store.shop.set_stock(number, -1)
        store.shop.set_stock(product, 0)
        shown = rows(await store.collect(SELLERS), "store_listed_scarce_quantity")
        assert int(shown[0][0]["product_id"]) == product


@pytest.mark.parametrize("answer", [{"stock_status": "onbackorder"}, {"stock_quantity": None}])
async def test_rows_that_were_not_requested_give_no_list(answer: dict[str, Any]) -> None:
    async with watching() as store:
        change = changing("*/reports/stock", lambda body: [{**row, **answer} for row in body])
        store.shop.faults.add(change)
        assert "scarce" not in list_sizes(await store.collect(SELLERS))
