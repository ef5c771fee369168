"""Orders and reports as an order is now: edited, paid back, delivered for less."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_demo.stores.shopify.records import Order
from store_exporter.errors import StoreError
from store_exporter.platforms.shopify import Shopify
from tests.fakes.clock import Clock
from tests.fakes.direct import Json, changing
from tests.platforms.operations import pounds
from tests.platforms.shopify.handwritten import bag

EMAIL = "ada@example.test"


def placed(shop: SimulatedShopify, financial: str = "PAID") -> Order:
    """The shop's only order: of 100.00 and 110.00."""
    room = shop.stock_room
    room.orders.clear()
    lines = [(room.by_sku(sku).id, 1) for sku in ("SKU-010", "SKU-011")]
    return room.new_order(financial, email=EMAIL, lines=lines)


@pytest.fixture
def edited(shop: SimulatedShopify) -> Order:
    """That order, from which the 110.00 were taken before anything was paid."""
    made = placed(shop, "PENDING")
    shop.stock_room.remove_lines(made, kept=1)
    return made


def test_lines_that_were_taken_off_and_never_paid_for_are_in_no_total(
    shop: SimulatedShopify, store: Shopify, edited: Order
) -> None:
    assert store.check_order(str(edited.number)).total == pounds("100.00")
    assert store.get_sales_report("day").gross == pounds("100.00")
    shop.stock_room.edit_order(edited, financial="PAID")
    report = store.get_sales_report("day", definition="paid")
    assert (report.gross, report.net, report.items) == (pounds("100.00"), pounds("100.00"), 1)
    shop.stock_room.refund(edited)
    status = store.check_refund_status(str(edited.number))
    assert (status.status, status.total) == ("full", pounds("100.00"))


def test_lines_that_were_paid_for_and_then_taken_off_are_paid_back_before_they_count_for_nothing(
    shop: SimulatedShopify, store: Shopify
) -> None:
    made = placed(shop)
    shop.stock_room.remove_lines(made, kept=1)
    assert store.check_order(str(made.number)).total == pounds("210.00")
    shop.stock_room.refund(made, Decimal("110.00"))
    report = store.get_sales_report("day")
    assert (report.gross, report.refunds, report.net) == (
        pounds("210.00"),
        pounds("110.00"),
        pounds("100.00"),
    )


def test_a_cancelled_order_shows_what_it_came_to(
    shop: SimulatedShopify, store: Shopify, edited: Order
) -> None:
    shop.stock_room.cancel(edited)
    assert store.check_order(str(edited.number)).total == pounds("210.00")


def of_order(**members: Any) -> Callable[[Json], Json]:
    """Give orders other members."""

    def change(answer: Json) -> Json:
        alone = answer["data"].get("order")
        for node in [alone] if alone else answer["data"].get("orders", {}).get("nodes", []):
            node.update(members)
        return answer

    return change


def line(charged: str, now: str, *taxes: str) -> Json:
    """A way of delivery: what it cost, what it costs now, and the taxes when it was charged."""
    return {
        "discountedPriceSet": bag(charged),
        "currentDiscountedPriceSet": bag(now),
        "taxLines": [{"priceSet": bag(tax)} for tax in taxes],
    }


def delivery(*lines: Json, more: bool = False) -> Json:
    return {"shippingLines": {"nodes": [*lines], "pageInfo": {"hasNextPage": more}}}


