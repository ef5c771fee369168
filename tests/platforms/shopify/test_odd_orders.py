"""Orders and pages as shops have them and no simulated record can be, written out by hand.

After every run revenue less refunds less corrections is what Shopify calls received less what it
calls refunded, or the collector says why not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from store_exporter.errors import StoreError
from tests.platforms.shopify.handwritten import (
    Change,
    HandWritten,
    Node,
    bag,
    handwritten,
    iso,
    move,
    order,
)
from tests.platforms.shopify.watching import Watched, figures

MINUTE = 60.0


def sale(when: float, amount: Any = "100.00", **members: Any) -> Node:
    return move(1, "SALE", amount, when, **members)


def paid_back(when: float, amount: Any, **members: Any) -> Node:
    return move(2, "REFUND", amount, when, **members)


def one(when: float, *moves: Node, **members: Any) -> Node:
    return order(1, when, *moves, **members)


def refunded(amount: str) -> Node:
    return {"totalRefundedSet": bag(amount), "displayFinancialStatus": "PARTIALLY_REFUNDED"}


ORDERS: dict[str, tuple[Callable[[float], Node], tuple[float, float]]] = {
    "an import that knew no dates": (
        lambda t: one(t, sale(t, processedAt=iso(0)), processedAt=iso(-19_800)),
        (0, 0),
    ),
    "an exchange for something dearer": (
        lambda t: one(t, sale(t), move(3, "SALE", "20.00", t), totalReceivedSet=bag("120.00")),
        (120, 0),
    ),
    "an exchange for something cheaper": (
        lambda t: one(t, sale(t), paid_back(t, "30.00"), totalPriceSet=bag("70"), **refunded("30")),
        (100, 30),
    ),
    "an exchange that comes to less than nothing": (
        lambda t: one(t, paid_back(t, "30.00"), totalPriceSet=bag("-30.00"),
                      totalReceivedSet=bag("0.00"), **refunded("30.00")),
        (0, 30),
    ),
    "lines that were removed and not paid back": (
        lambda t: one(t, sale(t), totalPriceSet=bag("60.00")), (100, 0)),
    "a part captured and the rest voided": (
        lambda t: one(t, move(3, "AUTHORIZATION", "100.00", t), move(4, "CAPTURE", "60.00", t),
                      move(5, "VOID", "40.00", t), totalReceivedSet=bag("60.00"), fullyPaid=False,
                      displayFinancialStatus="PARTIALLY_PAID"),
        (60, 0),
    ),
    "a refund at a lower rate of exchange": (
        lambda t: one(t, sale(t), paid_back(t, "95.00"), **refunded("100.00")), (100, 100)),
    "a refund at a higher rate of exchange": (
        lambda t: one(t, sale(t), paid_back(t, "105.00"), **refunded("100.00")), (100, 100)),
    "a refund without a transaction": (lambda t: one(t, sale(t), **refunded("25.00")), (100, 25)),
    "a refund of a kind that a later version adds": (
        lambda t: one(t, sale(t), move(3, "CHARGEBACK", "100.00", t), **refunded("100.00")),
        (100, 100),
    ),
    "a refund that is pending, though Shopify counts it": (
        lambda t: one(t, sale(t), paid_back(t, "40.00", status="PENDING"), **refunded("40.00")),
        (100, 0),
    ),
    "a pending refund beside one without a transaction": (
        lambda t: one(t, sale(t), paid_back(t, "40.00", status="PENDING"), **refunded("65.00")),
        (100, 25),
    ),
    "a refund to a card that is pending, beside one in store credit": (
        lambda t: one(t, sale(t, "2657.85"), paid_back(t, "885.95", status="PENDING"),
                      move(3, "REFUND", "885.95", t, gateway="shopify_store_credit"),
                      totalPriceSet=bag("2657.85"), totalReceivedSet=bag("2657.85"),
                      **refunded("885.95")),
        (2657.85, 885.95),
    ),
    "a refund that failed": (
        lambda t: one(t, sale(t), paid_back(t, "40.00", status="FAILURE")), (100, 0)),
    "a deposit": (
        lambda t: one(t, sale(t, "30.00"), totalReceivedSet=bag("30.00"), fullyPaid=False,
                      displayFinancialStatus="PARTIALLY_PAID"),
        (30, 0),
    ),
    "tax alone paid back": (
        lambda t: one(t, sale(t), paid_back(t, "16.67"), **refunded("16.67")), (100, 16.67)),
    "duties and a tip": (
        lambda t: one(t, sale(t, "123.45"), totalReceivedSet=bag("123.45")), (123.45, 0)),
    "store credit and a gift card": (
        lambda t: one(t, sale(t, "40.00", gateway="shopify_store_credit"),
                      move(3, "SALE", "60.00", t, gateway="gift_card")),
        (100, 0),
    ),
    "store credit beside a sale": (
        lambda t: one(t, sale(t, "147.19"), move(3, "SALE", "17.60", t,
                      gateway="shopify_store_credit"), totalPriceSet=bag("164.79"),
                      totalReceivedSet=bag("164.79")),
        (164.79, 0),
    ),
    "less captured than was authorised, for a line was removed": (
        lambda t: one(t, move(3, "AUTHORIZATION", "104.71", t), move(4, "CAPTURE", "33.06", t),
                      totalPriceSet=bag("104.71"), totalReceivedSet=bag("33.06")),
        (33.06, 0),
    ),
    "marked as paid at another rate than its total was converted at": (
        lambda t: one(t, sale(t, "12.77", gateway="manual"), totalPriceSet=bag("13.50"),
                      totalReceivedSet=bag("12.77")),
        (12.77, 0),
    ),
    "paid back in store credit, of no payment": (
        lambda t: one(t, sale(t), paid_back(t, "25.00", gateway="shopify_store_credit"),
                      **refunded("25.00")),
        (100, 25),
    ),
    "captured in parts": (
        lambda t: one(t, move(3, "AUTHORIZATION", "100.00", t), move(4, "CAPTURE", "60.00", t),
                      move(5, "CAPTURE", "40.00", t)),
        (100, 0),
    ),
    "a capture that is pending": (
        lambda t: one(t, move(3, "AUTHORIZATION", "100.00", t),
                      move(4, "CAPTURE", "50.00", t, status="PENDING"), fullyPaid=False,
                      totalReceivedSet=bag("0.00"), displayFinancialStatus="AUTHORIZED"),
        (0, 0),
    ),
    "a capture that is pending, though Shopify counts it": (
        lambda t: one(t, move(3, "AUTHORIZATION", "100.00", t),
                      move(4, "CAPTURE", "50.00", t, status="PENDING"), fullyPaid=False,
                      totalReceivedSet=bag("50.00"), displayFinancialStatus="PARTIALLY_PAID"),
        (50, 0),
    ),
    "cash that is rounded": (
        lambda t: one(t, sale(t, "49.98", amountRoundingSet=bag("0.02")),
                      totalPriceSet=bag("49.98"), totalReceivedSet=bag("49.98")),
        (49.98, 0),
    ),
    "a gift card alone": (
        lambda t: one(t, sale(t, "162.04", gateway="gift_card"), totalPriceSet=bag("162.04"),
                      totalReceivedSet=bag("162.04")),
        (162.04, 0),
    ),
    "authorised, captured and paid back": (
        lambda t: one(t, move(3, "AUTHORIZATION", "101.5", t), move(4, "CAPTURE", "101.5", t),
                      paid_back(t, "101.5"), totalPriceSet=bag("101.5"),
                      totalReceivedSet=bag("101.5"), **refunded("101.5")),
        (101.5, 101.5),
    ),
    "cancelled, and its authorisation voided for nothing": (
        lambda t: one(t, move(3, "AUTHORIZATION", "84.0", t), move(4, "VOID", "0.0", t),
                      totalPriceSet=bag("84.0"), totalReceivedSet=bag("0.0"), fullyPaid=False,
                      cancelledAt=iso(t), displayFinancialStatus="VOIDED"),
        (0, 0),
    ),
    "nothing to pay": (
        lambda t: one(t, totalPriceSet=bag("0.00"), totalReceivedSet=bag("0.00")), (0, 0)),
    "cash with change": (
        lambda t: one(t, sale(t, "120.00"), move(3, "CHANGE", "20.00", t)), (100, 0)),
    "a payment of a kind that a later version adds": (
        lambda t: one(t, move(1, "INSTALMENT", "100.00", t)), (100, 0)),
    "a payment with a status that a later version adds": (
        lambda t: one(t, sale(t, status="SETTLED")), (100, 0)),
    "a financial status that a later version adds": (
        lambda t: one(t, sale(t), displayFinancialStatus="DISPUTED"), (100, 0)),
    "amounts that are numbers": (
        lambda t: one(t, sale(t, 100.0), totalPriceSet=bag(100), totalReceivedSet=bag(100.0),
                      totalRefundedSet=bag(0)),
        (100, 0),
    ),
    "a test order": (
        lambda t: one(t, sale(t, test=True), test=True, totalReceivedSet=bag("100.00")), (0, 0)),
    "money that no transaction tells of": (one, (100, 0)),
    "less received than the transactions say": (
        lambda t: one(t, sale(t), totalReceivedSet=bag("80.00")), (80, 0)),
    "more paid back than received": (
        lambda t: one(t, sale(t), paid_back(t, "130.00"), **refunded("130.00")), (100, 130)),
    "a payment without a date of its own": (lambda t: one(t, sale(t, processedAt=None)), (100, 0)),
}  # fmt: skip
"""What makes an order out of a time, and what is then in revenue and in refunds."""


async def begun() -> tuple[Watched, HandWritten]:
    """A shop whose counting has begun."""
    shop, http = handwritten()
    past = shop.clock.now() - 86_400 * 100
    http.add(order(9, past, move(9, "SALE", "100.00", past)))
    await shop.collect("orders")
    shop.clock.advance(MINUTE)
    return shop, http


def money(found: dict[str, float]) -> tuple[float, float, float]:
    names = ("revenue", "refunds", "order_corrections")
    revenue, refunds, corrections = (found[f"store_{name}_total{{GBP}}"] for name in names)
    return revenue, refunds, corrections


@pytest.mark.parametrize("name", ORDERS)
async def test_an_order_is_counted_as_shopify_adds_it_up(name: str) -> None:
    made, expected = ORDERS[name]
    shop, http = await begun()
    http.add(made(shop.clock.now()))
    for _ in range(3):
        shop.clock.advance(MINUTE)
        report = await shop.collect("orders")
        assert money(figures(report)) == (*expected, 0)
        assert report.degraded == []


UNREADABLE: dict[str, tuple[Callable[[float], Node], str]] = {
    "money received that is null": (
        lambda t: one(t, sale(t), totalReceivedSet=None), "totalReceivedSet is null"),
    "money paid back that is null": (
        lambda t: one(t, sale(t), totalRefundedSet=None), "totalRefundedSet is null"),
    "no transactions": (lambda t: one(t, transactions=None), "transactions is null"),
    "a payment in another currency than the order": (
        lambda t: one(t, sale(t, amountSet=bag("100.00", "EUR"))), "amountSet is 100.00 EUR"),
    "no date": (lambda t: one(t, sale(t), createdAt=None), "createdAt is null"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_order_that_does_not_add_up_is_reported(name: str) -> None:
    made, words = UNREADABLE[name]
    shop, http = await begun()
    http.add(made(shop.clock.now()))
    shop.clock.advance(MINUTE)
    report = await shop.collect("orders")
    assert words in report.degraded[0]
    assert money(figures(report)) == (0, 0, 0)


async def test_an_order_of_another_currency_counts_in_that() -> None:
    shop, http = await begun()
    now = shop.clock.now()
    yen = {
        name: bag(amount, "JPY")
        for name, amount in (
            ("totalPriceSet", "9000"),
            ("totalReceivedSet", "9000"),
            ("totalRefundedSet", "0"),
        )
    }
    http.add(one(now, sale(now, amountSet=bag("9000", "JPY")), **yen))
    shop.clock.advance(MINUTE)
    assert figures(await shop.collect("orders"))["store_revenue_total{JPY}"] == 9000


async def test_what_is_taken_back_later_leaves_the_sum_right() -> None:
    shop, http = await begun()
    now = shop.clock.now()
    states: list[tuple[Node, tuple[float, float, float]]] = [
        (one(now, sale(now)), (100, 0, 0)),
        (one(now, sale(now), paid_back(now, "40"), **refunded("40")), (100, 40, 0)),
        (one(now, sale(now), paid_back(now, "35"), **refunded("35")), (105, 40, 0)),
        (
            one(now, sale(now, status="FAILURE"), totalReceivedSet=bag("0"), **refunded("0")),
            (105, 40, 65),
        ),
    ]
    for state, expected in states:
        http.add({**state, "updatedAt": iso(shop.clock.now())})
        shop.clock.advance(MINUTE)
        assert money(figures(await shop.collect("orders"))) == expected


@pytest.mark.parametrize("early", ["0.00", "60.00"])
async def test_captures_count_once_whether_shopify_counts_them_while_they_are_pending_or_not(
    early: str,
) -> None:
    shop, http = await begun()
    now = shop.clock.now()
    authorised = move(3, "AUTHORIZATION", "100.00", now)
    first, second = move(4, "CAPTURE", "60.00", now), move(5, "CAPTURE", "40.00", now)
    part = {"displayFinancialStatus": "PARTIALLY_PAID", "fullyPaid": False}
    states: list[tuple[Node, float]] = [
        (one(now, authorised, first | {"status": "PENDING"}, totalReceivedSet=bag(early), **part),
         float(early)),
        (one(now, authorised, first, totalReceivedSet=bag("60.00"), **part), 60),
        (one(now, authorised, first, second), 100),
    ]  # fmt: skip
    for state, revenue in states:
        http.add({**state, "updatedAt": iso(shop.clock.now())})
        shop.clock.advance(MINUTE)
        assert money(figures(await shop.collect("orders"))) == (revenue, 0, 0)


async def test_a_second_change_within_the_same_second_counts_too() -> None:
    shop, http = await begun()
    now = shop.clock.now()
    http.add(one(now, sale(now)))
    shop.clock.advance(MINUTE)
    assert money(figures(await shop.collect("orders"))) == (100, 0, 0)
    http.add(one(now, sale(now), paid_back(now, "40.00"), **refunded("40.00")))
    shop.clock.advance(MINUTE)
    assert money(figures(await shop.collect("orders"))) == (100, 40, 0)


def of_pages(change: Callable[[Node], Any]) -> Change:
    """Change the pages of orders."""

    def changed(name: str, answer: Node) -> Node:
        if name == "OrdersUpdated":
            change(answer["data"]["orders"])
        return answer

    return changed


async def sold(count: int, change: Change) -> Watched:
    """A shop with so many new orders, whose answers are changed."""
    shop, http = await begun()
    http.change, http.page = change, 5
    for number in range(100, 100 + count):
        when = shop.clock.now() + number
        http.add(order(number, when, move(number, "SALE", "100.00", when)))
    shop.clock.advance(1000.0)
    return shop


async def first_error(shop: Watched) -> StoreError | None:
    """The error of the first of ten runs that has one."""
    for _ in range(10):
        try:
            await shop.collect("orders", page_size=5)
        except StoreError as error:
            return error
    return None


@pytest.mark.parametrize("pages", [2, 3, 25])
async def test_pages_that_come_again_are_an_error_and_no_backlog_for_ever(pages: int) -> None:
    def back_to_the_first(page: Node) -> None:
        cursor = page["pageInfo"]["endCursor"]
        if cursor is None or int(cursor) >= 5 * pages:
            page["pageInfo"] = {"hasNextPage": True, "endCursor": "0"}

    shop = await sold(200, of_pages(back_to_the_first))
    error = await first_error(shop)
    assert error is not None
    assert error.error_type == "invalid_response"
    assert "the cursor goes back to an earlier page" in error.message
    # What was read is counted, and the next pass begins anew. The first is the order before.
    document = shop.cursor.load()
    assert document["pass"]["after"] is None
    assert float(document["ledger"]["revenue"]["GBP"]) >= 500 * min(pages, 2) - 100


@pytest.mark.parametrize(
    "info",
    [
        {"hasNextPage": True, "endCursor": None},
        {"hasNextPage": True, "endCursor": 5},
        {"hasNextPage": None, "endCursor": None},
        None,
    ],
)
async def test_a_page_that_does_not_say_where_the_next_begins_is_an_error(info: Any) -> None:
    shop = await sold(12, of_pages(lambda page: page.update(pageInfo=info)))
    with pytest.raises(StoreError, match=r"pageInfo|no cursor to it") as caught:
        await shop.collect("orders", page_size=5)
    assert caught.value.error_type == "invalid_response"


async def test_an_order_that_the_list_shows_is_not_deleted_whatever_else_is_said() -> None:
    def denied(name: str, answer: Node) -> Node:
        if name == "OrdersThere":
            answer["data"]["nodes"] = [None for _ in answer["data"]["nodes"]]
        return answer

    shop = await sold(4, denied)
    for _ in range(4):
        assert money(figures(await shop.collect("orders"))) == (400, 0, 0)


async def test_orders_are_found_by_their_ids_and_not_by_their_places() -> None:
    def elsewhere(name: str, answer: Node) -> Node:
        if name == "OrdersThere":
            answer["data"]["nodes"].reverse()
        return answer

    shop = await sold(4, elsewhere)
    for _ in range(3):
        shop.clock.advance(1000.0)
        assert money(figures(await shop.collect("orders")))[2] == 0
