"""What orders come to where the shop displays fewer decimals than they were made with.

The first cases are what WooCommerce 11.0.1 answers with dp=8 in a shop that displays no decimals,
beside what its database has.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from store_exporter.platforms.woocommerce.reading.totals import (
    OrderTotals,
    RoundingRule,
    learn_rounding,
)
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import changing, client

from ..watching import figures, watching


def order(total: str, *lines: str, tax: str = "0", number: int = 7, **members: Any) -> Fields:
    body: dict[str, Any] = {
        "id": number,
        "currency": "GBP",
        "total": total,
        "total_tax": str(round(Decimal(tax))),
        "line_items": [{"total": line} for line in lines],
        "fee_lines": [],
        "shipping_lines": [],
        "tax_lines": [{"tax_total": tax, "shipping_tax_total": "0"}],
        **members,
    }
    return Fields(body, "order")


@pytest.mark.parametrize(
    ("shown", "found", "true"),
    [
        (0, order("218.00000000", "218.02000000"), "218.02"),
        (0, order("425.00000000", "400.00000000", "24.90000000"), "424.90"),
        (1, order("10.10000000", "10.05000000"), "10.05"),
        # Made with these decimals: the lines were rounded one by one.
        (0, order("50", "25.45", "25.45"), "50"),
        # Made with these decimals: of a price with tax the tax is rounded, the rest is not.
        (0, order("99", "79.20", tax="20"), "99"),
        # Made with more decimals: so were its taxes, its delivery and its discount.
        (0, order("122", "100.01", tax="22.19"), "122.20"),
        (
            0,
            order("105", "100.00", shipping_lines=[{"total": "5.40"}], shipping_total="5.40"),
            "105.40",
        ),
        (0, order("90", "89.91", discount_total="9.99"), "89.91"),
        # Set by hand: the parts say something else.
        (0, order("200.00000000", "218.02000000"), "200"),
        # Nothing is rounded away.
        (2, order("218.03000000", "218.02600000"), "218.03"),
        (0, order("218.02", "218.02"), "218.02"),
        (0, order("0.00000000"), "0"),
        (0, order("-5", "-4.90"), "-4.90"),
        # A host that leaves the parts out.
        (0, order("425", line_items=None), "425"),
    ],
)
def test_a_total_is_what_the_order_was_made_with(shown: int, found: Fields, true: str) -> None:
    assert OrderTotals(shown, "GBP").total(found, "GBP").amount == Decimal(true)


@pytest.mark.parametrize(("at_subtotal", "true"), [(False, "122.31"), (True, "122.32")])
def test_lines_of_prices_with_tax_are_rounded_before_they_are_added(
    at_subtotal: bool, true: str
) -> None:
    found = order("122", "50.703053", "62.442183", tax="9.17")
    reading = OrderTotals(0, "GBP", at_subtotal=at_subtotal)
    assert reading.total(found, "GBP").amount == Decimal(true)


def test_a_currency_without_decimals_needs_no_parts() -> None:
    assert OrderTotals(0, "GBP").total(order("101", "100.60"), "JPY").amount == 101


def test_taxes_and_fees_are_parts_too() -> None:
    whole = order("13.00000000", "10.00", tax="2.45", fee_lines=[{"total": "0.50"}])
    assert OrderTotals(0, "GBP").total(whole, "GBP").amount == Decimal("12.95")
    assert OrderTotals(0, "GBP").tax(whole, "GBP").amount == Decimal("2.45")


def test_an_order_that_can_be_both_is_as_its_neighbours_are() -> None:
    finer, both, made = "24.90", "34.71", ("25.45", "25.45")
    orders = [
        order("49", "24.40", "24.40", number=3),
        order("35", both, number=4),
        order("50", *made, number=6),
        order("35", both, number=5),
    ]
    reading = OrderTotals(0, "GBP")
    reading.own.finer_below, _ = learn_rounding(reading, orders)
    assert [str(reading.total(one, "GBP").amount) for one in orders] == [
        "48.80",
        "34.71",
        "50",
        "35",
    ]
    # Without any that tells: as the shop shows them.
    reading.own.finer_below, _ = learn_rounding(reading, orders[1:2])
    assert reading.total(order("25", finer), "GBP").amount == 25


def test_a_shop_that_rounds_at_the_subtotal_rounds_no_line() -> None:
    made = order("51", "25.45", "25.45", tax="0.10")
    assert (
        OrderTotals(0, "GBP", own=RoundingRule(0), at_subtotal=True).total(made, "GBP").amount == 51
    )


@pytest.mark.parametrize(
    "delivered",
    [
        # Orders 237 and 200 of a WooCommerce 9.4.3 that displays one decimal and rounds at the
        # subtotal. It rounds delivery on its own even there.
        order(
            "370.6",
            "289.91739100",
            "25.04782600",
            tax="48.332283",
            shipping_lines=[{"total": "7.25"}],
            shipping_total="7.30",
        ),
        order(
            "88.6",
            "63.46956500",
            tax="14.763913",
            fee_lines=[{"total": "3.10"}],
            shipping_lines=[{"total": "7.25"}],
            shipping_total="7.30",
        ),
    ],
)
def test_delivery_is_rounded_by_itself_in_every_shop(delivered: Fields) -> None:
    reading = OrderTotals(1, "GBP", at_subtotal=True)
    assert reading.total(delivered, "GBP").amount == Decimal(str(delivered.raw("total")))


@pytest.mark.parametrize("total", ["424.90", "424.00"])
async def test_counters_reports_and_operations_agree(total: str) -> None:
    """In a shop that displays no decimals, of an order with cents and of one that was rounded."""
    async with watching(orders=0) as store:
        shop = store.shop
        shop.shop.habits.decimals = 0
        store.clock.now += 10
        await store.collect("orders")
        first = shop.new_order("processing", lines=[(19, 1), (20, 1)], email="cust2@example.test")
        made = shop.shop.orders[first["id"]]
        made["total"] = total
        # WooCommerce makes 200 and 224 of them when it rounds, and 425 of their sum.
        for line, amount in zip(made["line_items"], ("200.45", "224.45"), strict=True):
            line["total"] = amount
        store.clock.now += 300
        found = figures(await store.collect("orders"))
        assert found["store_revenue_total{GBP}"] == float(total)
        with client(shop, clock=Clock(store.clock.now)) as operations:
            one = operations.check_order(first["id"], "cust2@example.test")
            assert one.total.amount == Decimal(total)
            assert operations.get_sales_report("day").gross == one.total
            assert operations.get_customer_insights()[0].total == one.total


@pytest.mark.parametrize("total", ["34.71", "35"])
@pytest.mark.parametrize("email", ["cust2@example.test", "guest@example.test"])
async def test_where_no_order_shows_it_what_a_customer_has_spent_does(
    total: str, email: str
) -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals = 0
        store.clock.now += 10
        await store.collect("orders")
        first = store.shop.new_order("processing", lines=[(19, 1)], email=email)
        made = store.shop.shop.orders[first["id"]]
        made["total"], made["line_items"][0]["total"] = total, "34.71"
        store.clock.now += 300
        report = await store.collect("orders")
        is_known = email.startswith("cust")
        counted = figures(report)["store_revenue_total{GBP}"]
        assert counted == (float(total) if is_known else 35)
        assert [reason for reason in report.degraded if "Nothing tells" in reason] == (
            [] if is_known else report.degraded
        )
        assert bool(report.degraded) is not is_known


@pytest.mark.parametrize("email", ["cust2@example.test", "guest@example.test"])
async def test_the_first_orders_are_not_counted_by_a_rule_that_no_order_shows(email: str) -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals = 0
        # What is known of the shop is kept for an hour.
        watcher = store.watcher()
        await watcher.run(COLLECTORS["orders"], {})
        first = store.shop.new_order("processing", lines=[(19, 1)], email=email)
        made = store.shop.shop.orders[first["id"]]
        made["total"] = made["line_items"][0]["total"] = "34.71"
        store.clock.now += 300
        report = await watcher.run(COLLECTORS["orders"], {})
        is_known = email.startswith("cust")
        assert figures(report)["store_revenue_total{GBP}"] == (34.71 if is_known else 35)
        assert any("Nothing tells" in reason for reason in report.degraded) is not is_known


async def test_what_was_counted_by_a_guess_is_read_again_as_soon_as_an_order_shows_the_rule() -> (
    None
):
    def place(email: str) -> None:
        first = store.shop.new_order("processing", lines=[(19, 1)], email=email)
        made = store.shop.shop.orders[first["id"]]
        made["total"] = made["line_items"][0]["total"] = "34.71"

    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals = 0
        await store.collect("orders")
        for _ in range(40):
            place("guest@example.test")
        store.clock.now += 300
        report = await store.collect("orders")
        assert figures(report)["store_revenue_total{GBP}"] == 40 * 35
        assert any("Nothing tells" in reason for reason in report.degraded)
        for email in ("guest@example.test", "guest@example.test", "cust2@example.test"):
            store.clock.now += 4_000
            place(email)
            report = await store.collect("orders", page_size=10)
        found = figures(report)
        corrected = found["store_order_corrections_total{GBP}"]
        assert found["store_revenue_total{GBP}"] - corrected == pytest.approx(43 * 34.71)
        assert not report.degraded


@pytest.mark.parametrize("total", ["34.71", "35"])
@pytest.mark.parametrize("email", ["cust2@example.test", "guest@example.test"])
async def test_many_orders_that_show_nothing_are_not_counted_as_those_before_them(
    total: str, email: str
) -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals = 0
        await store.collect("orders")
        store.clock.now += 300
        for lines in [("24.40", "24.40")] * 2 + [("34.71",)] * 3:
            products = [(19 + index, 1) for index in range(len(lines))]
            first = store.shop.new_order("processing", lines=products, email=email)
            made = store.shop.shop.orders[first["id"]]
            made["total"] = "48.80" if lines[1:] else total
            for line, amount in zip(made["line_items"], lines, strict=True):
                line["total"] = amount
        report = await store.collect("orders")
        is_known = email.startswith("cust")
        counted = figures(report)["store_revenue_total{GBP}"]
        each = Decimal(total) if is_known else 35
        assert counted == float(2 * Decimal("48.80") + 3 * each)
        assert any("Nothing tells" in reason for reason in report.degraded) is not is_known


async def test_an_order_in_a_currency_with_more_decimals_is_read_with_its_parts() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.decimals = 2
        await store.collect("orders")
        first = store.shop.new_order("processing", currency="KWD", lines=[(19, 1), (20, 1)])
        made = store.shop.shop.orders[first["id"]]
        made["total"] = "10.128"
        for line in made["line_items"]:
            line["total"] = "5.064"
        store.clock.now += 300
        assert figures(await store.collect("orders"))["store_revenue_total{KWD}"] == 10.128


@pytest.mark.parametrize("total", ["13298", "13298.48"])
@pytest.mark.parametrize("email", ["cust2@example.test", "guest@example.test"])
async def test_orders_in_other_currencies_are_as_the_shop_makes_them(
    total: str, email: str
) -> None:
    """Prices with tax in a shop of yen that rounds at the subtotal: all parts have decimals."""
    async with watching(orders=0) as store:
        shop = store.shop.shop
        shop.currency, shop.habits.decimals, shop.habits.at_subtotal = "JPY", 0, True
        await store.collect("orders")
        store.clock.now += 300
        first = store.shop.new_order(
            "processing", currency="EUR", lines=[(19, 1), (20, 1)], email=email
        )
        made = shop.orders[first["id"]]
        made["total"] = total
        for line, amount in zip(made["line_items"], ("7549.2148", "5749.2652"), strict=True):
            line["total"] = amount
        report = await store.collect("orders")
        is_known = email.startswith("cust")
        counted = figures(report)["store_revenue_total{EUR}"]
        assert counted == (float(total) if is_known else 13298.48)
        assert any("Nothing tells" in reason for reason in report.degraded) is not is_known
        with client(store.shop, clock=Clock(store.clock.now)) as operations:
            assert float(operations.check_order(first["id"], email).total.amount) == counted


def test_a_store_too_slow_for_a_full_page_shows_fewer_orders_with_their_parts() -> None:
    """It takes a second for three of them, where a request has ten seconds."""
    clock = Clock()
    store = SimulatedWooCommerce(clock=clock.now, orders=0)
    store.shop.habits.decimals = 1
    for _ in range(60):
        number = store.new_order("completed", total="10.00", email="cust2@example.test")["id"]
        store.shop.orders[number]["line_items"][0]["total"] = "10.03"

    def slowly(rows: Any) -> Any:
        if len(rows) > 30:
            clock.advance(10)
            raise TimeoutError
        clock.advance(len(rows) / 3)
        return rows

    store.faults.add(changing("*/orders", slowly))
    with client(store, clock) as operations:
        assert operations.check_order(number).total.amount == 10


@pytest.mark.parametrize("shop_currency", ["GBP", "JPY"])
def test_reports_learn_how_orders_in_other_currencies_were_made(shop_currency: str) -> None:
    """As a shop of CHF that displays one decimal, whose report had 777.15 USD for 777.20."""
    clock = Clock()
    store = SimulatedWooCommerce(clock=clock.now, orders=0)
    shop = store.shop
    shop.currency, shop.habits.decimals, shop.habits.at_subtotal = shop_currency, 0, True
    found = store.new_order("completed", currency="EUR", email="cust2@example.test")
    made = shop.orders[found["id"]]
    made["total"], made["line_items"][0]["total"] = "777", "777.1521"
    with client(store, clock) as operations:
        report = operations.get_sales_report("day")
        best = operations.get_customer_insights()
    assert [other.gross.amount for other in report.other_currencies] == [777]
    assert best.totals is not None
    assert [spent.amount for spent in best.totals.other_currencies] == [777]


async def test_a_shop_with_one_currency_gets_no_requests_for_others() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.currency, store.shop.shop.habits.decimals = "JPY", 0
        await store.collect("orders")
        store.shop.new_order("processing", total="1000")
        store.asked()
        assert figures(await store.collect("orders"))["store_revenue_total{JPY}"] == 1000
        assert set(store.asked()) == {"/wp-json/wc/v3/orders"}
