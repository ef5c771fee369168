"""Pages that Shopify cannot make in time: smaller ones are requested, and one order at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from tests.platforms.shopify.counting import order
from tests.platforms.shopify.watching import DirectHttp, Watched, figures, watched

Refusal = tuple[int, Any, float]
"""Status, body, and the seconds that they took to come."""
NULL = {"message": "Cannot return null for non-nullable field Order.name", "path": ["orders"]}
"""As of a field of products in https://github.com/imsujan276/shopify_flutter/issues/128."""
INTERNAL = {"message": "Internal error. Oh", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
REFUSALS: dict[str, Refusal] = {
    "a timeout": (200, {"errors": [{"message": "Timeout"}]}, 15.0),
    "a timeout at once": (200, {"errors": [{"message": "Timeout"}]}, 0.0),
    "an internal error": (200, {"data": None, "errors": [INTERNAL]}, 1.0),
    "a null that may be none": (200, {"data": {"orders": None}, "errors": [NULL]}, 1.0),
    "a server error": (500, {"errors": "Internal Server Error"}, 0.0),
    "a gateway's error": (502, "<html><title>502 Bad Gateway</title></html>", 30.0),
}


@dataclass
class Heavy(DirectHttp):
    """A shop that refuses some requests; `sizes` are those of all requests for a document."""

    refuses: Callable[[str, dict[str, Any], str], bool] = lambda *_: False
    refusal: Refusal = REFUSALS["a timeout"]
    clock: Any = None
    sizes: list[int] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        found = await super().send(request)
        sent = request.json or {}
        name, variables = sent.get("operationName", ""), sent.get("variables", {})
        self.sizes.append(variables.get("first") or len(variables.get("ids", ())))
        if not self.refuses(name, variables, found.body.decode()):
            return found
        status, body, seconds = self.refusal
        self.clock.advance(seconds)
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(status, {}, text.encode(), request.url, {})


def heavy(
    refuses: Callable[[str, dict[str, Any], str], bool], refusal: Refusal = REFUSALS["a timeout"]
) -> Watched:
    shop = watched()
    shop.http = Heavy(shop.shop, refuses=refuses, refusal=refusal, clock=shop.clock)
    shop.shop.bucket.maximum = 20_000.0
    return shop


def larger_than(most: int, *names: str) -> Callable[[str, dict[str, Any], str], bool]:
    """Refuse pages of more items, and more ids at once, in these documents."""

    def refuses(name: str, variables: dict[str, Any], _: str) -> bool:
        size = variables.get("first") or len(variables.get("ids", ()))
        return name in names and size > most

    return refuses


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_orders_are_counted_by_smaller_pages(refusal: Refusal) -> None:
    shop = heavy(larger_than(12, "OrdersUpdated", "OrdersThere"), refusal)
    await shop.collect("orders")
    shop.clock.advance(300.0)
    for _ in range(60):
        order(shop)
        shop.clock.advance(1.0)
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert figures(report)["store_orders_paid_total"] == 60
    assert report.degraded == []


@pytest.mark.parametrize(
    ("collector", "name"), [("stock", "ActiveProducts"), ("best_sellers", "SoldLines")]
)
async def test_lists_are_read_by_smaller_pages(collector: str, name: str) -> None:
    whole = figures(await watched().collect(collector))
    shop = heavy(larger_than(12, name))
    assert figures(await shop.collect(collector)) == whole


async def test_a_shop_that_is_down_is_asked_only_once_more() -> None:
    shop = heavy(lambda *_: False)
    await shop.collect("stock")
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses, http.refusal = lambda *_: True, REFUSALS["an internal error"]
    http.sizes.clear()
    with pytest.raises(StoreError, match="Internal error"):
        await shop.collect("stock")
    assert http.sizes == [100, 10]


async def test_a_shop_that_was_down_is_read_by_full_pages_again() -> None:
    shop = heavy(lambda *_: True, REFUSALS["an internal error"])
    for _ in range(3):
        with pytest.raises(StoreError):
            await shop.collect("stock")
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses = lambda *_: False
    await shop.collect("stock")
    http.sizes.clear()
    await shop.collect("stock")
    assert http.sizes == [100, 100]


def holding(number: int) -> Callable[[str, dict[str, Any], str], bool]:
    """Refuse each response with the payments of an order."""

    def refuses(_: str, __: dict[str, Any], body: str) -> bool:
        shown = re.compile(rf'"gid://shopify/Order/{number}",\s*"createdAt"')
        return shown.search(body) is not None

    return refuses


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a timeout", 0),
        ("an internal error", 30),
        ("a null that may be none", 31),
        ("a server error", 59),
    ],
)
async def test_an_order_with_which_each_page_fails_does_not_keep_back_the_others(
    name: str, place: int
) -> None:
    shop = heavy(lambda *_: False, REFUSALS[name])
    await shop.collect("orders")
    shop.clock.advance(300.0)
    bad = 0
    for index in range(60):
        made = order(shop)
        bad = made.id if index == place else bad
        shop.clock.advance(1.0)
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses = holding(bad)
    shop.clock.advance(60.0)
    for _ in range(3):
        report = await shop.collect("orders")
        shop.clock.advance(300.0)
    assert figures(report)["store_orders_paid_total"] == 59
    assert figures(report)["store_collector_backlog{orders}"] == 0
    assert "not counted: 1" in report.degraded[0]
    words = ("Timeout", "Internal", "HTTP 500", "return null")
    assert any(word in report.degraded[0] for word in words)
    http.refuses = lambda *_: False
    report = await shop.collect("orders")
    assert figures(report)["store_orders_paid_total"] == 60
    assert report.degraded == []


