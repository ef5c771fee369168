"""Orders, revenue and refunds as counters, against a store that lives."""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from decimal import Decimal
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store_demo.stores.woocommerce import Fault
from store_exporter.errors import StoreError
from store_exporter.platforms.woocommerce.collectors.statuses import ENTERED
from tests.platforms.members import places, replaced

from .watching import MemoryCursor, Watched, figures, watching

ORDERS = "/wp-json/wc/v3/orders"


async def run(store: Watched, seconds: float = 300, **options: Any) -> dict[str, float]:
    """Let time pass and collect."""
    store.clock.now += seconds
    return figures(await store.collect("orders", **options))


async def test_a_first_run_over_many_orders_reads_two_pages_and_counts_nothing() -> None:
    async with watching(orders=350) as store:
        found = await run(store)
        assert store.asked() == [ORDERS] * 2
        assert found["store_orders_paid_total"] == 0
        assert found["store_revenue_total{GBP}"] == 0
        assert {found[f"store_orders_total{{{status}}}"] for status in ENTERED} == {0}
        assert found["store_collector_backlog{orders}"] == 0


async def test_orders_revenue_and_refunds_are_counted_from_then_on() -> None:
    async with watching(orders=20) as store:
        await run(store)
        order = store.shop.new_order("pending", total="30.10")
        store.shop.new_order("processing", total="12.40")
        found = await run(store)
        assert found["store_orders_total{pending}"] == 1
        assert found["store_orders_paid_total"] == 1
        assert found["store_revenue_total{GBP}"] == 12.40
        store.shop.edit_order(order["id"], status="processing")
        found = await run(store)
        assert found["store_orders_total{processing}"] == 2
        assert found["store_revenue_total{GBP}"] == 42.50
        store.shop.refund(order["id"], "5.05")
        found = await run(store)
        assert found["store_refunds_total{GBP}"] == 5.05
        store.shop.refund(order["id"])
        found = await run(store)
        assert found["store_refunds_total{GBP}"] == 30.10
        assert found["store_orders_total{refunded}"] == 1
        assert found["store_revenue_total{GBP}"] == 42.50


async def test_payments_are_counted_by_the_gateway_that_took_or_refused_them() -> None:
    async with watching(orders=20) as store:
        await run(store)
        for status, method in (
            ("processing", "stripe_cc"),
            ("failed", "stripe_cc"),
            ("failed", "stripe_cc"),
            ("processing", ""),
            ("failed", 'x"} or up{'),
        ):
            order = store.shop.new_order(status, total="30.10")
            store.shop.edit_order(order["id"], payment_method=method)
        found = await run(store)
        assert {name: value for name, value in found.items() if "payments_total" in name} == {
            "store_payments_total{stripe_cc,paid}": 1,
            "store_payments_total{stripe_cc,failed}": 2,
            "store_payments_total{other,paid}": 0,
            "store_payments_total{other,failed}": 1,
        }


async def test_an_idle_store_is_requested_three_pages_and_nothing_changes() -> None:
    async with watching(orders=20) as store:
        await run(store)
        store.shop.new_order("processing")
        first = await run(store)
        store.asked()
        for _ in range(5):
            assert await run(store) == first
        assert store.asked() == [ORDERS] * 15


async def test_a_restart_goes_on_with_the_saved_counters() -> None:
    async with watching(orders=5) as store:
        await run(store)
        store.shop.new_order("processing", total="10")
        await run(store)
        store.shop.new_order("processing", total="20")
        store.cursor = MemoryCursor(text=store.cursor.text)
        found = await run(store, seconds=86_400)
        assert found["store_revenue_total{GBP}"] == 30


async def test_a_crash_while_saving_counts_nothing_twice() -> None:
    async with watching(orders=0) as store:
        await run(store)
        for number in range(25):
            store.clock.now += 1
            store.shop.new_order("processing", total=str(number))
        store.cursor.fail_after = store.cursor.saves + 1
        with pytest.raises(OSError, match="no space"):
            await run(store, page_size=10)
        store.cursor.fail_after = None
        found = await run(store, page_size=10)
        assert found["store_orders_paid_total"] == 25
        assert found["store_revenue_total{GBP}"] == sum(range(25))


