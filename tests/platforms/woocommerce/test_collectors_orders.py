"""Orders, revenue and refunds as counters, against a store that lives."""

from __future__ import annotations

import json
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
from store_exporter.platforms.woocommerce.reading.order_state import ENTERED
from tests.platforms.members import places, replaced

from .watching import MemoryCursor, count_orders, figures, watching

ORDERS = "/wp-json/wc/v3/orders"


async def test_orders_revenue_and_refunds_are_counted_from_then_on() -> None:
    async with watching(orders=20) as store:
        await count_orders(store)
        order = store.shop.new_order("pending", total="30.10")
        store.shop.new_order("processing", total="12.40")
        found = await count_orders(store)
        assert found["store_orders_total{pending}"] == 1
        assert found["store_orders_paid_total"] == 1
        assert found["store_revenue_total{GBP}"] == 12.40
        store.shop.edit_order(order["id"], status="processing")
        found = await count_orders(store)
        assert found["store_orders_total{processing}"] == 2
        assert found["store_revenue_total{GBP}"] == 42.50
        store.shop.refund(order["id"], "5.05")
        found = await count_orders(store)
        assert found["store_refunds_total{GBP}"] == 5.05
        store.shop.refund(order["id"])
        found = await count_orders(store)
        assert found["store_refunds_total{GBP}"] == 30.10
        assert found["store_orders_total{refunded}"] == 1
        assert found["store_revenue_total{GBP}"] == 42.50


async def test_the_currency_of_a_shop_is_at_zero_before_its_first_order() -> None:
    async with watching(orders=0) as store:
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 0
        assert found["store_refunds_total{GBP}"] == 0


async def test_payments_are_counted_by_the_gateway_that_took_or_refused_them() -> None:
    async with watching(orders=20) as store:
        await count_orders(store)
        for status, method in (
            ("processing", "stripe_cc"),
            ("failed", "stripe_cc"),
            ("failed", "stripe_cc"),
            ("processing", ""),
            ("failed", 'x"} or up{'),
        ):
            order = store.shop.new_order(status, total="30.10")
            store.shop.edit_order(order["id"], payment_method=method)
        found = await count_orders(store)
        assert {name: value for name, value in found.items() if "payments_total" in name} == {
            "store_payments_total{stripe_cc,paid}": 1,
            "store_payments_total{stripe_cc,failed}": 2,
            "store_payments_total{other,paid}": 0,
            "store_payments_total{other,failed}": 1,
        }


async def test_an_idle_store_is_requested_three_pages_and_nothing_changes() -> None:
    async with watching(orders=20) as store:
        await count_orders(store)
        store.shop.new_order("processing")
        first = await count_orders(store)
        store.asked()
        for _ in range(5):
            assert await count_orders(store) == first
        assert store.asked() == [ORDERS] * 15


async def test_a_restart_goes_on_with_the_saved_counters() -> None:
    async with watching(orders=5) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="10")
        await count_orders(store)
        store.shop.new_order("processing", total="20")
        store.cursor = MemoryCursor(text=store.cursor.text)
        found = await count_orders(store, seconds=86_400)
        assert found["store_revenue_total{GBP}"] == 30


async def test_a_crash_while_saving_counts_nothing_twice() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        for number in range(25):
            store.clock.now += 1
            store.shop.new_order("processing", total=str(number))
        store.cursor.fail_after = store.cursor.saves + 1
        with pytest.raises(OSError, match="no space"):
            await count_orders(store, page_size=10)
        store.cursor.fail_after = None
        found = await count_orders(store, page_size=10)
        assert found["store_orders_paid_total"] == 25
        assert found["store_revenue_total{GBP}"] == sum(range(25))


async def test_a_store_that_breaks_down_in_the_middle_keeps_what_was_counted() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        for _ in range(25):
            store.clock.now += 1
            store.shop.new_order("processing", total="1")
        store.shop.faults.add(Fault(path="*/orders", skip=1, times=1, status=502))
        with pytest.raises(StoreError) as raised:
            await count_orders(store, page_size=10)
        assert raised.value.error_type == "server_error"
        saved = json.loads(store.cursor.text)
        assert saved["ledger"]["paid"] == 10
        assert (await count_orders(store))["store_orders_paid_total"] == 25


async def test_three_hundred_orders_of_one_second_are_counted_once_each() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        store.clock.now += 100
        for _ in range(300):
            store.shop.new_order("processing", total="1")
        found = await count_orders(store)
        assert found["store_orders_paid_total"] == 300
        assert len(store.asked()) < 14


