"""Thousands of orders that a merchant moves to the trash at once, after an import or an attack."""

from __future__ import annotations

from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_demo.stores.woocommerce.habits import Habits

from .watching import Watched, count_orders, figures, watching


async def trashed(store: Watched, orders: int, kept: int) -> list[int]:
    """Count orders, and move all but the last ones to the trash; return their ids."""
    await count_orders(store)
    for _ in range(orders):
        store.clock.now += 1
        store.shop.new_order("processing", total="1")
    await count_orders(store)
    await count_orders(store)
    ids = list(store.shop.shop.orders)[:-kept]
    for number in ids:
        store.shop.shop.orders[number]["status"] = "trash"
    store.shop.requests.clear()
    return ids


@pytest.mark.parametrize("habits", [Habits(), Habits(cap=30)])
async def test_hundreds_in_the_trash_are_found_a_page_at_a_time(habits: Habits) -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits = habits
        ids = await trashed(store, 450, kept=50)
        for _ in range(2):
            found = await count_orders(store)
        assert found["store_order_corrections_total{GBP}"] == 400
        assert len(store.asked()) < 80
        for number in ids:
            store.shop.shop.orders[number]["status"] = "processing"
        for _ in range(2):
            found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 850
        assert found["store_collector_backlog{orders}"] == 0


async def test_some_of_those_deleted_for_good_are_looked_up_beside_others_in_the_trash() -> None:
    async with watching(orders=0) as store:
        for number in (await trashed(store, 90, kept=10))[::2]:
            del store.shop.shop.orders[number]
        found = await count_orders(store)
        assert found["store_order_corrections_total{GBP}"] == 80
        # Ten show that the other thirty are deleted too. Of these, ten are looked up in this run.
        assert found["store_collector_backlog{orders}"] == 20
        found = await count_orders(store)
        assert found["store_order_corrections_total{GBP}"] == 80
        assert found["store_collector_backlog{orders}"] == 0


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_where_the_trash_cannot_be_listed_orders_are_looked_up_one_by_one(
    status: int,
) -> None:
    async with watching(orders=0) as store:
        await trashed(store, 30, kept=10)
        store.shop.shop.habits.trash = status
        found = await count_orders(store)
        assert found["store_order_corrections_total{GBP}"] == 20


async def test_an_order_deleted_while_its_page_is_made_does_not_say_that_lists_have_the_trash() -> (
    None
):
    options = {"overlap": 5, "page_size": 10, "max_pages": 1}
    async with watching(orders=0) as store:
        await count_orders(store)
        for _ in range(40):
            store.clock.now += 1
            first = store.shop.new_order("processing", total="1")["id"]
        for _ in range(9):
            await count_orders(store, **options)
        deleted = [first - 20, first - 10]
        kept = {number: dict(store.shop.shop.orders[number]) for number in deleted}

        def delete(body: Any) -> Any:
            gone = [store.shop.shop.orders[number] for number in deleted]
            for order in gone:
                order["status"] = "trash"
                store.shop.shop.stamp(order, "date_modified", store.clock.now)
            return [row for row in body if row["id"] not in deleted] + gone

        store.shop.faults.add(Fault(path="*/orders", change=delete, times=1))
        found = await count_orders(store, **options)
        assert found["store_order_corrections_total{GBP}"] == 2
        store.shop.shop.orders |= kept
        for _ in range(2):
            store.clock.now += 300
            report = await store.collect("orders", **options)
        assert figures(report)["store_revenue_total{GBP}"] == 42
        assert not report.degraded