async def test_a_store_that_breaks_down_in_the_middle_keeps_what_was_counted() -> None:
    async with watching(orders=0) as store:
        await run(store)
        for _ in range(25):
            store.clock.now += 1
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", skip=1, times=1, status=502))
        with pytest.raises(StoreError) as raised:
            await run(store, page_size=10)
        assert raised.value.error_type == "server_error"
        saved = json.loads(store.cursor.text)
        assert saved["ledger"]["paid"] == 10
        assert (await run(store))["store_orders_paid_total"] == 25


async def test_three_hundred_orders_of_one_second_are_counted_once_each() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await run(store)
        store.clock.now += 100
        for _ in range(300):
            store.shop.new_order("processing", total="1")
        found = await run(store)
        assert found["store_orders_paid_total"] == 300
        assert len(store.asked()) < 14


async def test_an_order_in_another_currency_has_a_counter_of_its_own() -> None:
    async with watching(orders=0) as store:
        await run(store)
        store.shop.new_order("processing", total="10", currency="EUR")
        store.shop.new_order("processing", total="1000", currency="JPY")
        found = await run(store)
        assert found["store_revenue_total{EUR}"] == 10
        assert found["store_revenue_total{JPY}"] == 1000


async def test_a_deleted_order_is_a_correction_and_one_restored_is_revenue_again() -> None:
    async with watching(orders=0) as store:
        await run(store)
        order = store.shop.new_order("processing", total="10")
        store.shop.refund(order["id"], "3")
        await run(store)
        kept = store.shop.shop.orders.pop(order["id"])
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_order_corrections_total{GBP}"] == 7
        assert not report.degraded
        store.shop.shop.orders[order["id"]] = kept
        found = await run(store)
        assert found["store_revenue_total{GBP}"] == 17
        assert found["store_order_corrections_total{GBP}"] == 7
        assert found["store_orders_paid_total"] == 1


async def test_an_order_in_the_trash_is_gone_whether_lists_show_it_or_not() -> None:
    for shown in (True, False):
        async with watching(orders=0) as store:
            await run(store)
            order = store.shop.new_order("processing", total="10")
            await run(store)

            def bin_it(body: Any, number: int = order["id"], shown: bool = shown) -> Any:
                if isinstance(body, dict):
                    return {**body, "status": "trash"}
                rows = [{**o, "status": "trash"} if o["id"] == number else o for o in body]
                return [row for row in rows if shown or row["status"] != "trash"]

            total = {} if shown else {"X-WP-Total": "0"}
            store.shop.faults.add(Fault(path="*/orders*", change=bin_it, headers=total))
            found = await run(store)
            assert found["store_order_corrections_total{GBP}"] == 10


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "draft", "trash"])
async def test_drafts_and_the_trash_are_no_orders_where_lists_show_them(status: str) -> None:
    async with watching(orders=0) as store:
        await run(store)
        store.shop.new_order("processing")
        change = lambda body: [{**order, "status": status} for order in body]  # noqa: E731
        store.shop.faults.add(Fault(path="*/orders", change=change))
        found = await run(store)
        assert sum(found[f"store_orders_total{{{status}}}"] for status in ENTERED) == 0
        assert found["store_orders_paid_total"] == 0


async def test_an_order_changed_in_the_past_is_found_and_so_is_an_edit_of_it() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await run(store)
        past = store.clock.now - 3 * 86_400
        order = store.shop.new_order("processing", total="10", created=past)
        store.shop.shop.stamp(store.shop.shop.orders[order["id"]], "date_paid", store.clock.now + 5)
        found = await run(store)
        assert found["store_revenue_total{GBP}"] == 10
        store.shop.shop.orders[order["id"]]["total"] = "7.00"
        found = await run(store)
        assert found["store_order_corrections_total{GBP}"] == 3


