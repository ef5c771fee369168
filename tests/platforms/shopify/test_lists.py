"""Carts, scarce products and best sellers of a Shopify shop, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store_exporter.platforms.shopify.collectors import COLLECTORS
from store_exporter.stores.model import Schedule
from tests.fakes.direct import Json, changing
from tests.platforms.shopify.watching import Watched, without_orders
from tests.platforms.watching import list_sizes, rows

DAY = 86_400.0
CARTS, SELLERS = "carts", "best_sellers"


@pytest.fixture
def shop() -> Watched:
    return without_orders()


async def test_abandoned_checkouts_are_listed_by_number_and_value(shop: Watched) -> None:
    room = shop.shop.stock_room
    left = {room.new_checkout(f"{n}.50").id: n + 0.5 for n in range(1, 15)}
    began = shop.clock.now()
    shop.clock.advance(2 * 3600)
    report = await shop.collect(CARTS)
    shown = rows(report, "store_listed_cart_value")
    best = sorted(left.items(), key=lambda pair: -pair[1])[:10]
    assert [(int(labels["cart"]), value) for labels, value in shown] == best
    since = {value for _, value in rows(report, "store_listed_cart_since_timestamp_seconds")}
    assert since == {int(began)}


async def test_a_checkout_that_an_app_named_after_somebody_is_shown_by_its_id(
    shop: Watched,
) -> None:
    checkout = shop.shop.stock_room.new_checkout("9.00")
    shop.clock.advance(2 * 3600)

    def named(answer: Json) -> Json:
        for node in answer["data"].get("abandonedCheckouts", {}).get("nodes", ()):
            node["name"] = "Ada Lovelace's"
        return answer

    shop.shop.faults.add(changing("*", named))
    ((labels, _),) = rows(await shop.collect(CARTS), "store_listed_cart_value")
    assert labels["cart"] == str(checkout.id)


async def test_what_is_out_and_sold_lately_comes_first(shop: Watched) -> None:
    room = shop.shop.stock_room
    pump, valve = room.by_sku("SKU-010"), room.by_sku("SKU-011")
    for variant, pieces in ((pump, 2), (valve, 5)):
        room.new_order(lines=[(variant.id, pieces)])
        variant.quantity = 0
    report = await shop.collect(SELLERS)
    shown = rows(report, "store_listed_scarce_quantity")
    assert [labels["sku"] for labels, _ in shown[:2]] == ["SKU-011", "SKU-010"]
    assert [labels["stock"] for labels, _ in shown[:4]] == ["out", "out", "low", "low"]
    assert rows(report, "store_listed_scarce_sold")[0][1] == 5
    assert list_sizes(report)["scarce"] == 10


async def test_a_variant_is_named_with_its_product(shop: Watched) -> None:
    names = [r["product"] for r, _ in rows(await shop.collect(SELLERS), "store_listed_scarce_sold")]
    assert "Motor 1 - 24V" in names


async def test_what_can_be_ordered_beyond_its_stock_is_not_scarce(shop: Watched) -> None:
    room = shop.shop.stock_room
    room.by_sku("SKU-001").backorders = True
    shown = rows(await shop.collect(SELLERS), "store_listed_scarce_quantity")
    assert "SKU-001" not in {labels["sku"] for labels, _ in shown}
    assert "SKU-002" in {labels["sku"] for labels, _ in shown}


async def test_best_sellers_are_those_of_seven_days(shop: Watched) -> None:
    room = shop.shop.stock_room
    pump, valve = room.by_sku("SKU-010"), room.by_sku("SKU-011")
    order = room.new_order(lines=[(pump.id, 3)])
    room.new_order(lines=[(valve.id, 9)], created=shop.clock.now() - 9 * DAY)
    room.cancel(room.new_order(lines=[(valve.id, 9)]))
    room.new_order(lines=[(valve.id, 9)]).test = True
    room.import_order(shop.clock.now() - 9 * DAY, [(valve.id, 9)])
    report = await shop.collect(SELLERS)
    ((labels, pieces),) = rows(report, "store_listed_seller_sold")
    assert (labels["product"], labels["currency"], pieces) == (
        pump.product.title,
        room.currency,
        3,
    )
    ((_, value),) = rows(report, "store_listed_seller_value")
    assert value == float(order.total)


async def test_what_sells_for_its_usual_price_is_counted_by_the_piece(shop: Watched) -> None:
    room = shop.shop.stock_room
    pump = room.by_sku("SKU-010")
    for day in range(3, 15):
        room.new_order(lines=[(pump.id, 3)], created=shop.clock.now() - day * DAY)
    room.new_order(lines=[(pump.id, 1)])
    report = await shop.collect(SELLERS)
    found = {labels["price"]: value for labels, value in rows(report, "store_products_sold")}
    assert found == {"usual": 1, "lower": 0, "higher": 0}


async def test_low_is_what_the_collector_stock_calls_low(shop: Watched) -> None:
    watcher = shop.watcher()
    options = {**COLLECTORS["stock"].options, "threshold": 0}
    watcher.store = replace(watcher.store, collectors={"stock": Schedule(900, 60, options=options)})
    shown = rows(await watcher.run(COLLECTORS[SELLERS], {}), "store_listed_scarce_quantity")
    assert {labels["stock"] for labels, _ in shown} == {"out"}


async def test_lists_can_be_switched_off_and_then_cost_nothing(shop: Watched) -> None:
    shop.lists = False
    shop.shop.stock_room.new_checkout("9.00")
    shop.clock.advance(2 * 3600)
    assert list_sizes(await shop.collect(CARTS)) == {}
    asked = len(shop.shop.requests)
    assert (await shop.collect(SELLERS)).samples == ()
    assert len(shop.shop.requests) == asked


async def test_a_search_that_leaves_out_a_filter_gives_no_list(shop: Watched) -> None:
    def ignored(answer: Json) -> Json:
        if "productVariants" in answer["data"]:
            warning = {"field": "managed", "message": "Invalid search field", "code": "x"}
            search = [{"path": ["productVariants"], "query": "q", "warnings": [warning]}]
            answer["extensions"]["search"] = search
        return answer

    shop.shop.faults.add(changing("*", ignored))
    report = await shop.collect(SELLERS)
    assert list_sizes(report) == {"best_sellers": 0}
    assert report.degraded


async def test_more_scarce_variants_than_are_read_are_no_list(shop: Watched) -> None:
    report = await shop.collect(SELLERS, most=5)
    assert "scarce" not in list_sizes(report)
    assert "not listed" in report.summary
