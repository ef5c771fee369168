"""Orders that Shopify's search shows late or never are found in lists that are not searched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from store_demo.stores.shopify.records import Order
from store_exporter.contract import Report, Response
from store_exporter.net.plans import Request
from store_exporter.platforms.shopify.collectors import COLLECTORS
from tests.platforms.shopify.watching import Watched, figures, watched

HOUR = 3600.0
PAID, REVENUE = "store_orders_paid_total", "store_revenue_total{GBP}"
BACKLOG = "store_collector_backlog{orders}"
LATE = "search does not show"


async def shop_of(count: int, **options: Any) -> tuple[Watched, list[Order]]:
    """Return a shop of which the collector has seen orders of 100.00 that are not paid."""
    shop = watched()
    room = shop.shop.stock_room
    room.orders.clear()
    room.by_sku("SKU-010").quantity = 1_000_000
    orders = [place(shop, "PENDING") for _ in range(count)]
    await collect(shop, **options)
    return shop, orders


def place(shop: Watched, financial: str = "PAID") -> Order:
    room = shop.shop.stock_room
    return room.new_order(financial, lines=[(room.by_sku("SKU-010").id, 1)])


def hide(shop: Watched, *orders: Order) -> None:
    """Let the search go on to show orders as they were, or not at all; it shows others at once."""
    room = shop.shop.stock_room
    for order in orders:
        room.unsearched.add(order.id)


async def collect(shop: Watched, runs: int = 1, **options: Any) -> tuple[dict[str, float], str]:
    for _ in range(runs):
        shop.clock.advance(300.0)
        report = await shop.collect("orders", **options)
    return figures(report), " ".join(report.degraded)


async def test_an_order_that_the_search_does_not_show_for_an_hour_counts_with_the_next_run() -> (
    None
):
    shop, _ = await shop_of(1)
    hide(shop, place(shop))
    shop.clock.advance(HOUR)
    # The search shows what happens later, so that passes begin after it.
    place(shop)
    found, _ = await collect(shop)
    assert (found[PAID], found[BACKLOG]) == (1, 1)
    found, reasons = await collect(shop)
    assert (found[PAID], found[REVENUE], found[BACKLOG], reasons) == (2, 200.0, 0, "")


class Ending:
    """The shop's HTTP, until the deadline of a run ends it at a request for a single order."""

    def __init__(self, shop: Watched) -> None:
        self._inner = shop.http

    async def send(self, request: Request) -> Response:
        if "OrderHistory" in request.json["query"]:
            raise asyncio.CancelledError
        return await self._inner.send(request)


async def test_an_order_is_not_forgotten_where_the_deadline_ends_the_request_for_it() -> None:
    shop, _ = await shop_of(1)
    hide(shop, place(shop))
    shop.clock.advance(HOUR)
    place(shop)
    await collect(shop)
    shop.clock.advance(300.0)
    with pytest.raises(asyncio.CancelledError):
        await replace(shop.watcher(), http=Ending(shop)).run(COLLECTORS["orders"], {})
    assert (await collect(shop))[0][PAID] == 2


async def test_a_new_order_that_lists_by_change_leave_out_counts_with_the_next_run() -> None:
    shop, _ = await shop_of(1)
    shop.shop.stock_room.unsorted.add(place(shop).id)
    assert (await collect(shop))[0][PAID] == 0
    found, reasons = await collect(shop)
    assert (found[PAID], found[REVENUE], reasons) == (1, 100.0, "")


async def test_more_than_fifty_new_orders_that_lists_by_change_leave_out_are_all_counted() -> None:
    shop, _ = await shop_of(1)
    for _ in range(120):
        shop.shop.stock_room.unsorted.add(place(shop).id)
    told = [(await collect(shop))[1] for _ in range(2)]
    assert LATE in told[1]
    found, reasons = await collect(shop, runs=12)
    assert (found[PAID], found[REVENUE], reasons) == (120, 12_000.0, "")


async def test_a_new_order_behind_a_hundred_test_orders_counts_though_lists_leave_it_out() -> None:
    shop, _ = await shop_of(1)
    room = shop.shop.stock_room
    room.unsorted.add(place(shop).id)
    for _ in range(100):
        place(shop).test = True
    found, reasons = await collect(shop, runs=4)
    assert (found[PAID], found[REVENUE], reasons) == (1, 100.0, "")


async def test_the_first_order_of_a_new_shop_counts_though_lists_by_change_leave_it_out() -> None:
    shop, _ = await shop_of(0)
    shop.shop.stock_room.unsorted.add(place(shop).id)
    found, reasons = await collect(shop, runs=2)
    assert (found[PAID], reasons) == (1, "")


async def test_a_change_that_lists_by_change_leave_out_counts_when_the_order_is_met() -> None:
    shop, (old, _) = await shop_of(2)
    shop.shop.stock_room.unsorted.add(old.id)
    shop.shop.stock_room.pay(old, "100.00")
    assert (await collect(shop, runs=2))[0][PAID] == 1


async def test_orders_from_before_the_counting_are_not_read_for_being_the_newest() -> None:
    shop = watched()
    room = shop.shop.stock_room
    room.unsorted.update(list(room.orders)[1:])
    shop.clock.advance(2 * 86_400.0)
    await collect(shop)
    before = len(shop.shop.requests)
    assert (await collect(shop))[1] == ""
    assert len(shop.shop.requests) == before + 3