async def test_a_store_that_lost_orders_is_degraded_until_all_that_are_counted_were_read() -> None:
    async with watching(orders=0) as store:
        await run(store)
        orders = []
        for _ in range(250):
            store.clock.now += 1
            orders.append(store.shop.new_order("completed", total="1"))
        await run(store)
        for _ in range(2):
            await run(store, seconds=1_000, overlap=5)
        for order in orders[100:103]:
            del store.shop.shop.orders[order["id"]]
        store.clock.now += 300
        report = await store.collect("orders", max_pages=1, overlap=5)
        found = figures(report)
        left = 3 - found["store_order_corrections_total{GBP}"]
        assert left > 0
        assert f"{left:.0f}." in report.degraded[0]
        assert found["store_collector_backlog{orders}"] == left
        store.clock.now += 300
        report = await store.collect("orders", overlap=5)
        assert figures(report)["store_order_corrections_total{GBP}"] == 3
        assert not report.degraded


async def test_a_draft_counts_when_it_becomes_an_order() -> None:
    async with watching(orders=0) as store:
        await run(store)
        order = store.shop.new_order("checkout-draft", total="10")
        found = await run(store)
        assert sum(found[f"store_orders_total{{{status}}}"] for status in ENTERED) == 0
        store.shop.edit_order(order["id"], status="processing")
        found = await run(store)
        assert found["store_orders_total{processing}"] == 1
        assert found["store_revenue_total{GBP}"] == 10


async def test_a_status_of_a_plugin_counts_as_other() -> None:
    def rename(body: Any) -> Any:
        return [{**order, "status": "wc-packed"} for order in body]

    async with watching(orders=0) as store:
        await run(store)
        store.shop.new_order("processing")
        store.shop.faults.add(Fault(path="*/orders", change=rename))
        found = await run(store)
        assert found["store_orders_total{other}"] == 1


async def test_an_order_from_before_the_counting_is_no_new_order_when_it_is_edited() -> None:
    async with watching(orders=150) as store:
        await run(store)
        oldest = min(store.shop.shop.orders.values(), key=lambda o: o["date_modified_gmt"])
        store.shop.edit_order(oldest["id"], customer_note="ring twice")
        found = await run(store)
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
        await run(store)
        for days in (2, 30, 200, 2000):
            store.clock.now = now - days * 86_400
            old = store.shop.new_order("completed", total="70")
            store.clock.now = now + 60
            store.shop.edit_order(old["id"], customer_note="imported")
        store.shop.new_order("processing", total="12")
        found = await run(store)
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
        await run(store)
        store.asked()
        # It is not among the hundred that are remembered as the starting point.
        store.clock.now += 5
        store.shop.refund(first["id"], "7")
        found = await run(store)
        assert found["store_refunds_total{GBP}"] == 7
        assert store.asked() == [*[ORDERS] * 3, f"{ORDERS}/{first['id']}/refunds"]
        store.shop.refund(first["id"], "3")
        found = await run(store)
        assert found["store_refunds_total{GBP}"] == 10


async def test_refunds_of_many_old_orders_are_looked_up_a_few_in_each_run() -> None:
    async with watching(orders=0) as store:
        store.clock.now -= 86_400 * 30
        olds = [store.shop.new_order("completed", total="50") for _ in range(9)]
        for _ in range(110):
            store.clock.now += 60
            store.shop.new_order("completed", total="1")
        await run(store)
        for order in olds:
            store.shop.refund(order["id"], "1")
        store.asked()
        totals = []
        for _ in range(5):
            found = await run(store, refund_lookups=2)
            totals.append(found["store_refunds_total{GBP}"])
        assert totals == [2, 4, 6, 8, 9]
        assert sum("refunds" in path for path in store.asked()) == 9


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
        found = await run(store, **options)
        assert 300 <= found["store_collector_backlog{orders}"] < 500
        assert "orders still to read" in caplog.text
        runs = 1
        while found["store_collector_backlog{orders}"]:
            found = await run(store, **options)
            runs += 1
        assert runs == 3
        assert found["store_orders_paid_total"] == total
        assert found["store_orders_total{cancelled}"] == 250


