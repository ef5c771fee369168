"""Before WooCommerce 7.6 a partial refund leaves its order's time of change as it is."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from .watching import Watched, count_orders, watching

LIST = "/wp-json/wc/v3/orders"
DAY = 86_400


def open_shop(store: Watched, count: int, version: tuple[int, int] = (6, 9)) -> list[int]:
    """Place orders on different days, the oldest first, and return their ids."""
    store.shop.shop.habits.version = version
    store.clock.now -= 40 * DAY
    ids = []
    for _ in range(count):
        store.clock.now += 30 * DAY / count
        ids.append(store.shop.new_order("completed", total="50")["id"])
    store.clock.now += 10 * DAY
    return ids


async def run_until(store: Watched, refunded: float, most: int, **options: Any) -> int:
    """Run until so much is refunded; return the number of runs."""
    for number in range(1, most + 1):
        found = await count_orders(store, **options)
        if found["store_refunds_total{GBP}"] == refunded:
            return number
    raise AssertionError(found["store_refunds_total{GBP}"])


@pytest.mark.parametrize("since", ["now", "2026-11-20"])
async def test_partial_refunds_of_orders_from_before_counting_are_counted(since: str) -> None:
    async with watching(orders=0) as store:
        olds = open_shop(store, 350)
        await count_orders(store, since=since)
        for number in olds[::25]:
            store.clock.now += 1
            store.shop.refund(number, "2")
        await run_until(store, 28, most=5, since=since)
        # Refunds that come later are found when the order is read again.
        store.shop.refund(olds[0], "3")
        store.shop.refund(olds[200], "4")
        assert await run_until(store, 35, most=3, since=since) <= 2
        found = await count_orders(store, since=since)
        assert found["store_revenue_total{GBP}"] == 0
        assert found["store_order_corrections_total{GBP}"] == 0
        assert found["store_collector_backlog{orders}"] == 0


async def test_refunds_from_before_counting_are_not_counted() -> None:
    async with watching(orders=0) as store:
        olds = open_shop(store, 250)
        # Its number is beyond that of the newest order, and nothing has read it so far.
        store.shop.refund(olds[0], "2")
        store.clock.now += 2 * DAY
        await count_orders(store)
        for _ in range(4):
            found = await count_orders(store)
        assert found["store_refunds_total{GBP}"] == 0


async def test_a_version_that_marks_refunds_costs_no_further_request() -> None:
    async with watching(orders=0) as store:
        open_shop(store, 350, version=(7, 6))
        await count_orders(store)
        store.asked()
        for _ in range(3):
            await count_orders(store)
            assert store.asked() == [LIST] * 3


async def test_orders_are_read_faster_until_the_shop_has_a_version_that_marks_refunds() -> None:
    async with watching(orders=0) as store:
        open_shop(store, 650)
        for _ in range(3):
            await count_orders(store)
        store.asked()
        await count_orders(store)
        assert store.asked() == [LIST] * 5
        store.shop.shop.habits.version = (8, 9)
        store.shop.new_order("processing")
        await count_orders(store)
        assert store.asked() == [LIST] * 3


async def test_orders_without_a_version_are_read_as_those_of_an_old_one() -> None:
    async with watching(orders=0) as store:
        olds = open_shop(store, 250)
        for order in store.shop.shop.orders.values():
            del order["version"]
        await count_orders(store)
        store.shop.refund(olds[0], "2")
        await run_until(store, 2, most=4)


async def test_only_as_many_orders_from_before_are_read_as_are_remembered() -> None:
    options = {"remember": 200, "max_pages": 2}
    async with watching(orders=0) as store:
        olds = open_shop(store, 900)
        await count_orders(store, **options)
        store.asked()
        asked = 0
        for _ in range(4):
            await count_orders(store, **options)
            asked += len(store.asked())
        # Three in each run, and what was remembered at first: a place, two full pages, an end.
        assert asked <= 4 * 4 + 5
        store.shop.refund(olds[-190], "2")
        await run_until(store, 2, most=4, **options)
        report = await store.collect("orders", **options)
        assert report.degraded == [
            (
                "Refunds of a part of an order are not seen on 700 orders that are not remembered, "
                "because they do not change its time of change: set remember to more than 900."
            )
        ]
        options["remember"] = 1000
        for _ in range(6):
            await count_orders(store, **options)
        store.shop.refund(olds[0], "2")
        await run_until(store, 4, most=6, **options)
        assert (await store.collect("orders", **options)).degraded == []


async def test_a_store_that_ignores_page_numbers_has_its_old_orders_read_too() -> None:
    options = {"remember": 100}
    async with watching(orders=0) as store:
        olds = open_shop(store, 350)
        store.shop.shop.habits.ignores_page = True
        for _ in range(6):
            await count_orders(store, **options)
        store.shop.refund(olds[-90], "2")
        await run_until(store, 2, most=4, **options)


async def test_the_reading_of_old_orders_goes_on_where_it_stopped() -> None:
    async with watching(orders=0) as store:
        open_shop(store, 450)
        await count_orders(store)
        left = []
        for _ in range(6):
            found = await count_orders(store, max_pages=1)
            left.append(found["store_collector_backlog{orders}"])
        assert left == sorted(left, reverse=True)
        assert left[0] > 300
        assert left[-1] == 0
        store.asked()
        await count_orders(store)
        assert len(store.asked()) == 5


async def test_refunds_between_the_latest_change_and_the_beginning_are_not_counted() -> None:
    async with watching(orders=0) as store:
        olds = open_shop(store, 150)
        store.clock.now -= 10 * DAY - 3_600
        store.shop.refund(olds[0], "2")
        store.clock.now += 3_600
        store.http.date = formatdate(store.clock.now, usegmt=True)
        await count_orders(store, seconds=0)
        store.http.date = None
        store.clock.now += 300
        store.shop.refund(olds[1], "3")
        await run_until(store, 3, most=4)
        await run_until(store, 3, most=1)