async def test_counting_begins_in_a_shop_with_an_order_with_which_each_page_fails() -> None:
    shop = heavy(lambda *_: False, REFUSALS["an internal error"])
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses = holding(order(shop).id)
    await shop.collect("orders")
    shop.clock.advance(300.0)
    order(shop)
    shop.clock.advance(60.0)
    report = await shop.collect("orders")
    assert figures(report)["store_orders_paid_total"] == 1


async def test_the_only_changed_order_fails_each_page_and_no_run() -> None:
    shop = heavy(lambda *_: False, REFUSALS["an internal error"])
    shop.shop.stock_room.orders.clear()
    await shop.collect("orders")
    shop.clock.advance(300.0)
    made = order(shop)
    shop.clock.advance(300.0)
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses = holding(made.id)
    for _ in range(3):
        report = await shop.collect("orders")
        assert "not counted: 1" in report.degraded[0]
    http.refuses = lambda *_: False
    assert figures(await shop.collect("orders"))["store_orders_paid_total"] == 1


async def test_a_remembered_order_that_fails_each_page_does_not_hide_deletions() -> None:
    shop = heavy(lambda *_: False, REFUSALS["an internal error"])
    await shop.collect("orders")
    shop.clock.advance(300.0)
    made = [order(shop) for _ in range(40)]
    shop.clock.advance(60.0)
    await shop.collect("orders")
    shop.clock.advance(3600.0)
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses = holding(made[3].id)
    shop.shop.stock_room.delete(made[30])
    for _ in range(20):
        report = await shop.collect("orders")
        shop.clock.advance(300.0)
    assert figures(report)["store_order_corrections_total{GBP}"] == 100.0
    assert "not counted: 1" in report.degraded[0]


async def test_a_shop_whose_orders_all_fail_is_the_cause_itself() -> None:
    shop = heavy(lambda *_: False, REFUSALS["an internal error"])
    await shop.collect("orders")
    shop.clock.advance(300.0)
    for _ in range(20):
        order(shop)
    shop.clock.advance(60.0)
    http = shop.http
    assert isinstance(http, Heavy)
    http.refuses = lambda *sent: "totalReceivedSet" in sent[2]
    http.sizes.clear()
    with pytest.raises(StoreError, match="Internal error"):
        await shop.collect("orders")
    assert len(http.sizes) <= 10
    http.refuses = lambda *_: False
    report = await shop.collect("orders")
    assert figures(report)["store_orders_paid_total"] == 20
    assert report.degraded == []