async def test_a_date_counts_only_orders_from_then_on() -> None:
    async with watching(orders=0) as store:
        day = 86_400
        store.clock.now -= 20 * day
        store.shop.new_order("completed", total="1")
        store.clock.now += 10 * day
        store.shop.new_order("completed", total="2")
        store.clock.now += 10 * day
        found = await run(store, since="2026-11-10T00:00:00+00:00")
        assert found["store_revenue_total{GBP}"] == 2


async def test_another_date_begins_the_counting_anew(caplog: pytest.LogCaptureFixture) -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("completed", total="2", created=store.clock.now - 86_400)
        await run(store)
        found = await run(store, since="2026-01-01")
        assert found["store_revenue_total{GBP}"] == 2
        assert "starts again" in caplog.text


@pytest.mark.parametrize(
    "document",
    [
        {"version": 0},
        {"version": 2, "since": None},
        {"version": 2, "since": None, "ledger": {}, "walk": {}},
        {"version": 2, "since": None, "ledger": None, "walk": None},
        {"surprise": True},
    ],
)
async def test_a_saved_document_that_cannot_be_read_is_a_loss_and_counting_begins_anew(
    document: dict[str, Any],
) -> None:
    async with watching(orders=4) as store:
        store.cursor = MemoryCursor(text=json.dumps(document))
        found = await run(store)
        assert found["store_orders_paid_total"] == 0
        assert store.cursor.discarded


async def test_no_saved_document_stops_the_counting_for_ever() -> None:
    async with watching(orders=4) as store:
        await run(store)
        paid = store.shop.new_order("completed", total="5")
        store.shop.refund(paid["id"], "1")
        await run(store)
        whole = json.loads(store.cursor.text)
        tried = 0
        for path in places(whole, ("version", "since")):
            for value in (None, "x", -1, 1.5, [], {}, [None], {"x": "y"}, 10**30):
                store.cursor = MemoryCursor(text=json.dumps(replaced(whole, path, value)))
                await store.collect("orders")
                tried += 1
        assert tried > 300


@pytest.mark.parametrize("skew", [-7_200, -40, 40, 7_200, 30 * 86_400])
async def test_a_store_whose_clock_runs_behind_or_ahead_counts_the_same(skew: int) -> None:
    async with watching(orders=0) as store:
        ours = store.clock.now
        for number in range(6):
            ours += 300
            # The shop's clock is off, the collector's is ours.
            store.clock.now = ours + skew
            store.shop.new_order("processing", total="1")
            store.http.date = formatdate(store.clock.now, usegmt=True)
            store.clock.now = ours
            found = figures(await store.collect("orders"))
            # What was there at the first run is where the counting begins.
            assert found["store_orders_paid_total"] == number


async def test_a_clock_that_is_set_back_in_between_loses_no_order() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await run(store)
        ours = store.clock.now
        for skew in (0, 0, 3_600, 3_600, 0, 0, 0):
            ours += 300
            store.clock.now = ours + skew
            store.shop.new_order("processing", total="1")
            store.http.date = formatdate(store.clock.now, usegmt=True)
            store.clock.now = ours
            found = figures(await store.collect("orders"))
        assert found["store_orders_paid_total"] == 7


async def test_no_name_and_no_address_of_a_shopper_is_requested() -> None:
    async with watching(orders=3) as store:
        await run(store)
        await run(store)
        for _, path in store.shop.requests:
            fields = parse_qs(urlsplit(path).query)["_fields"][0].split(",")
            assert not {"billing", "shipping", "line_items", "customer_id"} & set(fields)