TAXED = {"totalTaxSet": bag("16.67"), "currentTotalTaxSet": bag("16.67")}
REPORTS: dict[str, tuple[Json, tuple[str, str, str, str]]] = {
    "tax included, in delivery too": (
        {**TAXED, **delivery(line("6.00", "6.00", "1.00"))},
        ("100.00", "16.67", "5.00", "78.33"),
    ),
    "tax on top": (
        {**TAXED, "taxesIncluded": False, **delivery(line("6.00", "6.00", "1.20"))},
        ("100.00", "16.67", "6.00", "77.33"),
    ),
    "two taxes on delivery": (
        {**TAXED, **delivery(line("11.50", "11.50", "0.50", "1.00"))},
        ("100.00", "16.67", "10.00", "73.33"),
    ),
    "delivery that a discount made free": (
        {**TAXED, **delivery(line("0.00", "0.00", "0.00"))},
        ("100.00", "16.67", "0.00", "83.33"),
    ),
    "two ways of delivery": (
        {
            **TAXED,
            "taxesIncluded": False,
            **delivery(line("10.00", "10.00"), line("12.00", "12.00")),
        },
        ("100.00", "16.67", "22.00", "61.33"),
    ),
    "two ways of delivery, of which one is taxed": (
        {**TAXED, **delivery(line("12.00", "12.00", "2.00"), line("10.00", "10.00"))},
        ("100.00", "16.67", "20.00", "63.33"),
    ),
    "two ways of delivery, of which one was paid back by half": (
        {
            **TAXED,
            "currentTotalTaxSet": bag("15.67"),
            **delivery(line("12.00", "6.00", "2.00"), line("10.00", "10.00")),
            "currentTotalPriceSet": bag("94.00"),
            "totalRefundedSet": bag("6.00"),
        },
        ("100.00", "16.67", "20.00", "63.33"),
    ),
    "delivery that was removed and never paid for": (
        {
            "totalTaxSet": bag("16.67"),
            "currentTotalTaxSet": bag("15.67"),
            **delivery(line("12.00", "0.00", "2.00"), line("6.00", "6.00", "1.00")),
            "totalPriceSet": bag("112.00"),
            "currentTotalPriceSet": bag("100.00"),
        },
        ("100.00", "15.67", "5.00", "79.33"),
    ),
    "all of it paid back": (
        {
            "totalTaxSet": bag("16.67"),
            "currentTotalTaxSet": bag("0.00"),
            **delivery(line("6.00", "0.00", "1.00")),
            "currentTotalPriceSet": bag("0.00"),
            "totalRefundedSet": bag("100.00"),
        },
        ("100.00", "16.67", "5.00", "0.00"),
    ),
    "delivery alone paid back": (
        {
            **TAXED,
            "currentTotalTaxSet": bag("15.67"),
            **delivery(line("6.00", "0.00", "1.00")),
            "currentTotalPriceSet": bag("94.00"),
            "totalRefundedSet": bag("6.00"),
        },
        ("100.00", "16.67", "5.00", "78.33"),
    ),
    "all of it to be paid back, which is pending": (
        {
            "totalTaxSet": bag("16.67"),
            "currentTotalTaxSet": bag("0.00"),
            **delivery(line("6.00", "0.00", "1.00")),
            "currentTotalPriceSet": bag("0.00"),
        },
        ("100.00", "16.67", "5.00", "78.33"),
    ),
    "taxes of which the current ones leave out delivery": (
        {
            "totalTaxSet": bag("16.67"),
            "currentTotalTaxSet": bag("15.67"),
            **delivery(line("6.00", "6.00", "1.00")),
        },
        ("100.00", "16.67", "5.00", "78.33"),
    ),
    "import duties": (
        {
            **TAXED,
            "taxesIncluded": False,
            "originalTotalDutiesSet": bag("20.00"),
            "currentTotalDutiesSet": bag("20.00"),
        },
        ("100.00", "36.67", "0.00", "63.33"),
    ),
    "half of it paid back, with its duties": (
        {
            "originalTotalDutiesSet": bag("20.00"),
            "currentTotalDutiesSet": bag("10.00"),
            "currentTotalPriceSet": bag("50.00"),
            "totalRefundedSet": bag("50.00"),
        },
        ("100.00", "20.00", "0.00", "40.00"),
    ),
    "no duties": (
        {"originalTotalDutiesSet": None, "currentTotalDutiesSet": None},
        ("100.00", "0.00", "0.00", "100.00"),
    ),
    "no tax at all": (
        {"totalTaxSet": None, "totalDiscountsSet": None},
        ("100.00", "0.00", "0.00", "100.00"),
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_net_sales_are_what_is_left_without_tax_and_delivery(
    shop: SimulatedShopify, store: Shopify, name: str
) -> None:
    members, expected = REPORTS[name]
    room = shop.stock_room
    room.orders.clear()
    room.new_order("PAID", email=EMAIL, lines=[(room.by_sku("SKU-010").id, 1)])
    shop.faults.add(changing("*", of_order(**members)))
    report = store.get_sales_report("day")
    found = (report.gross, report.tax, report.shipping, report.net)
    assert found == tuple(map(pounds, expected))
    assert report.unreadable == 0


@pytest.mark.parametrize(
    ("lines", "error_type"),
    [
        (delivery(line("6.00", "6.00"), more=True), "response_too_large"),
        (delivery(line("6.00", "6.00", "7.00")), "invalid_response"),
    ],
)
def test_an_order_whose_delivery_cannot_be_added_up_is_in_no_report(
    shop: SimulatedShopify, store: Shopify, lines: Json, error_type: str
) -> None:
    placed(shop)
    shop.faults.add(changing("*", of_order(**lines)))
    with pytest.raises(StoreError, match="shippingLines") as caught:
        store.get_sales_report("day")
    assert caught.value.error_type == error_type


@pytest.mark.parametrize("refunded", ["99.40", "100.20"])
def test_an_order_that_was_paid_back_at_another_rate_keeps_its_total(
    shop: SimulatedShopify, store: Shopify, refunded: str
) -> None:
    room = shop.stock_room
    room.orders.clear()
    made = room.new_order("PAID", email=EMAIL, lines=[(room.by_sku("SKU-010").id, 1)])
    members = {"currentTotalPriceSet": bag("0.00"), "totalRefundedSet": bag(refunded)}
    shop.faults.add(changing("*", of_order(displayFinancialStatus="REFUNDED", **members)))
    assert store.check_order(str(made.number)).total == pounds("100.00")
    assert store.check_refund_status(str(made.number)).total == pounds("100.00")
    report = store.get_sales_report("day")
    assert (report.gross, report.refunds) == (pounds("100.00"), pounds(refunded))


def test_an_order_of_which_only_a_part_was_captured_comes_to_that_part(
    shop: SimulatedShopify, store: Shopify
) -> None:
    made = placed(shop)
    members = {name: bag("100.00") for name in ("currentTotalPriceSet", "totalReceivedSet")}
    members |= {"totalOutstandingSet": bag("0.00")}
    shop.faults.add(changing("*", of_order(**members)))
    assert store.check_order(str(made.number)).total == pounds("100.00")


def test_orders_of_other_days_than_were_requested_are_in_no_report(
    shop: SimulatedShopify, store: Shopify
) -> None:
    shop.stock_room.orders.clear()
    lines = [(shop.stock_room.by_sku("SKU-010").id, 1)]
    shop.stock_room.new_order("PAID", lines=lines)
    shop.faults.add(changing("*", of_order(processedAt="2020-01-01T00:00:00Z")))
    assert store.get_sales_report("day").orders == 0


@pytest.mark.parametrize(
    ("refund", "paid_back", "status"),
    [
        (None, "45.00", "partial"),  # outside Shopify
        ("20.00", "100.00", "full"),
        ("98.40", "100.00", "full"),  # at another rate than the sale
        ("20.00", "0.00", "none"),  # pending
    ],
)
def test_what_was_paid_back_is_what_the_order_itself_says(
    shop: SimulatedShopify, store: Shopify, refund: str | None, paid_back: str, status: str
) -> None:
    room = shop.stock_room
    room.orders.clear()
    made = room.new_order("PAID", email=EMAIL, lines=[(room.by_sku("SKU-010").id, 1)])
    if refund:
        room.refund(made, Decimal(refund))
    shop.faults.add(changing("*", of_order(totalRefundedSet=bag(paid_back))))
    found = store.check_refund_status(str(made.number))
    assert (found.status, found.refunded) == (status, pounds(paid_back))
    assert store.check_order(str(made.number)).refunded == found.refunded


def test_refunds_are_all_there_or_the_status_is_an_error(
    shop: SimulatedShopify, store: Shopify
) -> None:
    room = shop.stock_room
    room.orders.clear()
    made = room.new_order("PAID", email=EMAIL, lines=[(room.by_sku("SKU-010").id, 10)])
    for _ in range(180):
        room.refund(made, Decimal("1.00"))
    assert store.check_refund_status(str(made.number)).refunded == pounds("180.00")
    for _ in range(70):
        room.refund(made, Decimal("1.00"))
    with pytest.raises(StoreError, match="250 refunds or more") as caught:
        store.check_refund_status(str(made.number))
    assert caught.value.error_type == "response_too_large"


def test_a_timeline_that_goes_on_is_not_called_complete(
    shop: SimulatedShopify, store: Shopify
) -> None:
    def longer(answer: Json) -> Json:
        for order in (answer["data"].get("order"),):
            if order and "events" in order:
                order["events"]["pageInfo"]["hasNextPage"] = True
        return answer

    assert store.get_order_notes("1003", private=True).complete
    shop.faults.add(changing("*", longer))
    found = store.get_order_notes("1003", private=True)
    assert (found.complete, found.total) == (False, None)


def test_a_timeline_older_than_shopify_keeps_entries_is_not_called_complete(
    shop: SimulatedShopify, clock: Clock, store: Shopify
) -> None:
    room = shop.stock_room
    young, old = (
        room.new_order("PAID", created=clock.now() - days * 86_400) for days in (364, 366)
    )
    assert store.get_order_notes(str(young.number), private=True).complete
    found = store.get_order_notes(str(old.number), private=True)
    assert (found.complete, found.total) == (False, None)
    assert store.get_order_notes(str(old.number)).complete