async def test_a_change_that_the_search_does_not_show_counts_too() -> None:
    shop, (old, _) = await shop_of(2)
    shop.shop.stock_room.pay(old, "100.00")
    hide(shop, old)
    shop.clock.advance(HOUR)
    place(shop)
    assert (await collect(shop, runs=2))[0][PAID] == 2


async def test_an_order_that_the_search_shows_in_time_is_not_requested_alone() -> None:
    shop, _ = await shop_of(1)
    order = place(shop)
    hide(shop, order)
    await collect(shop)
    shop.shop.stock_room.unsearched.clear()
    before = len(shop.shop.requests)
    assert (await collect(shop))[0][PAID] == 1
    assert len(shop.shop.requests) == before + 3


async def test_many_that_the_search_does_not_show_are_reported_until_all_are_read() -> None:
    shop, _ = await shop_of(1)
    hide(shop, *(place(shop) for _ in range(25)))
    await collect(shop)
    told = []
    for paid in (10, 20, 25):
        found, reasons = await collect(shop)
        assert found[PAID] == paid
        told.append(LATE in reasons)
    assert told == [True, True, False]


async def test_the_list_is_compared_over_several_runs_where_much_changed() -> None:
    options = {"page_size": 250, "max_pages": 1}
    shop, _ = await shop_of(1, **options)
    hide(shop, place(shop))
    shop.clock.advance(HOUR)
    for _ in range(120):
        shop.clock.advance(1.0)
        place(shop)
    counted = [(await collect(shop, **options))[0][PAID] for _ in range(4)]
    # The first page of a kind has one order, to learn what that costs.
    assert counted == [120, 120, 120, 121]


async def test_test_orders_are_not_requested_alone() -> None:
    shop, _ = await shop_of(1)
    order = place(shop)
    order.test = True
    hide(shop, order)
    await collect(shop, runs=3)
    before = len(shop.shop.requests)
    await collect(shop)
    assert len(shop.shop.requests) == before + 3


async def test_a_change_behind_the_cursor_of_a_pass_over_many_runs_counts() -> None:
    options = {"page_size": 1, "max_pages": 1}
    shop, orders = await shop_of(3, **options)
    room = shop.shop.stock_room
    shop.clock.advance(1000.0)
    for order in orders[1:]:
        room.pay(order, "50.00", status="PENDING")
    await shop.collect("orders", **options)
    # The cursor stands at the second order; the first changes in the same second, before it.
    room.pay(orders[0], "100.00")
    for _ in range(20):
        shop.clock.advance(400.0)
        place(shop)
        await shop.collect("orders", **options)
    for _ in range(30):
        report = await shop.collect("orders", **options)
    assert figures(report)[PAID] == 21


async def test_a_place_that_was_saved_before_lists_were_compared_is_still_good() -> None:
    shop, _ = await shop_of(1)
    place(shop)
    await collect(shop)
    document = shop.cursor.load()
    del document["pass"]["comparison"]
    shop.cursor.save(document)
    hide(shop, place(shop))
    found, reasons = await collect(shop, runs=2)
    assert (found[PAID], reasons) == (2, "")


async def test_a_second_change_in_the_second_of_the_first_counts() -> None:
    shop, (order,) = await shop_of(1)
    room = shop.shop.stock_room
    room.pay(order, "40.00")
    hide(shop, order)
    await shop.collect("orders")
    await shop.collect("orders")
    room.pay(order, "60.00")
    found, _ = await collect(shop, runs=2)
    assert found[REVENUE] == 100.0


def sold(report: Report) -> float:
    """Return how many pieces the list of best sellers has."""
    return sum(s.value for s in report.samples if s.metric.name == "store_listed_seller_sold")


async def test_best_sellers_are_read_from_the_list() -> None:
    shop, _ = await shop_of(0)
    hide(shop, *(place(shop, status) for status in ("PAID", "PENDING", "PENDING")))
    room = shop.shop.stock_room
    old = shop.clock.now() - 31 * 24 * HOUR
    room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, 5)], created=old)
    assert sold(await shop.collect("best_sellers")) == 3


@pytest.mark.parametrize("orders", [1, 99, 100, 101, 250])
async def test_the_list_of_orders_is_read_to_the_first_that_is_too_old(orders: int) -> None:
    shop, _ = await shop_of(0)
    room = shop.shop.stock_room
    lines = [(room.by_sku("SKU-010").id, 1)]
    for number in range(orders + 250):
        age = 24 * HOUR if number < orders else 40 * 24 * HOUR
        room.new_order("PAID", lines=lines, created=shop.clock.now() - age - number)
    await shop.collect("best_sellers")
    before = len(shop.shop.requests)
    assert sold(await shop.collect("best_sellers")) == orders
    # Beside it, one page of scarce variants.
    assert len(shop.shop.requests) - before == 1 + (orders // 100 + 1)


async def test_orders_that_the_search_finds_in_no_status_are_pending() -> None:
    shop, orders = await shop_of(4)
    place(shop)
    place(shop).test = True
    whole = figures(await shop.collect("order_statuses"))
    names = ("pending", "processing")
    assert [whole[f"store_orders_current{{{name}}}"] for name in names] == [4, 1]
    hide(shop, *orders[:3])
    for order in orders[:3]:
        shop.shop.stock_room.searched.pop(order.id, None)
    assert figures(await shop.collect("order_statuses")) == whole