WRONG: dict[str, tuple[str, Any]] = {
    "a null total": ("total", None),
    "a total with a thousands separator": ("total", "1,234.50"),
    "a total with a decimal comma": ("total", "12,50"),
    "a total that is not a number": ("total", "NaN"),
    "no currency": ("currency", None),
    "a currency that is a sentence": ("currency", "pounds sterling"),
    "a null status": ("status", None),
    "a status that is a number": ("status", 7),
    "a date of creation in words": ("date_created_gmt", "yesterday"),
    "a date of the year 1": ("date_created_gmt", "0001-01-01T00:00:00"),
    "a date of payment that is a number": ("date_paid_gmt", 5),
    "refunds that are null": ("refunds", None),
    "refunds that are a text": ("refunds", "none"),
    "a refund without an id": ("refunds", [{"total": "-1.00"}]),
    "a refund without a total": ("refunds", [{"id": 5}]),
    "a refund with two signs": ("refunds", [{"id": 5, "total": "--1.00"}]),
    "a thousand refunds": ("refunds", [{"id": n + 1, "total": "-1"} for n in range(1_000)]),
    "a null id": ("id", None),
    "an id in words": ("id", "first"),
    "a negative id": ("id", -4),
}


@pytest.mark.parametrize("case", WRONG)
async def test_an_order_that_makes_no_sense_is_left_out_and_told(case: str) -> None:
    name, value = WRONG[case]

    def spoil(body: Any) -> Any:
        return [{**order, name: value} if order["total"] == "99.00" else order for order in body]

    async with watching(orders=0) as store:
        await run(store)
        store.shop.new_order("processing", total="99")
        store.shop.new_order("processing", total="1")
        fault = store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_revenue_total{GBP}"] == 1
        assert "not counted: 1 (" in report.degraded[0]
        store.shop.faults.remove(fault)
        # It was changed within the overlap, so that it is read once more.
        assert (await run(store))["store_revenue_total{GBP}"] == 100


@pytest.mark.parametrize("case", WRONG)
async def test_a_page_of_nothing_but_nonsense_is_stepped_over_and_told(case: str) -> None:
    name, value = WRONG[case]

    def spoil(body: Any) -> Any:
        return [{**o, name: value} if o["total"] == "99.00" else o for o in body]

    async with watching(orders=0) as store:
        await run(store)
        for _ in range(12):
            store.clock.now += 60
            store.shop.new_order("processing", total="99")
        store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        store.clock.now += 300
        report = await store.collect("orders", page_size=5)
        assert figures(report)["store_revenue_total{GBP}"] == 1
        # What has no id cannot be told from itself where two pages overlap.
        assert re.search(r"are not counted: 1[2-4] \(", report.degraded[0])
        if name != "id":
            # Long after the walk went by, until they can be read.
            store.clock.now += 86_400
            assert "are not counted: 12 (" in (await store.collect("orders")).degraded[0]
            store.shop.faults.clear()
            report = await store.collect("orders")
            assert figures(report)["store_revenue_total{GBP}"] == 1 + 12 * 99
            assert not report.degraded


@pytest.mark.parametrize("value", [None, "soon", 5, "0000-00-00T00:00:00"])
async def test_orders_without_a_time_of_change_are_counted(value: Any) -> None:
    def spoil(body: Any) -> Any:
        return [{**order, "date_modified_gmt": value} for order in body]

    async with watching(orders=0) as store:
        await run(store)
        for _ in range(12):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", change=spoil, times=4))
        store.clock.now += 300
        report = await store.collect("orders", page_size=5)
        assert figures(report)["store_revenue_total{GBP}"] == 12
        assert not report.degraded


