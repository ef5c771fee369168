"""Lines of an order: after discounts and without tax, whatever the shop's prices include."""

from __future__ import annotations

from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify
from store_exporter.spec.results import Order
from tests.fakes.direct import Json, changing
from tests.platforms.shopify.handwritten import bag

EMAIL = "ada@example.test"


def line(name: str, quantity: int = 1, price: str = "60.00", **members: Any) -> Json:
    return {
        "name": name,
        "quantity": quantity,
        "currentQuantity": quantity,
        "sku": None,
        "originalUnitPriceSet": bag(price),
        "discountAllocations": [],
        "taxLines": [],
        "priceAfterAllDiscountsBeforeTaxesSet": bag(price),
        "variant": None,
        "product": None,
        **members,
    }


def less(*amounts: str) -> list[Json]:
    return [{"allocatedAmountSet": bag(amount)} for amount in amounts]


def taxes(*amounts: str) -> list[Json]:
    return [{"priceSet": bag(amount)} for amount in amounts]


def shown(shop: SimulatedShopify, store: Shopify, *lines: Json, **members: Any) -> Order:
    """Return an order as it is read, whose answer has these lines and other members."""
    room = shop.stock_room
    order = room.new_order("PAID", email=EMAIL, lines=[(room.by_sku("SKU-010").id, 1)])

    def change(answer: Json) -> Json:
        for node in answer["data"]["orders"]["nodes"]:
            page = {"nodes": list(lines), "pageInfo": {"hasNextPage": False}}
            node.update(lineItems=page, **members)
        return answer

    shop.faults.add(changing("*", change))
    return store.check_order(order.number, EMAIL)


LINES: dict[str, tuple[Json, bool, str]] = {
    "tax on top": (line("Pump", 2, taxLines=taxes("24.00")), False, "120.00"),
    "tax included": (line("Pump", 2, taxLines=taxes("20.00")), True, "100.00"),
    "two taxes included": (line("Pump", taxLines=taxes("3.00", "2.50")), True, "54.50"),
    "a discount on the line": (line("Pump", discountAllocations=less("6.00")), False, "54.00"),
    "that and one on the order": (
        line("Pump", 3, discountAllocations=less("6.00", "0.01")), False, "173.99"),
    "discount and tax included": (
        line("Pump", discountAllocations=less("12.00"), taxLines=taxes("8.00")), True, "40.00"),
    "for nothing": (line("Sample", discountAllocations=less("60.00")), True, "0.00"),
    "paid back since": (line("Pump", 2, currentQuantity=0), False, "120.00"),
}  # fmt: skip
"""The line, whether prices include taxes, and its total."""


@pytest.mark.parametrize("name", LINES)
def test_a_line_comes_to_what_was_paid_for_it_without_tax(
    shop: SimulatedShopify, store: Shopify, name: str
) -> None:
    given, with_tax, total = LINES[name]
    order = shown(shop, store, given, taxesIncluded=with_tax)
    (found,) = order.lines
    assert (str(found.total), found.quantity) == (f"{total} GBP", given["quantity"])
    assert order.unreadable == ()


def test_lines_that_were_taken_off_an_order_are_none_of_it(
    shop: SimulatedShopify, store: Shopify
) -> None:
    left = line("Pump", 3, currentQuantity=2, priceAfterAllDiscountsBeforeTaxesSet=bag("110.00"))
    gone = line("Hose", 1, currentQuantity=0, priceAfterAllDiscountsBeforeTaxesSet=bag("0.00"))
    lowered = {
        "totalPriceSet": bag("240.00"),
        "currentTotalPriceSet": bag("120.00"),
        "totalOutstandingSet": bag("0.00"),
    }
    order = shown(shop, store, left, gone, **lowered)
    (found,) = order.lines
    assert (found.name, found.quantity, str(found.total)) == ("Pump", 2, "110.00 GBP")
    assert str(order.total) == "120.00 GBP"


@pytest.mark.parametrize(
    "broken",
    [
        {"taxLines": None},
        {"taxLines": [{"priceSet": None}]},
        {"taxLines": [{"priceSet": bag("1.00", "EUR")}]},
        {"discountAllocations": None},
        {"discountAllocations": less("60.01")},
        {"originalUnitPriceSet": None},
        {"quantity": None},
    ],
)
def test_a_line_that_cannot_be_added_up_is_left_out_and_reported(
    shop: SimulatedShopify, store: Shopify, broken: Json
) -> None:
    order = shown(shop, store, line("Hose"), line("Pump", **broken), taxesIncluded=True)
    assert [one.name for one in order.lines] == ["Hose"]
    assert order.unreadable == ("lines",)


def test_without_knowing_whether_prices_include_taxes_there_are_no_lines(
    shop: SimulatedShopify, store: Shopify
) -> None:
    order = shown(shop, store, line("Hose"), taxesIncluded=None)
    assert (order.lines, order.unreadable) == ((), ("lines",))