async def test_an_order_in_another_currency_has_a_counter_of_its_own() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing", total="10", currency="EUR")
        store.shop.new_order("processing", total="1000", currency="JPY")
        found = await count_orders(store)
        assert found["store_revenue_total{EUR}"] == 10
        assert found["store_revenue_total{JPY}"] == 1000


async def test_a_deleted_order_is_a_correction_and_one_restored_is_revenue_again() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        order = store.shop.new_order("processing", total="10")
        store.shop.refund(order["id"], "3")
        await count_orders(store)
        kept = store.shop.shop.orders.pop(order["id"])
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_order_corrections_total{GBP}"] == 7
        assert not report.degraded
        store.shop.shop.orders[order["id"]] = kept
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 17
        assert found["store_order_corrections_total{GBP}"] == 7
        assert found["store_orders_paid_total"] == 1


async def test_an_order_in_the_trash_is_gone_whether_lists_show_it_or_not() -> None:
    for shown in (True, False):
        async with watching(orders=0) as store:
            await count_orders(store)
            order = store.shop.new_order("processing", total="10")
            await count_orders(store)

            def bin_it(body: Any, number: int = order["id"], shown: bool = shown) -> Any:
                if isinstance(body, dict):
                    return {**body, "status": "trash"}
                rows = [{**o, "status": "trash"} if o["id"] == number else o for o in body]
                return [row for row in rows if shown or row["status"] != "trash"]

            total = {} if shown else {"X-WP-Total": "0"}
            store.shop.faults.add(Fault(path="*/orders*", change=bin_it, headers=total))
            found = await count_orders(store)
            assert found["store_order_corrections_total{GBP}"] == 10


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "draft", "trash"])
async def test_drafts_and_the_trash_are_no_orders_where_lists_show_them(status: str) -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing")
        change = lambda body: [{**order, "status": status} for order in body]  # noqa: E731
        store.shop.faults.add(Fault(path="*/orders", change=change))
        found = await count_orders(store)
        assert sum(found[f"store_orders_total{{{status}}}"] for status in ENTERED) == 0
        assert found["store_orders_paid_total"] == 0


async def test_an_order_changed_in_the_past_is_found_and_so_is_an_edit_of_it() -> None:
    async with watching(orders=0) as store:
        store.shop.new_order("pending")
        await count_orders(store)
        past = store.clock.now - 3 * 86_400
        order = store.shop.new_order("processing", total="10", created=past)
        store.shop.shop.stamp(store.shop.shop.orders[order["id"]], "date_paid", store.clock.now + 5)
        found = await count_orders(store)
        assert found["store_revenue_total{GBP}"] == 10
        store.shop.shop.orders[order["id"]]["total"] = "7.00"
        found = await count_orders(store)
        assert found["store_order_corrections_total{GBP}"] == 3


async def test_a_store_that_lost_orders_is_degraded_until_all_that_are_counted_were_read() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        orders = []
        for _ in range(250):
            store.clock.now += 1
            orders.append(store.shop.new_order("completed", total="1"))
        await count_orders(store)
        for _ in range(2):
            await count_orders(store, seconds=1_000, overlap=5)
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


async def test_orders_that_vanished_are_found_in_a_shop_with_many_unpaid_ones() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        for status in ["pending"] * 20 + ["completed"] * 60:
            store.clock.now += 1
            last = store.shop.new_order(status, total="1")
        options = {"overlap": 5, "page_size": 20, "max_pages": 1}
        for _ in range(9):
            found = await count_orders(store, **options)
        assert found["store_revenue_total{GBP}"] == 60
        # The one that was read last is the last whose turn it is.
        store.shop.edit_order(last["id"], note="read")
        await count_orders(store, **options)
        del store.shop.shop.orders[last["id"]]
        while (found := await count_orders(store, **options))["store_collector_backlog{orders}"]:
            pass
        assert found["store_order_corrections_total{GBP}"] == 1