ODD: dict[str, tuple[dict[str, Any], float, float]] = {
    "a total that is a number": ({"total": 12.5}, 12.5, 0),
    "a negative total": ({"total": "-3"}, 0, 3),
    "no date of creation": ({"date_created_gmt": None}, 99, 0),
    "an empty date of the database": ({"date_created_gmt": "-0001-11-30T00:00:00"}, 99, 0),
    "another one": ({"date_completed_gmt": "0000-00-00T00:00:00"}, 99, 0),
    "no date as PHP writes it": ({"date_completed_gmt": False}, 99, 0),
    "a float as PHP writes it": ({"total": "1.0E+1"}, 10, 0),
    "what is left of a subtraction": ({"total": "5.6843418860808E-14"}, 0, 0),
    "refunds of which one was taken out": (
        {"refunds": {"1": {"id": 5, "total": "-2.00"}, "3": {"id": 6, "total": "-1.00"}}},
        99,
        0,
    ),
    "more digits than a float has": ({"total": "123456789.45999999"}, 123456789.46, 0),
}


@pytest.mark.parametrize("case", ODD)
async def test_an_odd_order_is_counted_as_it_is(case: str) -> None:
    change, revenue, corrections = ODD[case]

    def spoil(body: Any) -> Any:
        return [{**order, **change} for order in body]

    async with watching(orders=0) as store:
        await run(store)
        store.shop.new_order("processing", total="99")
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        found = await run(store)
        assert found["store_revenue_total{GBP}"] == revenue
        assert found["store_order_corrections_total{GBP}"] == corrections
        assert found["store_orders_paid_total"] == 1


async def test_dates_that_lack_their_gmt_are_taken_from_the_shops_zone() -> None:
    def spoil(body: Any) -> Any:
        rows = body if isinstance(body, list) else [body]
        return [{k: v for k, v in row.items() if not k.endswith("_gmt")} for row in rows]

    async with watching(orders=0, timezone="Asia/Kolkata") as store:
        old = store.shop.new_order("processing", total="5", created=store.clock.now - 3600)
        await run(store)
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        # Read five hours late, neither of the two would be told from what was there.
        store.shop.new_order("processing", total="7")
        store.shop.edit_order(old["id"], status="completed")
        found = await run(store)
        assert found["store_revenue_total{GBP}"] == 7
        assert found["store_orders_total{completed}"] == 1


async def test_a_list_that_comes_as_an_object_with_places_is_a_list() -> None:
    def spoil(body: Any) -> Any:
        return {str(2 * index): row for index, row in enumerate(body)} or body

    async with watching(orders=3) as store:
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        await run(store)
        store.shop.new_order("processing", total="7")
        assert (await run(store))["store_revenue_total{GBP}"] == 7


async def test_an_order_that_comes_twice_on_a_page_counts_once() -> None:
    async with watching(orders=0) as store:
        await run(store)
        store.shop.new_order("processing", total="5")
        store.shop.faults.add(Fault(path="*/orders", change=lambda body: [*body, *body]))
        assert (await run(store))["store_revenue_total{GBP}"] == 5


@pytest.mark.parametrize("total", [None, "many", "999900", "0"])
async def test_a_total_that_is_missing_or_a_lie_neither_stops_nor_repeats(
    total: str | None,
) -> None:
    async with watching(orders=0) as store:
        await run(store)
        for _ in range(12):
            store.clock.now += 1
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(headers={"X-WP-Total": total or ""}))
        store.asked()
        await run(store, page_size=5)
        assert len(store.asked()) <= 13
        found = await run(store, page_size=50)
        assert found["store_orders_paid_total"] == 12


async def test_orders_that_are_counted_and_not_shown_are_told() -> None:
    async with watching(orders=0) as store:
        await run(store)
        store.shop.faults.add(
            Fault(path="*/orders", change=lambda _: [], headers={"X-WP-Total": "7"})
        )
        report = await store.collect("orders")
        assert report.degraded == ["Orders that the store counts and does not show: 7."]


