"""What the order book remembers is bounded: what happens at each limit is right, or is told."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.contract import Report
from store_exporter.platforms.kit.order_book.numbered_list import NEWEST
from tests.platforms.woocommerce.test_orders_distrust import accounted, truth

from .watching import Watched, figures, watching

DAY = 86_400
LATER = "changed or vanished later"


async def collect(store: Watched, seconds: float = 300, **options: Any) -> Report:
    """Let time pass and collect."""
    store.clock.now += seconds
    return await store.collect("orders", **options)


async def forgetful(store: Watched) -> int:
    """Count an order, and so many after it that it is forgotten; return its id."""
    store.shop.new_order("pending")
    await collect(store, remember=100)
    first = int(store.shop.new_order("processing", total="10")["id"])
    for _ in range(3):
        for _ in range(50):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        report = await collect(store, remember=100)
    assert accounted(figures(report)) == truth(store)
    assert not report.degraded
    return first


async def test_a_refund_of_a_forgotten_order_is_counted_by_its_date() -> None:
    async with watching(orders=0) as store:
        store.shop.refund(await forgetful(store), "2.50")
        report = await collect(store, remember=100)
        assert accounted(figures(report)) == truth(store)


async def test_an_edit_of_a_forgotten_order_is_reported_for_thirty_days() -> None:
    async with watching(orders=0) as store:
        store.shop.edit_order(await forgetful(store), total="25")
        for _ in range(3):
            report = await collect(store, remember=100)
            assert f"{LATER}: 1." in "".join(report.degraded)
            assert "set remember to more than 100" in "".join(report.degraded)
        assert (await collect(store, 29 * DAY, remember=100)).degraded
        assert not (await collect(store, 2 * DAY, remember=100)).degraded


async def test_a_forgotten_order_that_vanishes_is_reported() -> None:
    async with watching(orders=0) as store:
        del store.shop.shop.orders[await forgetful(store)]
        for _ in range(3):
            report = await collect(store, remember=100)
        assert f"{LATER}: 1." in "".join(report.degraded)


async def test_an_import_with_old_dates_is_new_even_where_orders_were_forgotten() -> None:
    async with watching(orders=0) as store:
        await forgetful(store)
        made = store.shop.new_order("processing", total="4", created=store.clock.now - 9_000)
        order = store.shop.shop.orders[made["id"]]
        for name in ("date_paid", "date_modified"):
            store.shop.shop.stamp(order, name, store.clock.now - 9_000)
        report = await collect(store, remember=100)
        assert accounted(figures(report)) == truth(store)
        assert not report.degraded


@pytest.mark.parametrize("since", ["now", "2026-11-01"])
async def test_more_orders_in_a_second_than_are_remembered_count_once_each(since: str) -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"since": since, "remember": 100, "max_pages": 3}
        store.shop.new_order("pending")
        await collect(store, **options)
        for _ in range(450):
            store.shop.new_order("processing", total="1")
        for _ in range(8):
            report = await collect(store, 30, **options)
        assert accounted(figures(report)) == truth(store) == 450
        assert not report.degraded


async def test_new_orders_with_old_dates_of_change_are_read_over_several_runs() -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"since": "2026-01-01", "max_pages": 1}
        store.shop.new_order("pending")
        await collect(store, **options)
        shop = store.shop.shop
        for _ in range(360):
            when = store.clock.now - 40 * DAY
            made = store.shop.new_order("processing", total="1", created=when)
            for name in ("date_paid", "date_modified"):
                shop.stamp(shop.orders[made["id"]], name, when)
        report = await collect(store, **options)
        assert report.degraded == ["New orders that are still to be read by their ids: 260."]
        assert figures(report)["store_collector_backlog{orders}"] == 260
        # Meanwhile some are deleted, so that the others move up, and others come.
        for number in sorted(shop.orders)[-9:]:
            del shop.orders[number]
        for _ in range(30):
            store.shop.new_order("processing", total="1")
        for _ in range(12):
            report = await collect(store, **options)
        assert accounted(figures(report)) == truth(store) == 381
        assert not report.degraded


async def test_a_list_that_stays_empty_is_believed_after_half_an_hour() -> None:
    async with watching(orders=0) as store:
        await collect(store)
        for _ in range(30):
            store.shop.new_order("processing", total="10")
        await collect(store)
        store.shop.shop.orders.clear()
        for _ in range(6):
            report = await collect(store)
            assert "The list of orders is empty, but had 30 before" in "".join(report.degraded)
        for _ in range(3):
            report = await collect(store)
        found = figures(report)
        assert found["store_order_corrections_total{GBP}"] == 300
        assert found["store_collector_backlog{orders}"] == 0
        assert not report.degraded
        store.shop.new_order("processing", total="7")
        assert accounted(figures(await collect(store))) == 7


async def test_orders_count_once_although_the_list_was_empty_before_their_ids_were_looked_at() -> (
    None
):
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"remember": 100, "overlap": 5, "page_size": 10}
        await collect(store, **options)
        orders = store.shop.shop.orders

        def sell(most: int) -> None:
            for _ in range(most):
                store.clock.now += 1
                store.shop.new_order("processing", total="1")

        sell(30)
        # The first run ends after a page of the walk was saved.
        store.cursor.fail_after = store.cursor.saves + 2
        with suppress(OSError):
            await collect(store, **options)
        store.cursor.fail_after = None
        kept = dict(orders)
        orders.clear()
        await collect(store, **options)
        orders |= kept
        sell(150)
        for _ in range(6):
            report = await collect(store, **options)
        assert figures(report)["store_orders_paid_total"] == 180


async def test_orders_that_are_back_with_their_old_dates_are_backlog_until_they_are_read() -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"since": "2026-01-01", "page_size": 10, "overlap": 5}
        for _ in range(120):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        orders, options["max_pages"] = store.shop.shop.orders, 15
        await collect(store, **options)
        lost = {number: orders.pop(number) for number in list(orders)[5:95]}
        for _ in range(6):
            report = await collect(store, **options)
        assert accounted(figures(report)) == 30
        assert not report.degraded
        options["max_pages"] = 1
        orders |= dict(list(lost.items())[::2])
        await collect(store, **options)
        report = await collect(store, **options)
        left = truth(store) - accounted(figures(report))
        assert left > 20
        # Until then a page of all remembered orders was read in turn.
        assert f"came back and were not found yet: {left:.0f}." in "".join(report.degraded)
        assert figures(report)["store_collector_backlog{orders}"] == left
        while figures(report)["store_collector_backlog{orders}"]:
            before = report
            report = await collect(store, **options)
        assert before.degraded
        assert accounted(figures(report)) == truth(store) == 75
        assert not report.degraded


async def test_all_that_are_back_are_read_in_the_second_run_where_it_may_read_so_many() -> None:
    async with watching(orders=0) as store:
        await collect(store)
        for _ in range(90):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        for _ in range(20):
            await collect(store, page_size=10)
        lost = dict(store.shop.shop.orders)
        store.shop.shop.orders.clear()
        for _ in range(15):
            report = await collect(store, page_size=10)
        assert accounted(figures(report)) == 0
        store.shop.shop.orders |= lost
        await collect(store, page_size=10)
        report = await collect(store, page_size=10)
        assert accounted(figures(report)) == 90
        assert not report.degraded


async def test_an_order_that_no_run_saw_before_it_was_in_the_trash_counts_once_it_is_back() -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"page_size": 10, "max_pages": 1, "overlap": 5}
        await collect(store)
        orders = store.shop.shop.orders
        for number in range(60):
            store.clock.now += 60
            placed = store.shop.new_order("processing", total="100" if number == 40 else "1")
            if number == 40:
                trashed = orders.pop(placed["id"])
        for _ in range(12):
            await collect(store, **options)
        orders[trashed["id"]] = trashed
        await collect(store, **options)
        report = await collect(store, **options)
        assert "Orders that came back and were not found yet: 1." in report.degraded
        while figures(report)["store_collector_backlog{orders}"]:
            report = await collect(store, **options)
        assert accounted(figures(report)) == truth(store) == 159
        assert not report.degraded


@pytest.mark.parametrize("meanwhile", ["the list is empty", "another comes back"])
async def test_a_search_for_orders_that_are_back_finds_all_whatever_happens(meanwhile: str) -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"page_size": 10, "max_pages": 1, "overlap": 5}
        await collect(store)
        orders, trashed = store.shop.shop.orders, []
        for number in range(60):
            store.clock.now += 60
            placed = store.shop.new_order("processing", total="1")
            if number in (5, 55):
                trashed.append(orders.pop(placed["id"]))
        for _ in range(12):
            await collect(store, **options)
        orders[trashed[1]["id"]] = trashed[1]
        while not json.loads(store.cursor.text)["walk"]["search"]:
            await collect(store, **options)
        await collect(store, **options)
        if meanwhile == "another comes back":
            orders[trashed[0]["id"]] = trashed[0]
        else:
            kept = dict(orders)
            orders.clear()
            await collect(store, **options)
            orders |= kept
        for _ in range(25):
            report = await collect(store, **options)
        assert accounted(figures(report)) == truth(store)
        assert not report.degraded


async def test_the_search_for_an_order_from_before_the_counting_ends_without_it() -> None:
    async with watching(orders=0) as store:
        old = store.shop.new_order("processing", total="100")["id"]
        kept = store.shop.shop.orders.pop(old)
        store.clock.now += DAY
        await collect(store)
        for _ in range(30):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        for _ in range(6):
            await collect(store, page_size=10, max_pages=1)
        store.shop.shop.orders[old] = kept
        for _ in range(7):
            report = await collect(store, page_size=10, max_pages=1)
        assert accounted(figures(report)) == 30
        assert not report.degraded
        store.asked()
        await collect(store, page_size=10, max_pages=1)
        assert len(store.asked()) == 3


async def test_as_many_orders_that_come_back_as_vanish_are_found() -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"page_size": 10, "max_pages": 2, "overlap": 5}
        await collect(store)
        orders = store.shop.shop.orders
        trashed = store.shop.new_order("processing", total="100")["id"]
        kept = orders.pop(trashed)
        for _ in range(40):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        for _ in range(12):
            await collect(store, **options)
        orders[trashed] = kept
        del orders[trashed + 20]
        for _ in range(12):
            report = await collect(store, **options)
        assert accounted(figures(report)) == truth(store) == 139
        assert not report.degraded


async def test_a_small_shop_that_loses_many_orders_is_degraded_until_all_were_looked_up() -> None:
    """Those that are left, all on one page, are read in each run, and stand for none of the others.

    After card testing a merchant deletes hundreds of orders at once.
    """
    async with watching(orders=0) as store:
        await collect(store)
        orders = store.shop.shop.orders
        for _ in range(90):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        await collect(store)
        await collect(store)
        for number in list(orders)[-75:-5]:
            del orders[number]
        for _ in range(5):
            report = await collect(store)
            assert report.degraded or accounted(figures(report)) == truth(store)
        assert not report.degraded


async def test_an_order_that_vanishes_while_new_ones_are_read_over_several_runs_is_missed() -> None:
    async with watching(orders=0) as store:
        options: dict[str, Any] = {"page_size": 10, "max_pages": 1, "overlap": 5}
        await collect(store)
        orders = store.shop.shop.orders
        for _ in range(40):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        for _ in range(12):
            await collect(store, **options)
        for _ in range(120):
            store.shop.new_order("processing", total="1", created=store.clock.now - 40_000)
        for _ in range(10):
            await collect(store, **options)
        for number in list(json.loads(store.cursor.text)["ledger"]["seen"])[-10:]:
            del orders[int(number)]
        for _ in range(30):
            report = await collect(store, **options)
            assert report.degraded or accounted(figures(report)) == truth(store)
        assert not report.degraded


async def test_drafts_that_are_placed_while_a_run_goes_on_are_no_orders_that_are_back() -> None:
    async with watching(orders=0) as store:
        await collect(store)
        orders, options = store.shop.shop.orders, {"page_size": 10, "max_pages": 1, "overlap": 5}
        drafts = [store.shop.new_order("checkout-draft", total="5")["id"] for _ in range(12)]
        for _ in range(60):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        await collect(store)
        for number in list(orders)[20:50]:
            del orders[number]
        for _ in range(6):
            await collect(store)
        placed = iter(drafts)

        def place_one(rows: Any) -> Any:
            # The walk's is the first list that a run requests, the look at the newest the second.
            store.shop.edit_order(next(placed), status="processing")
            return rows

        for _ in range(10):
            store.shop.faults.add(Fault(path="*/orders", change=place_one, times=1))
            report = await collect(store, **options)
            assert not report.degraded
            assert figures(report)["store_collector_backlog{orders}"] == 1
        await collect(store, **options)
        report = await collect(store, **options)
        assert figures(report)["store_collector_backlog{orders}"] == 0
        assert accounted(figures(report)) == truth(store) == 30 + 50
        assert not report.degraded


async def test_orders_that_cannot_be_read_are_all_read_when_they_are_mended() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await collect(store)
        orders = store.shop.shop.orders
        for _ in range(260):
            store.clock.now += 60
            orders[store.shop.new_order("processing", total="1")["id"]]["total"] = None
        for _ in range(2):
            report = await collect(store)
            assert "not counted: 260 (orders[" in "".join(report.degraded)
        for order in orders.values():
            order["total"] = order["total"] or "1"
        report = await collect(store, remember=100)
        assert accounted(figures(report)) == truth(store)
        assert not report.degraded


async def test_more_unreadable_orders_than_are_remembered_are_reported_for_good() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await collect(store, remember=100)
        orders = store.shop.shop.orders
        for _ in range(130):
            store.clock.now += 60
            orders[store.shop.new_order("processing", total="1")["id"]]["total"] = None
        await collect(store, remember=100)
        for order in orders.values():
            order["total"] = order["total"] or "1"
        for _ in range(3):
            report = await collect(store, remember=100)
        assert len(report.degraded) == 1
        assert "More than 100 orders could not be read" in report.degraded[0]
        assert "To restart the counting, change the option since" in report.degraded[0]


async def test_an_order_that_is_mended_is_read_although_many_others_stay_unreadable() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await collect(store)
        orders = store.shop.shop.orders
        for _ in range(50):
            store.clock.now += 60
            orders[store.shop.new_order("processing", total="1")["id"]]["total"] = None
        await collect(store)
        store.clock.now += 900
        await collect(store)
        mended = orders[max(orders)]
        mended["total"] = "1"
        for _ in range(4):
            report = await collect(store)
        assert accounted(figures(report)) == 1
        assert "not counted: 49 (orders[" in "".join(report.degraded)


async def test_a_smaller_page_size_holds_for_all_that_is_read() -> None:
    async with watching(orders=60) as store:
        for _ in range(3):
            await collect(store, page_size=20)
        for _ in range(70):
            store.shop.new_order("processing")
        report = await collect(store, page_size=20)
        assert figures(report)["store_orders_total{processing}"] == 70
        sizes = [
            int(value)
            for _, path in store.shop.requests
            for value in parse_qs(urlsplit(path).query).get("per_page", ())
        ]
        # The newest ids are the only ones of which more are requested.
        assert max(size for size in sizes if size != NEWEST) == 20
