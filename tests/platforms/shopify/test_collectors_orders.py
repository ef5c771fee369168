"""Orders, revenue and refunds are counted once each, whatever comes between."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.shopify.records import Order
from store_exporter.errors import StoreError
from tests.fakes.direct import Json, changing
from tests.platforms.shopify.counting import HOUR, later, order, revenue
from tests.platforms.shopify.watching import Watched, figures, without_orders


@pytest.fixture
def shop() -> Watched:
    return without_orders()


async def test_what_was_there_before_counting_began_is_not_counted(shop: Watched) -> None:
    order(shop, age=HOUR)
    found = await later(shop)
    assert revenue(found) == 0.0
    assert found["store_orders_total{processing}"] == 0
    assert found["store_orders_paid_total"] == 0
    assert revenue(await later(shop)) == 0.0


async def test_a_new_order_is_counted_once_however_often_it_is_read(shop: Watched) -> None:
    await later(shop)
    order(shop, pieces=2)
    for _ in range(3):
        found = await later(shop)
        assert revenue(found) == 200.0
        assert found["store_orders_paid_total"] == 1
        assert found["store_orders_total{processing}"] == 1


async def test_a_shop_without_orders_counts_its_first(shop: Watched) -> None:
    await later(shop)
    order(shop)
    assert revenue(await later(shop)) == 100.0


async def test_an_order_that_is_paid_later_is_counted_when_it_is_paid(shop: Watched) -> None:
    await later(shop)
    pending = order(shop, "PENDING")
    assert revenue(await later(shop)) == 0.0
    shop.clock.advance(HOUR)
    shop.shop.stock_room.edit_order(pending, financial="PAID")
    found = await later(shop)
    assert (revenue(found), found["store_orders_total{pending}"]) == (100.0, 1)


async def test_an_old_order_that_was_not_remembered_counts_when_it_is_paid(shop: Watched) -> None:
    old = order(shop, "PENDING", age=9_000 * HOUR)
    for number in range(120):
        order(shop, age=1000.0 + number)
    await later(shop)
    shop.shop.stock_room.edit_order(old, financial="PAID")
    found = await later(shop)
    assert revenue(found) == 100.0
    assert found["store_orders_total{processing}"] == 1
    assert found["store_orders_total{completed}"] == 0


async def test_each_refund_is_counted_once(shop: Watched) -> None:
    room = shop.shop.stock_room
    await later(shop)
    sold = order(shop, pieces=3)
    await later(shop)
    room.refund(sold, Decimal(40))
    assert (await later(shop))["store_refunds_total{GBP}"] == 40.0
    room.refund(sold, Decimal(10))
    found = await later(shop)
    assert found["store_refunds_total{GBP}"] == 50.0
    assert revenue(found) == 300.0


async def test_a_new_refund_of_an_old_order_counts_and_its_old_ones_do_not(shop: Watched) -> None:
    room = shop.shop.stock_room
    old = order(shop, pieces=3, age=9_000 * HOUR)
    room.refund(old, Decimal(40))
    for number in range(120):
        order(shop, age=-10.0 - number / 10)
    shop.clock.advance(100.0)
    await later(shop)
    room.refund(old, Decimal(7))
    assert (await later(shop))["store_refunds_total{GBP}"] == 7.0


async def test_an_order_with_more_refunds_than_the_list_shows_is_requested_alone(
    shop: Watched,
) -> None:
    room = shop.shop.stock_room
    await later(shop)
    sold = order(shop, pieces=3)
    for _ in range(15):
        room.refund(sold, Decimal(1))
    assert (await later(shop))["store_refunds_total{GBP}"] == 15.0


async def test_statuses_are_counted_as_they_are_entered(shop: Watched) -> None:
    room = shop.shop.stock_room
    await later(shop)
    sold, lost, returned = order(shop), order(shop), order(shop)
    await later(shop)
    room.edit_order(sold, fulfillment="FULFILLED")
    room.cancel(lost)
    room.refund(returned)
    found = await later(shop)
    statuses = ("processing", "completed", "cancelled", "refunded", "failed", "pending")
    assert [found[f"store_orders_total{{{name}}}"] for name in statuses] == [3, 1, 1, 1, 0, 0]


async def test_test_orders_are_not_counted(shop: Watched) -> None:
    await later(shop)
    order(shop).test = True
    assert revenue(await later(shop)) == 0.0


async def test_counting_goes_on_after_a_restart(shop: Watched) -> None:
    await later(shop)
    order(shop)
    await later(shop)
    shop.restart()
    order(shop)
    assert revenue(await later(shop)) == 200.0


async def test_a_crash_between_two_pages_counts_nothing_twice_and_misses_nothing(
    shop: Watched,
) -> None:
    await later(shop)
    for _ in range(30):
        order(shop)
    shop.cursor.fail_after = shop.cursor.saves + 2
    with pytest.raises(OSError, match="no space"):
        await later(shop, page_size=5)
    shop.cursor.fail_after = None
    shop.restart()
    assert revenue(await later(shop, page_size=5)) == 3000.0


async def test_more_orders_in_one_second_than_a_run_reads_are_all_counted(shop: Watched) -> None:
    await later(shop)
    for _ in range(95):
        order(shop)
    found = await later(shop, page_size=5, max_pages=2)
    assert found["store_collector_backlog{orders}"] == 1
    runs = 1
    while found["store_collector_backlog{orders}"]:
        found = await later(shop, page_size=5, max_pages=2)
        runs += 1
        assert runs < 20
    assert revenue(found) == 9500.0


async def test_an_order_that_changes_between_two_pages_is_counted_once(shop: Watched) -> None:
    await later(shop)
    orders = [order(shop, "PENDING") for _ in range(10)]
    await later(shop, page_size=3, max_pages=1)
    for one in orders:
        shop.shop.stock_room.edit_order(one, financial="PAID")
    for _ in range(8):
        found = await later(shop, page_size=3, max_pages=1)
    assert revenue(found) == 1000.0
    assert found["store_orders_paid_total"] == 10


async def test_from_a_date_everything_after_it_is_counted(shop: Watched) -> None:
    order(shop, age=10 * 24 * HOUR)
    for days in (1, 2, 3):
        order(shop, age=days * 24 * HOUR)
    since = datetime.fromtimestamp(shop.clock.now() - 5 * 24 * HOUR, UTC).isoformat()
    assert revenue(await later(shop, since=since)) == 300.0
    order(shop)
    assert revenue(await later(shop, since=since)) == 400.0


async def test_another_date_begins_anew(shop: Watched) -> None:
    order(shop, age=HOUR)
    assert revenue(await later(shop, since="2020-01-01")) == 100.0
    assert revenue(await later(shop)) == 0.0


async def test_a_lost_state_begins_anew(shop: Watched) -> None:
    await later(shop)
    order(shop)
    await later(shop)
    document = json.loads(shop.cursor.text)
    document["pass"]["after"] = 12
    shop.cursor.text = json.dumps(document)
    assert revenue(await later(shop)) == 0.0


async def test_a_cursor_that_shopify_no_longer_knows_is_dropped(shop: Watched) -> None:
    await later(shop)
    for _ in range(10):
        order(shop)
    await later(shop, page_size=3, max_pages=1)
    refusal = {"errors": [{"message": "Invalid cursor", "extensions": {"code": "BAD_REQUEST"}}]}
    fault = shop.shop.faults.add(changing("*", lambda _: refusal))
    with pytest.raises(StoreError, match="Invalid cursor"):
        await later(shop, page_size=3)
    shop.shop.faults.remove(fault)
    assert revenue(await later(shop, page_size=3)) == 1000.0


async def test_an_order_that_is_paid_in_parts_is_counted_part_by_part(shop: Watched) -> None:
    room = shop.shop.stock_room
    await later(shop)
    sold = order(shop, "AUTHORIZED", pieces=3)
    assert revenue(await later(shop)) == 0.0
    for amount in (120, 80, 100):
        room.pay(sold, Decimal(amount))
        found = await later(shop)
        assert revenue(found) == float(sold.received)
    assert (found["store_orders_paid_total"], sold.financial) == (1, "PAID")


async def test_an_order_that_is_edited_and_paid_in_the_rest_is_counted_in_full(
    shop: Watched,
) -> None:
    room = shop.shop.stock_room
    await later(shop)
    sold = order(shop)
    assert revenue(await later(shop)) == 100.0
    sold.lines.append((room.by_sku("SKU-010"), 4))
    room.edit_order(sold, financial="PARTIALLY_PAID")
    assert revenue(await later(shop)) == 100.0
    room.edit_order(sold, financial="PAID")
    assert revenue(await later(shop)) == 500.0
    room.refund(sold)
    found = await later(shop)
    assert (revenue(found), found["store_refunds_total{GBP}"]) == (500.0, 500.0)


async def test_a_refund_counts_when_it_succeeds_and_not_while_it_is_pending(
    shop: Watched,
) -> None:
    room = shop.shop.stock_room
    old, sold = order(shop, pieces=2), order(shop, pieces=2)
    before = room.refund(old, Decimal(30), pending=True)
    await later(shop)
    pending, failed = (room.refund(sold, Decimal(n), pending=True) for n in (40, 50))
    assert (await later(shop))["store_refunds_total{GBP}"] == 0.0
    room.settle(pending)
    room.settle(failed, "FAILURE")
    room.settle(before)
    assert (await later(shop))["store_refunds_total{GBP}"] == 70.0


async def test_imported_history_is_not_todays_revenue(shop: Watched) -> None:
    room = shop.shop.stock_room
    order(shop)
    await later(shop)
    lines = [(room.by_sku("SKU-010").id, 1)]
    old = [room.import_order(shop.clock.now() - years * 365 * 24 * HOUR, lines) for years in (1, 5)]
    found = await later(shop)
    assert (revenue(found), found["store_orders_paid_total"]) == (0.0, 0)
    assert found["store_orders_total{processing}"] == 0
    room.refund(old[0], Decimal(10))
    assert (await later(shop))["store_refunds_total{GBP}"] == 10.0


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_imported_history_entered_its_status_with_its_orders(
    shop: Watched, status: str
) -> None:
    room, counter = shop.shop.stock_room, f"store_orders_total{{{status}}}"
    order(shop)
    await later(shop)

    def end(one: Order) -> None:
        if status == "cancelled":
            room.cancel(one)
        else:
            room.edit_order(one, fulfillment="FULFILLED")

    lines = [(room.by_sku("SKU-010").id, 1)]
    when = shop.clock.now() - 365 * 24 * HOUR
    old, opened = room.import_order(when, lines), room.import_order(when, lines)
    end(old)
    assert (await later(shop))[counter] == 0
    end(opened)
    assert (await later(shop))[counter] == 1


async def test_an_order_that_is_deleted_is_a_correction(shop: Watched) -> None:
    room = shop.shop.stock_room
    await later(shop)
    sold, kept = order(shop, pieces=3), order(shop)
    room.refund(sold, Decimal(50))
    for _ in range(2):
        # The first run of a process asks for one order only, to learn what that costs.
        await later(shop)
    room.delete(sold)
    found = await later(shop)
    assert found["store_order_corrections_total{GBP}"] == 250.0
    total = revenue(found) - found["store_refunds_total{GBP}"]
    assert total - found["store_order_corrections_total{GBP}"] == float(kept.received)


async def test_a_page_that_comes_again_and_again_is_an_error(shop: Watched) -> None:
    await later(shop)
    for _ in range(12):
        order(shop)

    def stuck(answer: Json) -> Json:
        page = answer["data"]["orders"]["pageInfo"]
        page.update(hasNextPage=True, endCursor="[0, 0]")
        return answer

    shop.shop.faults.add(changing("*", stuck))
    with pytest.raises(StoreError, match="the cursor does not move"):
        await later(shop, page_size=4)


@pytest.mark.parametrize(
    ("option", "value"),
    [("since", "yesterday"), ("page_size", 0), ("page_size", 300), ("max_pages", "x"),
     ("overlap", -1), ("remember", True)],
)  # fmt: skip
async def test_an_option_that_makes_no_sense_is_refused(
    shop: Watched, option: str, value: Any
) -> None:
    with pytest.raises(StoreError, match=option) as caught:
        await shop.collect("orders", **{option: value})
    assert caught.value.error_type == "invalid_request"


def without_cursor(answer: Json) -> Json:
    answer["data"].get("orders", {}).get("pageInfo", {})["endCursor"] = None
    return answer


async def test_a_page_without_a_cursor_to_the_next_one_is_followed_by_date(shop: Watched) -> None:
    await later(shop)
    for _ in range(13):
        order(shop)
        shop.clock.advance(1)
    shop.shop.faults.add(changing("*", without_cursor))
    shop.clock.advance(60)
    report = await shop.collect("orders", page_size=4, max_pages=2)
    assert "Shopify gives no cursor to the next page of orders" in "".join(report.degraded)
    assert figures(report)["store_collector_backlog{orders}"] == 1
    assert revenue(figures(report)) < 1300.0
    found = await later(shop, page_size=4, max_pages=20)
    assert (revenue(found), found["store_collector_backlog{orders}"]) == (1300.0, 0)


async def test_a_page_of_one_second_without_a_cursor_to_the_next_one_is_an_error(
    shop: Watched,
) -> None:
    await later(shop)
    shop.clock.advance(600)
    for _ in range(13):
        order(shop)
    shop.shop.faults.add(changing("*", without_cursor))
    with pytest.raises(StoreError, match="there is a next page, but no cursor to it"):
        await later(shop, page_size=4)
    shop.shop.faults.clear()
    assert revenue(await later(shop, page_size=4)) == 1300.0
