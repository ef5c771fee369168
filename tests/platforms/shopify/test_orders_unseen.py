"""Orders that an app may not see or cannot read: the others count, and these are reported."""

from __future__ import annotations

import json

import pytest

from store_exporter.contract import Report
from store_exporter.errors import StoreError
from tests.fakes.direct import Json, answering, changing
from tests.platforms.shopify.counting import HOUR, later, order, revenue
from tests.platforms.shopify.watching import Watched, figures, without_orders


@pytest.fixture
def shop() -> Watched:
    return without_orders()


async def test_an_order_that_cannot_be_read_is_reported_and_the_others_are_counted(
    shop: Watched,
) -> None:
    await later(shop)
    order(shop)
    broken = order(shop)
    order(shop)

    def spoil(answer: Json) -> Json:
        for node in (answer.get("data") or {}).get("orders", {}).get("nodes", []):
            if node["id"].endswith(str(broken.id)):
                node["displayFinancialStatus"] = "half paid"
        return answer

    shop.shop.faults.add(changing("*", spoil))
    shop.clock.advance(60.0)
    report: Report = await shop.collect("orders")
    assert revenue(figures(report)) == 200.0
    assert "half paid, which is unknown" in report.degraded[0]
    # It is asked for alone in the next run, and for as long as it cannot be read.
    shop.shop.faults.clear()
    assert revenue(await later(shop)) == 300.0


async def test_a_page_of_orders_that_cannot_be_read_is_stepped_over_and_kept_in_mind(
    shop: Watched,
) -> None:
    await later(shop)
    broken = {order(shop).id for _ in range(4)}
    order(shop)

    def spoil(answer: Json) -> Json:
        data = answer.get("data") or {}
        for node in [*data.get("orders", {}).get("nodes", []), data.get("order") or {"id": ""}]:
            if node["id"].rpartition("/")[2] in map(str, broken):
                node["displayFulfillmentStatus"] = None
        return answer

    fault = shop.shop.faults.add(changing("*", spoil))
    assert revenue(await later(shop, page_size=2)) == 100.0
    for _ in range(3):
        # The pass has gone on, and the shop is degraded nevertheless.
        shop.clock.advance(HOUR)
        report = await shop.collect("orders", page_size=2)
        assert "could not be read and are not counted: 4" in report.degraded[0]
    shop.shop.faults.remove(fault)
    assert revenue(await later(shop)) == 500.0
    assert (await shop.collect("orders")).degraded == []


async def test_an_order_that_an_app_sees_no_more_is_not_taken_for_deleted(shop: Watched) -> None:
    shop.shop.tokens.scopes.discard("read_all_orders")
    await later(shop)
    order(shop)
    await later(shop)
    for _ in range(3):
        shop.clock.advance(30 * 24 * HOUR)
        order(shop)
        await later(shop)
    deleted = order(shop)
    await later(shop)
    shop.shop.stock_room.delete(deleted)
    found = await later(shop)
    assert revenue(found) == 500.0
    assert found["store_order_corrections_total{GBP}"] == 100.0


async def test_counting_from_a_date_that_the_app_does_not_see_is_reported(shop: Watched) -> None:
    order(shop, age=100 * 24 * HOUR)
    order(shop)
    report = await shop.collect("orders", since="2020-01-01")
    assert (report.degraded, revenue(figures(report))) == ([], 200.0)
    shop.shop.tokens.scopes.discard("read_all_orders")
    report = await shop.collect("orders", since="2020-01-02")
    assert "takes the scope read_all_orders" in report.degraded[0]
    assert revenue(figures(report)) == 100.0


async def test_an_order_without_a_financial_status_is_judged_by_its_money(shop: Watched) -> None:
    def spoil(answer: Json) -> Json:
        for node in answer["data"].get("orders", {}).get("nodes", []):
            node["displayFinancialStatus"] = None
        return answer

    room = shop.shop.stock_room
    await later(shop)
    shop.shop.faults.add(changing("*", spoil))
    order(shop), order(shop, "PENDING"), room.refund(order(shop)), room.refund(order(shop), "10")
    found = await later(shop)
    statuses = ("processing", "pending", "refunded")
    # What is refunded was processed before.
    assert [found[f"store_orders_total{{{name}}}"] for name in statuses] == [3, 1, 1]
    assert (revenue(found), found["store_refunds_total{GBP}"]) == (300.0, 110.0)