async def test_an_order_that_the_store_hides_for_a_while_is_told_and_counted_when_it_is_shown() -> (
    None
):
    async with watching(orders=0) as store:
        await run(store)
        store.clock.now += 400
        store.shop.new_order("processing", total="5")
        hidden = store.shop.new_order("processing", total="7")
        store.clock.now += 60
        store.shop.new_order("pending")
        fault = Fault(
            path="*/orders",
            change=lambda rows: [row for row in rows if row["id"] != hidden["id"]],
        )
        store.shop.faults.add(fault)
        for _ in range(3):
            store.clock.now += 300
            report = await store.collect("orders")
            assert report.degraded == ["Orders that the store counts and does not show: 1."]
            assert figures(report)["store_collector_backlog{orders}"] == 1
        store.shop.faults.remove(fault)
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_revenue_total{GBP}"] == 12
        assert report.degraded == []


async def test_a_store_that_ignores_modified_after_is_refused() -> None:
    async with watching(orders=150) as store:
        await run(store)
        store.shop.new_order("processing")
        rows = list(store.shop.shop.orders.values())[:100]

        def first(found: Any) -> Any:
            return [{name: row[name] for name in found[0]} for row in rows]

        store.shop.faults.add(Fault(path="*/orders", change=first))
        with pytest.raises(StoreError, match=r"5\.8 or later"):
            await run(store)


async def test_an_order_edited_while_its_page_is_made_hides_none_behind_it() -> None:
    """The last order of a full page shows a time far after its place in the list."""
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await run(store)
        for _ in range(20):
            store.clock.now += 60
            store.shop.new_order("processing", total="1")

        def edited(body: Any) -> Any:
            body[-1]["date_modified_gmt"] = "2026-11-23T12:25:00"
            return body

        store.shop.faults.add(Fault(path="*/orders", change=edited, times=1))
        store.http.date = formatdate(store.clock.now, usegmt=True)
        found = await run(store, seconds=0, page_size=5)
        assert found["store_orders_paid_total"] == 20


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["place", "pay", "cancel", "refund", "wait", "run", "crash"]),
            st.integers(0, 20),
        ),
        max_size=40,
    ),
    size=st.integers(1, 4),
)
async def test_whatever_happens_money_is_counted_exactly(
    moves: list[tuple[str, int]], size: int
) -> None:
    async with watching(orders=0, products=3, customers=1) as store:
        store.shop.new_order("pending", total="1")
        await run(store)
        for move, choice in moves:
            orders = list(store.shop.shop.orders.values())
            order = orders[choice % len(orders)]
            if move == "place":
                store.shop.new_order(("pending", "processing")[choice % 2], total=str(choice + 1))
            elif move == "pay":
                store.shop.edit_order(order["id"], status="processing")
            elif move == "cancel":
                store.shop.edit_order(order["id"], status="cancelled")
            elif move == "refund" and order["status"] != "refunded":
                store.shop.refund(order["id"], "0.01")
            elif move == "wait":
                store.clock.now += choice
            elif move == "run":
                await run(store, seconds=0, page_size=size, max_pages=3)
            elif move == "crash":
                store.cursor.fail_after = store.cursor.saves + choice % 3
                with suppress(OSError):
                    await run(store, seconds=0, page_size=size)
                store.cursor.fail_after = None
        found = await run(store)
        found = await run(store)
        orders = list(store.shop.shop.orders.values())
        paid = [order for order in orders if order["date_paid_gmt"] is not None]
        refunds = [row for rows in store.shop.shop.refunds.values() for row in rows]
        assert found["store_orders_paid_total"] == len(paid)
        revenue = sum((Decimal(order["total"]) for order in paid), Decimal(0))
        assert found["store_revenue_total{GBP}"] == float(revenue)
        assert found["store_refunds_total{GBP}"] == float(Decimal("0.01") * len(refunds))


async def test_a_beginning_in_the_future_is_a_reason_for_degraded() -> None:
    async with watching(orders=5) as store:
        report = await store.collect("orders", since="2100-01-01")
        assert report.degraded == [
            "The option since is in the future: nothing counts before 2100-01-01 00:00 UTC."
        ]