@pytest.mark.parametrize("how", ["a draft is placed", "another is restored"])
async def test_an_order_that_vanished_is_missed_although_there_are_as_many_as_before(
    how: str,
) -> None:
    options = {"overlap": 5, "page_size": 10, "max_pages": 1}
    async with watching(orders=0) as store:
        await count_orders(store)
        other = store.shop.new_order("checkout-draft", total="5")["id"]
        for _ in range(40):
            store.clock.now += 1
            store.shop.new_order("completed", total="1")
        orders = store.shop.shop.orders
        if how == "another is restored":
            other = store.shop.new_order("completed", total="1")["id"]
            await count_orders(store, **options)
            trashed = orders.pop(other)
        for _ in range(20):
            found = await count_orders(store, **options)
        corrected = found["store_order_corrections_total{GBP}"]
        if how == "another is restored":
            orders[other] = trashed
        store.shop.edit_order(other, status="processing")
        seen = [int(one) for one in json.loads(store.cursor.text)["ledger"]["seen"]]
        del orders[next(just_read for just_read in reversed(seen) if just_read != other)]
        store.clock.now += 100
        report = await store.collect("orders", **options)
        assert figures(report)["store_order_corrections_total{GBP}"] == corrected
        assert "Orders that vanished" in report.degraded[0]
        while (found := await count_orders(store, **options))["store_collector_backlog{orders}"]:
            pass
        assert found["store_order_corrections_total{GBP}"] == corrected + 1


async def test_where_lists_have_drafts_a_placed_one_is_no_sign_of_a_lost_order() -> None:
    options = {"overlap": 5, "page_size": 10, "max_pages": 1}
    async with watching(orders=0) as store:
        await count_orders(store)
        draft = store.shop.new_order("processing")["id"]
        for _ in range(30):
            store.clock.now += 1
            store.shop.new_order("processing")

        def as_draft(body: Any) -> Any:
            return [o | {"status": "checkout-draft"} if o["id"] == draft else o for o in body]

        store.shop.faults.add(Fault(path="*/orders", change=as_draft))
        for _ in range(9):
            await count_orders(store, **options)
        store.shop.faults.clear()
        store.shop.edit_order(draft, note="placed")
        store.clock.now += 300
        report = await store.collect("orders", **options)
        assert figures(report)["store_orders_paid_total"] == 31
        assert not report.degraded


async def test_a_draft_counts_when_it_becomes_an_order() -> None:
    async with watching(orders=0) as store:
        await count_orders(store)
        order = store.shop.new_order("checkout-draft", total="10")
        found = await count_orders(store)
        assert sum(found[f"store_orders_total{{{status}}}"] for status in ENTERED) == 0
        store.shop.edit_order(order["id"], status="processing")
        found = await count_orders(store)
        assert found["store_orders_total{processing}"] == 1
        assert found["store_revenue_total{GBP}"] == 10


async def test_a_status_of_a_plugin_counts_as_other() -> None:
    def rename(body: Any) -> Any:
        return [{**order, "status": "wc-packed"} for order in body]

    async with watching(orders=0) as store:
        await count_orders(store)
        store.shop.new_order("processing")
        store.shop.faults.add(Fault(path="*/orders", change=rename))
        found = await count_orders(store)
        assert found["store_orders_total{other}"] == 1


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
        found = await count_orders(store)
        assert found["store_orders_paid_total"] == 0
        assert store.cursor.discarded


async def test_no_saved_document_stops_the_counting_for_ever() -> None:
    async with watching(orders=4) as store:
        await count_orders(store)
        paid = store.shop.new_order("completed", total="5")
        store.shop.refund(paid["id"], "1")
        await count_orders(store)
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
        await count_orders(store)
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
        await count_orders(store)
        await count_orders(store)
        for _, path in store.shop.requests:
            fields = parse_qs(urlsplit(path).query)["_fields"][0].split(",")
            assert not {"billing", "shipping", "line_items", "customer_id"} & set(fields)


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
        await count_orders(store)
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
                await count_orders(store, seconds=0, page_size=size, max_pages=3)
            elif move == "crash":
                store.cursor.fail_after = store.cursor.saves + choice % 3
                with suppress(OSError):
                    await count_orders(store, seconds=0, page_size=size)
                store.cursor.fail_after = None
        found = await count_orders(store)
        found = await count_orders(store)
        orders = list(store.shop.shop.orders.values())
        paid = [order for order in orders if order["date_paid_gmt"] is not None]
        refunds = [row for rows in store.shop.shop.refunds.values() for row in rows]
        assert found["store_orders_paid_total"] == len(paid)
        revenue = sum((Decimal(order["total"]) for order in paid), Decimal(0))
        assert found["store_revenue_total{GBP}"] == float(revenue)
        assert found["store_refunds_total{GBP}"] == float(Decimal("0.01") * len(refunds))