async def test_what_shopify_keeps_back_beside_whole_orders_is_reported(shop: Watched) -> None:
    def partial(answer: Json) -> Json:
        if "pageInfo" in answer["data"].get("orders", {}):
            answer["errors"] = [
                {
                    "message": "Access denied for note field.",
                    "extensions": {"code": "ACCESS_DENIED"},
                }
            ]
        return answer

    await later(shop)
    order(shop)
    shop.shop.faults.add(changing("*", partial))
    report = await shop.collect("orders", since="now")
    assert revenue(figures(report)) == 100.0
    assert report.degraded == ["Shopify keeps back a part: Access denied for note field."]


async def test_orders_without_their_payments_are_left_until_they_are_shown(shop: Watched) -> None:
    def partial(answer: Json) -> Json:
        for node in answer["data"].get("orders", {}).get("nodes", []):
            node["transactions"] = None
        answer["errors"] = [
            {"message": "Access denied for transactions", "extensions": {"code": "ACCESS_DENIED"}}
        ]
        return answer

    await later(shop)
    order(shop)
    fault = shop.shop.faults.add(changing("*", partial))
    with pytest.raises(StoreError, match="Access denied for transactions") as caught:
        await later(shop)
    assert caught.value.error_type == "forbidden"
    shop.shop.faults.remove(fault)
    assert revenue(await later(shop)) == 100.0


async def test_a_change_that_no_time_of_change_shows_is_counted(shop: Watched) -> None:
    room = shop.shop.stock_room
    await later(shop)
    held, repaid, kept = order(shop, "AUTHORIZED"), order(shop), order(shop)
    waiting, failing = (room.refund(one, "40.00", pending=True) for one in (repaid, kept))
    await later(shop)
    # The next pass begins after all of them.
    shop.clock.advance(HOUR)
    order(shop)
    found = await later(shop)
    assert (revenue(found), found["store_refunds_total{GBP}"]) == (300.0, 0.0)

    changed = [one.updated for one in (held, repaid, kept)]
    held.financial = "EXPIRED"
    room.settle(waiting)
    room.settle(failing)
    for one, when in zip((held, repaid, kept), changed, strict=True):
        one.updated = when
    found = await later(shop)
    assert (revenue(found), found["store_refunds_total{GBP}"]) == (300.0, 80.0)
    assert found["store_orders_total{failed}"] == 1

    room.settle(failing, "FAILURE")
    kept.updated = changed[2]
    found = await later(shop)
    assert (revenue(found), found["store_refunds_total{GBP}"]) == (340.0, 80.0)


async def test_an_order_that_is_kept_back_when_it_is_looked_up_stays_as_it_was(
    shop: Watched,
) -> None:
    def hidden(answer: Json) -> Json:
        if answer["data"].get("nodes"):
            answer["data"]["nodes"][0] = None
            error = {"message": "Oh", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
            answer["errors"] = [{**error, "path": ["nodes", 0]}]
        return answer

    await later(shop)
    order(shop)
    before = await later(shop)
    shop.shop.faults.add(changing("*", hidden))
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert figures(report) == before
    assert report.degraded == ["Shopify keeps back a part: Oh"]


async def test_a_token_that_is_revoked_in_the_middle_keeps_what_was_counted(shop: Watched) -> None:
    await later(shop)
    for _ in range(12):
        order(shop)
    refused = json.dumps({"errors": "[API] Invalid API key or access token"})
    shop.shop.faults.add(answering(refused, status=401, times=None)).skip = 2
    with pytest.raises(StoreError, match="access token") as caught:
        await later(shop, page_size=4)
    assert caught.value.error_type == "unauthorized"
    shop.shop.faults.clear()
    assert revenue(await later(shop, page_size=4)) == 1200.0
