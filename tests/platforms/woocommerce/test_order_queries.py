"""Snippets and plugins of real shops that change how orders are found, and are seen through."""

from __future__ import annotations

from datetime import datetime

import pytest

from store_exporter.platforms.woocommerce.collectors import COLLECTORS

from .watching import count_orders, figures, watching


async def test_a_list_that_is_empty_without_dates_is_requested_with_them() -> None:
    """As in a live shop of 321 orders with WooPOS 2.8.1, whose list came empty with status 200."""
    async with watching(orders=30) as store:
        whole = figures(await store.collect("order_statuses"))
        store.shop.shop.habits.needs_dates = True
        report = await store.collect("orders")
        assert "existing orders: 28" in report.summary  # Two are drafts.
        store.shop.new_order("processing", total="7")
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 7
        assert found["store_orders_paid_total"] == 1
        states = figures(await store.collect("order_statuses"))
        assert states["store_orders_current{completed}"] == whole["store_orders_current{completed}"]


async def test_that_a_list_is_empty_is_looked_at_twice_and_no_more_for_an_hour() -> None:
    async with watching(orders=0) as store:
        await store.collect("orders")
        store.asked()
        connection = store.watcher()
        for _ in range(3):
            store.clock.now += 60
            await connection.run(COLLECTORS["order_statuses"], {})
        lists = [path for path in store.asked() if path.endswith("/orders")]
        assert len(lists) == 3 + 2


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Toronto", "Europe/Prague", "UTC"])
async def test_changes_are_found_in_a_shop_that_compares_their_local_time(zone: str) -> None:
    async with watching(orders=30, timezone=zone) as store:
        store.shop.shop.habits.changed_locally = True
        await count_orders(store)
        order = store.shop.new_order("pending", total="5")
        for paid in (7, 14, 21):
            store.clock.now += 60
            store.shop.new_order("processing", total="7")
            assert (await count_orders(store))["store_revenue_total{GBP}"] == paid
        store.shop.edit_order(order["id"], status="completed")
        # West of Greenwich it is found among the unpaid orders that are read again.
        report = await store.collect("orders")
        assert figures(report)["store_revenue_total{GBP}"] == 26
        assert report.degraded == []


async def test_a_snippet_that_was_removed_hides_no_change_for_longer_than_an_hour() -> None:
    async with watching(orders=30, timezone="Asia/Kolkata") as store:
        store.shop.shop.habits.changed_locally = True
        store.shop.new_order("processing")
        await count_orders(store)
        await count_orders(store)
        store.shop.shop.habits.changed_locally = False
        order = store.shop.new_order("pending", total="5")
        store.shop.edit_order(order["id"], status="completed")
        found = await count_orders(store, seconds=3_700)
        assert found["store_orders_total{completed}"] == 1


@pytest.mark.parametrize("switch", ["2026-03-29T01:00Z", "2026-10-25T01:00Z"])
@pytest.mark.parametrize("size", [4, 10, 100])
async def test_a_walk_over_a_change_of_the_clocks_finds_all_orders_in_such_a_shop(
    size: int, switch: str
) -> None:
    async with watching(orders=0, timezone="Europe/Prague") as store:
        shop = store.shop.shop
        shop.habits.changed_locally = True
        for half_hours in range(-60, 60):
            when = datetime.fromisoformat(switch).timestamp() + 600 + half_hours * 1_800
            made = store.shop.new_order("processing", total="1", created=when)
            for name in ("date_paid", "date_modified"):
                shop.stamp(shop.orders[made["id"]], name, when)
        for _ in range(3):
            found = await count_orders(store, since="2026-03-01", page_size=size, max_pages=60)
        assert found["store_orders_paid_total"] == 120
