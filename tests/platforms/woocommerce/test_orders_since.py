"""From when on orders are counted: now or a date, and what becomes of those from before."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from store_demo.stores.faults import Fault
from store_exporter.platforms.woocommerce.reading.order_state import ENTERED

from .watching import Watched, count_orders, watching

ORDERS = "/wp-json/wc/v3/orders"


async def test_a_first_run_over_many_orders_reads_two_pages_and_counts_nothing() -> None:
    async with watching(orders=350) as store:
        found = await count_orders(store)
        assert store.asked() == [ORDERS] * 2
        assert found["store_orders_paid_total"] == 0
        assert found["store_revenue_total{GBP}"] == 0
        assert {found[f"store_orders_total{{{status}}}"] for status in ENTERED} == {0}
        assert found["store_collector_backlog{orders}"] == 0


async def test_an_order_from_before_the_counting_is_no_new_order_when_it_is_edited() -> None:
    async with watching(orders=150) as store:
        await count_orders(store)
        oldest = min(store.shop.shop.orders.values(), key=lambda o: o["date_modified_gmt"])
        store.shop.edit_order(oldest["id"], customer_note="ring twice")
        found = await count_orders(store)
        assert found["store_orders_paid_total"] == 0
        assert sum(found[f"store_orders_total{{{status}}}"] for status in ENTERED) == 0


@pytest.mark.parametrize("quiet", [None, 3, 400])
async def test_history_that_is_brought_into_a_quiet_shop_is_no_revenue_of_today(
    quiet: int | None,
) -> None:
    async with watching(orders=0) as store:
        now = store.clock.now
        if quiet is not None:
            store.clock.now = now - quiet * 86_400
            store.shop.new_order("completed", total="5")
            store.clock.now = now
        await count_orders(store)
        for days in (2, 30, 200, 2000):
            store.clock.now = now - days * 86_400
            old = store.shop.new_order("completed", total="70")
            store.clock.now = now + 60
            store.shop.edit_order(old["id"], customer_note="imported")
        store.shop.new_order("processing", total="12")
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 12
        assert found["store_orders_paid_total"] == 1


async def test_the_refund_of_an_order_from_before_is_counted_by_its_date() -> None:
    async with watching(orders=0) as store:
        old = store.clock.now - 86_400 * 30
        store.clock.now = old
        first = store.shop.new_order("completed", total="50")
        store.shop.refund(first["id"], "20")
        for _ in range(120):
            store.clock.now += 60
            store.shop.new_order("completed", total="1")
        await count_orders(store)
        store.asked()
        # It is not among the hundred that are remembered as the starting point.
        store.clock.now += 5
        store.shop.refund(first["id"], "7")
        found = await count_orders(store)
        assert found["store_refunds_total{GBP}"] == 7
        assert store.asked() == [*[ORDERS] * 3, f"{ORDERS}/{first['id']}/refunds"]
        store.shop.refund(first["id"], "3")
        found = await count_orders(store)
        assert found["store_refunds_total{GBP}"] == 10


async def refunded_of_long_ago(store: Watched, count: int) -> list[dict[str, Any]]:
    """Orders that are no longer remembered, each with a refund that no run has seen."""
    store.clock.now -= 86_400 * 30
    olds = [store.shop.new_order("completed", total="50") for _ in range(count)]
    for _ in range(110):
        store.clock.now += 60
        store.shop.new_order("completed", total="1")
    await count_orders(store)
    for order in olds:
        store.shop.refund(order["id"], "1")
    return olds


async def test_refunds_of_many_old_orders_are_looked_up_a_few_in_each_run() -> None:
    async with watching(orders=0) as store:
        await refunded_of_long_ago(store, 9)
        store.asked()
        totals = []
        for _ in range(5):
            found = await count_orders(store, refund_lookups=2)
            totals.append(found["store_refunds_total{GBP}"])
        assert totals == [2, 4, 6, 8, 9]
        assert sum("refunds" in path for path in store.asked()) == 9


async def test_refunds_that_cannot_be_looked_up_do_not_keep_others_waiting() -> None:
    async with watching(orders=0) as store:
        olds = await refunded_of_long_ago(store, 4)
        for order in olds[:2]:
            store.shop.faults.add(Fault(path=f"*/orders/{order['id']}/refunds", status=500))
        totals = []
        for _ in range(2):
            found = await count_orders(store, refund_lookups=2)
            totals.append(found["store_refunds_total{GBP}"])
        assert totals == [0, 2]


async def test_a_date_from_which_to_count_is_walked_in_several_runs_with_progress(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with watching(orders=0) as store:
        store.clock.now -= 86_400 * 60
        for index in range(500):
            store.clock.now += 600
            store.shop.new_order("completed" if index % 2 else "cancelled", total="2")
        total = sum(o["date_paid_gmt"] is not None for o in store.shop.shop.orders.values())
        options: dict[str, Any] = {"since": "2026-01-01", "max_pages": 2}
        caplog.set_level(logging.INFO)
        found = await count_orders(store, **options)
        assert 300 <= found["store_collector_backlog{orders}"] < 500
        assert "orders still to read" in caplog.text
        runs = 1
        while found["store_collector_backlog{orders}"]:
            found = await count_orders(store, **options)
            runs += 1
        assert runs == 3
        assert found["store_orders_paid_total"] == total
        assert found["store_orders_total{cancelled}"] == 250


@pytest.mark.parametrize("downwards", [False, True])
async def test_an_import_larger_than_the_memory_is_counted_in_full_over_several_runs(
    downwards: bool,
) -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"since": "2026-01-01", "max_pages": 1, "remember": 100}
        now = store.clock.now
        store.shop.new_order("processing", total="1")
        await count_orders(store, **options)
        days = range(1, 301)
        for day in reversed(days) if downwards else days:
            store.clock.now = now - day * 80_000
            store.shop.new_order("pending", total="1")
        for run in range(1, 9):
            store.clock.now = now + run * 300
            found = await count_orders(store, **options)
        assert found["store_collector_backlog{orders}"] == 0
        assert found["store_orders_total{pending}"] == 300


async def test_a_date_counts_only_orders_from_then_on() -> None:
    async with watching(orders=0) as store:
        day = 86_400
        store.clock.now -= 20 * day
        store.shop.new_order("completed", total="1")
        store.clock.now += 10 * day
        store.shop.new_order("completed", total="2")
        store.clock.now += 10 * day
        found = await count_orders(store, since="2026-11-10T00:00:00+00:00")
        assert found["store_revenue_total{GBP}"] == 2


async def test_another_date_begins_the_counting_anew(caplog: pytest.LogCaptureFixture) -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("completed", total="2", created=store.clock.now - 86_400)
        await count_orders(store)
        found = await count_orders(store, since="2026-01-01")
        assert found["store_revenue_total{GBP}"] == 2
        assert "start again" in caplog.text


async def test_a_beginning_in_the_future_is_a_reason_for_degraded() -> None:
    async with watching(orders=5) as store:
        report = await store.collect("orders", since="2100-01-01")
        assert report.degraded == [
            "The option since is in the future: nothing counts before 2100-01-01 00:00 UTC."
        ]
