"""What products and customers came to, where codes, taxes or another currency are involved."""

from __future__ import annotations

from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify
from tests.fakes.direct import Json, changing
from tests.platforms.shopify.handwritten import bag
from tests.platforms.shopify.watching import watched

from .test_order_lines import less, taxes

BY_CODE = {"originalUnitPriceSet": bag("44.99"), "discountAllocations": less("4.49")}
"""A line of 44.99 with a code for the whole order, which Shopify's own total of a line leaves out.
"""


def sell(shop: SimulatedShopify, pieces: int = 1, *, line: Json, order: Json | None = None) -> None:
    """Sell a pump, and change what Shopify shows of the order and of its line."""
    room = shop.stock_room
    room.orders.clear()
    room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, pieces)])

    def change(answer: Json) -> Json:
        for node in answer["data"].get("orders", {}).get("nodes", ()):
            node.update(order or {})
            node["lineItems"]["nodes"][0].update(line)
        return answer

    shop.faults.add(changing("*", change))


SOLD: dict[str, tuple[int, Json, Json, tuple[int, str]]] = {
    "a code for the whole order": (1, BY_CODE, {}, (1, "40.50 GBP")),
    "that and taxes included": (
        1, {**BY_CODE, "taxLines": taxes("6.75")}, {"taxesIncluded": True}, (1, "33.75 GBP")),
    "taxes on top": (
        3, {**BY_CODE, "taxLines": taxes("6.93")}, {"taxesIncluded": False}, (3, "130.48 GBP")),
    "a piece taken off": (
        2,
        {"currentQuantity": 1, "priceAfterAllDiscountsBeforeTaxesSet": bag("40.50")},
        {"totalPriceSet": bag("89.98"), "currentTotalPriceSet": bag("40.50"),
         "totalReceivedSet": bag("40.50")},
        (1, "40.50 GBP"),
    ),
    "five paid back, and two exchanged for one of 85.00": (
        10,
        {"currentQuantity": 3, "priceAfterAllDiscountsBeforeTaxesSet": bag("300.00")},
        {"totalPriceSet": bag("1085.00"), "currentTotalPriceSet": bag("385.00"),
         "totalRefundedSet": bag("615.00"), "subtotalLineItemsQuantity": 11,
         "currentSubtotalLineItemsQuantity": 4},
        (10, "1000.00 GBP"),
    ),
    "two taken off unpaid, and one of the rest paid back": (
        4,
        {"currentQuantity": 1, "priceAfterAllDiscountsBeforeTaxesSet": bag("100.00")},
        {"totalPriceSet": bag("400.00"), "currentTotalPriceSet": bag("100.00"),
         "totalReceivedSet": bag("200.00"), "totalRefundedSet": bag("100.00")},
        (1, "100.00 GBP"),
    ),
}  # fmt: skip
"""Pieces, what is special about the line and the order, and what the report has of the product."""


@pytest.mark.parametrize("name", SOLD)
def test_products_of_a_report_come_to_what_was_paid_for_them_without_tax(
    shop: SimulatedShopify, store: Shopify, name: str
) -> None:
    pieces, line, order, expected = SOLD[name]
    sell(shop, pieces, line=line, order=order)
    report = store.get_sales_report("day")
    assert [(row.items, str(row.total)) for row in report.top_products] == [expected]


def test_an_exchange_does_not_take_from_what_was_sold_what_was_paid_back_before(
    shop: SimulatedShopify, store: Shopify
) -> None:
    pieces, line, order, _ = SOLD["five paid back, and two exchanged for one of 85.00"]
    sell(shop, pieces, line=line, order=order)
    report = store.get_sales_report("day")
    money = [str(amount.amount) for amount in (report.gross, report.refunds, report.net)]
    assert (report.items, money) == (11, ["1000.00", "615.00", "385.00"])


async def test_best_sellers_come_to_what_was_paid_and_a_code_is_no_other_price() -> None:
    shop = watched()
    line: dict[str, Any] = {
        "currentQuantity": 2,
        "discountedTotalSet": bag("134.97"),
        "priceAfterAllDiscountsBeforeTaxesSet": bag("59.99"),
    }
    sell(shop.shop, 3, line=line)
    room = shop.shop.stock_room
    for day in range(8, 12):
        created = shop.clock.now() - day * 86_400.0
        room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, 3)], created=created)
    samples = (await shop.collect("best_sellers")).samples
    found = {(s.metric.name, s.labels.get("price")): s.value for s in samples}
    assert found["store_listed_seller_sold", None] == 2
    assert found["store_listed_seller_value", None] == 59.99
    assert found["store_products_sold", "usual"] == 1


def test_what_a_customer_spent_in_another_currency_is_in_no_sum_of_the_shops(
    shop: SimulatedShopify, store: Shopify
) -> None:
    before = store.get_customer_insights(limit=1000)
    assert before.totals is not None
    first = before[0].total

    def change(answer: Json) -> Json:
        for node in answer["data"].get("customers", {}).get("nodes", ()):
            if node["amountSpent"]["amount"] == str(first.amount):
                node["amountSpent"]["currencyCode"] = "EUR"
        return answer

    shop.faults.add(changing("*", change))
    found = store.get_customer_insights(limit=1000)
    assert found.totals is not None
    assert found.totals.spent.amount == before.totals.spent.amount - first.amount
    assert [str(money) for money in found.totals.other_currencies] == [f"{first.amount} EUR"]
    assert {row.total.currency for row in found} == {"GBP"}
