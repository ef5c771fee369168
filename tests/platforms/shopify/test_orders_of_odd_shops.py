"""Shops in which counting begins late, and orders that take more than one request, or too much."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.platforms.kit.order_book import list_pass
from tests.fakes.direct import Json, changing
from tests.platforms.shopify.handwritten import HandWritten, Node, bag, handwritten, move, order
from tests.platforms.shopify.watching import Watched, figures, watched

DAY = 86_400.0
YEAR = 365 * DAY


def money(found: dict[str, float]) -> tuple[float, float, float]:
    names = ("revenue", "refunds", "order_corrections")
    revenue, refunds, corrections = (found.get(f"store_{name}_total{{GBP}}", 0.0) for name in names)
    return revenue, refunds, corrections


@pytest.mark.parametrize("quiet", [None, 400 * DAY, 3 * DAY])
async def test_history_that_is_brought_into_a_quiet_shop_is_no_revenue_of_today(
    quiet: float | None,
) -> None:
    shop = watched()
    room = shop.shop.stock_room
    room.orders.clear()
    lines = [(room.by_sku("SKU-010").id, 1)]
    if quiet is not None:
        room.new_order("PAID", lines=lines, created=shop.clock.now() - quiet)
    await shop.collect("orders")
    shop.clock.advance(60.0)
    for age in (2 * DAY, 30 * DAY, 200 * DAY, 5 * YEAR):
        room.import_order(shop.clock.now() - age, lines)
    room.new_order("PAID", lines=lines)
    shop.clock.advance(60.0)
    found = figures(await shop.collect("orders"))
    assert (money(found), found["store_orders_paid_total"]) == ((100, 0, 0), 1)


async def test_a_shop_whose_latest_orders_are_tests_does_not_read_its_history() -> None:
    shop, http = handwritten()
    now = shop.clock.now()
    for number in range(1, 400):
        when = now - 500 * DAY + number * DAY
        is_test = number > 250
        http.add(order(number, when, move(number, "SALE", "100.00", when), test=is_test))
    shop.clock.advance(60.0)
    await shop.collect("orders")
    assert shop.cursor.load()["pass"]["newest"] == int(now - 500 * DAY + 399 * DAY)
    when = shop.clock.now()
    http.add(order(900, when, move(900, "SALE", "100.00", when)))
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert money(figures(report)) == (100, 0, 0)
    assert "orders read: 1;" in report.summary


async def begun() -> tuple[Watched, HandWritten]:
    shop, http = handwritten()
    http.add(order(1, shop.clock.now() - YEAR, totalReceivedSet=bag("0")))
    await shop.collect("orders")
    shop.clock.advance(60.0)
    return shop, http


def many(shop: Watched, number: int, payments: int) -> Node:
    """An order that is paid in so many parts of 1.00."""
    now = shop.clock.now()
    moves = [move(number * 1000 + n, "SALE", "1.00", now) for n in range(payments)]
    return order(number, now, *moves, totalReceivedSet=bag(f"{payments}.00"))


def shown(limits: dict[str, int]) -> Callable[[str, Node], Node]:
    """Let documents show so many payments of an order, as the real ones ask for."""

    def change(name: str, answer: Node) -> Node:
        answer = copy.deepcopy(answer)
        data = answer["data"]
        nodes = data.get("orders", {}).get("nodes", []) or [data.get("order") or {}]
        for node in [*nodes, *data.get("nodes", [])]:
            if "transactions" in node:
                node["transactions"] = node["transactions"][: limits.get(name, 10)]
        return answer

    return change


def noted(http: HandWritten) -> list[str]:
    """The names of the documents that are requested from now on."""
    asked: list[str] = []
    inner = http.change

    def change(name: str, answer: Node) -> Node:
        asked.append(name)
        return inner(name, answer)

    http.change = change
    return asked


LIMITS = {"OrderHistory": 250}


@pytest.mark.parametrize(("payments", "documents"), [(9, 0), (10, 1), (11, 1), (60, 1), (249, 1)])
async def test_an_order_is_requested_as_long_as_it_shows_too_few_payments(
    payments: int, documents: int
) -> None:
    shop, http = await begun()
    http.change = shown(LIMITS)
    http.add(many(shop, 2, payments))
    asked = noted(http)
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert (money(figures(report)), report.degraded) == ((payments, 0, 0), [])
    assert len([name for name in asked if name == "OrderHistory"]) == documents


async def test_orders_with_many_payments_are_not_requested_alone_for_being_looked_up() -> None:
    shop, http = await begun()
    http.change = shown(LIMITS)
    for number in range(2, 6):
        http.add(many(shop, number, 12))
    shop.clock.advance(60.0)
    await shop.collect("orders")
    # The next pass begins after all of them.
    shop.clock.advance(3600.0)
    http.add(many(shop, 9, 1))
    await shop.collect("orders")
    asked = noted(http)
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert (money(figures(report)), report.degraded) == ((49, 0, 0), [])
    assert sorted(asked) == ["OrderChanges", "OrdersThere", "OrdersUpdated"]


async def test_an_order_with_more_payments_than_shopify_shows_is_reported() -> None:
    shop, http = await begun()
    http.change = shown(LIMITS)
    http.add(many(shop, 2, 251))
    http.add(many(shop, 3, 5))
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert money(figures(report)) == (5, 0, 0)
    assert "250 payments or more" in report.degraded[0]


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Oh", "extensions": {"code": "INTERNAL_SERVER_ERROR"}},
        {"message": "Oh", "extensions": {"code": "TIMEOUT"}, "path": ["order"]},
        {
            "message": "Oh, it costs",
            "extensions": {"code": "MAX_COST_EXCEEDED", "cost": 1200, "maxCost": 1000},
        },
    ],
)
async def test_one_order_that_shopify_cannot_show_never_keeps_back_the_others(error: Node) -> None:
    shop, http = await begun()

    def failing(name: str, answer: Node) -> Node:
        if name == "OrderHistory":
            return {"data": None, "errors": [error]}
        return shown({})(name, answer)

    http.change = failing
    http.add(many(shop, 2, 12))
    for number in (3, 4):
        shop.clock.advance(60.0)
        http.add(many(shop, number, 5))
        shop.clock.advance(60.0)
        report = await shop.collect("orders")
        assert money(figures(report)) == (5 * (number - 2), 0, 0)
        assert "not counted: 1" in report.degraded[0]
    http.change = shown({})
    for node in http.orders.values():
        node["transactions"] = node["transactions"][:9]
    report = await shop.collect("orders")
    assert (money(figures(report)), report.degraded) == ((22, 0, 0), [])


async def test_another_order_than_was_requested_is_not_taken_for_it() -> None:
    shop, http = await begun()
    http.add(many(shop, 2, 12))
    http.add(many(shop, 3, 5))

    def other(name: str, answer: Node) -> Node:
        if name == "OrderHistory":
            answer["data"]["order"] = http.orders["gid://shopify/Order/3"]
        return shown({})(name, answer)

    http.change = other
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert money(figures(report)) == (5, 0, 0)
    assert "another order than" in report.degraded[0]


async def test_a_list_is_read_on_by_date_before_it_is_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_pass, "_MOST_OF_PASS", 20)
    shop, http = await begun()
    http.page = 5
    for number in range(2, 102):
        shop.clock.advance(1.0)
        http.add(many(shop, number, 1))

    def limited(name: str, given: Any) -> Node:
        if name == "OrdersUpdated" and int(given.get("after") or 0) >= 25:
            raise StoreError("invalid_request", "too deep into the list")
        return inner(name, given)

    inner = http.data
    http.data = limited  # type: ignore[method-assign]
    shop.clock.advance(60.0)
    report = await shop.collect("orders", page_size=5, max_pages=40)
    assert money(figures(report)) == (100, 0, 0)
    assert figures(report)["store_collector_backlog{orders}"] == 0
    assert report.degraded == []


async def test_more_orders_in_one_second_than_a_list_is_long_go_on_by_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_pass, "_MOST_OF_PASS", 20)
    shop, http = await begun()
    http.page = 5
    for number in range(2, 102):
        http.add(many(shop, number, 1))
    shop.clock.advance(60.0)
    report = await shop.collect("orders", page_size=5, max_pages=40)
    assert money(figures(report)) == (100, 0, 0)


@pytest.mark.parametrize(
    "error",
    [
        {"message": "dear", "extensions": {"code": "MAX_COST_EXCEEDED"}},
        {"message": "Query cost is 1723, which exceeds the single query max cost limit (1000)."},
    ],
)
async def test_a_cost_that_is_not_reported_halves_the_page(error: Node) -> None:
    shop = watched()
    asked: list[int] = []

    def dear(answer: Json) -> Json:
        if "orders" in answer["data"] and "shop" not in answer["data"]:
            asked.append(len(answer["data"]["orders"]["nodes"]))
            if asked[-1] > 4:
                return {"errors": [error]}
        answer.pop("extensions", None)
        return answer

    shop.shop.faults.add(changing("*", dear))
    report = await shop.collect("orders", since="2020-01-01", page_size=40)
    assert figures(report)["store_orders_paid_total"] > 20
    assert asked[:5] == [40, 20, 10, 5, 2]


@pytest.mark.parametrize("node", [None, "x", {"id": None}])
async def test_an_order_that_shows_no_id_is_read_again_until_it_does(node: Any) -> None:
    shop, http = await begun()
    http.add(many(shop, 2, 5))

    def nameless(name: str, answer: Node) -> Node:
        for listed in ("orders", "newest"):
            orders = answer["data"].get(listed, {}).get("nodes", [])
            kept = [one if one["id"] != "gid://shopify/Order/2" else node for one in orders]
            answer["data"].get(listed, {})["nodes"] = kept
        return answer

    http.change = nameless
    for number in (3, 4, 5):
        shop.clock.advance(400.0)
        http.add(many(shop, number, 1))
        shop.clock.advance(400.0)
        report = await shop.collect("orders")
        assert "not counted: 1" in report.degraded[0]
        assert money(figures(report)) == (number - 2, 0, 0)
    http.change = lambda _, answer: answer
    report = await shop.collect("orders")
    assert (money(figures(report)), report.degraded) == ((8, 0, 0), [])
    shop.clock.advance(8000.0)
    await shop.collect("orders")
    assert shop.cursor.load()["pass"]["nameless"] == []


def without_second(_: str, answer: Node) -> Node:
    """Have the list of orders show null in place of order 2."""
    nodes = answer["data"].get("orders", {}).get("nodes", [])
    answer["data"].get("orders", {})["nodes"] = [
        one if one["id"] != "gid://shopify/Order/2" else None for one in nodes
    ]
    return answer


async def test_a_run_that_goes_on_behind_an_order_without_an_id_says_that_it_is_missing() -> None:
    shop, http = await begun()
    http.add(many(shop, 2, 5))
    http.change = without_second
    shop.clock.advance(400.0)
    reports = [await shop.collect("orders", page_size=1, max_pages=1) for _ in range(12)]
    since = next(index for index, report in enumerate(reports) if report.degraded)
    assert all(report.degraded for report in reports[since:])
    waiting = ["Orders without an id that will be read again: 1."]
    assert waiting in [report.degraded for report in reports]


async def test_an_order_that_shows_no_id_for_an_hour_is_given_up_with_a_word() -> None:
    shop, http = await begun()
    http.add(many(shop, 2, 5))

    http.change = without_second
    for _ in range(6):
        shop.clock.advance(2000.0)
        report = await shop.collect("orders")
    reason = "Orders without an id for an hour, which may not be counted: 1."
    assert reason in report.degraded
    http.add(many(shop, 3, 1))
    for _ in range(2):
        shop.clock.advance(400.0)
        report = await shop.collect("orders")
    assert report.degraded == [reason]
    assert shop.cursor.load()["pass"]["nameless"] == []
