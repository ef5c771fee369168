"""The report of sales and the best customers, added up from the orders themselves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_demo.stores.woocommerce.shop import STATUSES
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.spec.money import Money
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import changing, client
from tests.platforms.operations import failure, pounds


def test_the_best_customers_come_first(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    store.new_order("completed", email="cust2@example.test", total="500.00")
    big = store.new_order("completed", email="cust7@example.test", total="900.00")
    store.refund(big["id"], "100.00")
    found = shop.get_customer_insights(limit=2)
    assert [customer.email for customer in found] == ["cust7@example.test", "cust2@example.test"]
    assert (found[0].total, found[0].orders) == (pounds("800"), 1)
    assert found.total == 2


def test_sales_by_the_day_orders_were_placed_count_those_on_hold(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed", total="100.00")
    store.new_order("on-hold", total="50.00")
    store.new_order("pending", total="7.00")
    refunded = store.new_order("completed", total="30.00")
    store.refund(refunded["id"])
    report = shop.get_sales_report("week")
    assert report.definition == "created"
    assert (report.first, report.last) == (date(2026, 11, 17), date(2026, 11, 23))
    assert (report.orders, report.gross, report.refunds) == (3, pounds("180.00"), pounds("30"))
    assert (report.net, report.average) == (pounds("150.00"), pounds("60.00"))


@pytest.mark.parametrize("placed", [0, 40], ids=["in the period", "before it"])
def test_an_order_whose_status_is_set_to_refunded_is_refunded_with_its_tax_and_shipping(
    store: SimulatedWooCommerce, shop: WooCommerce, placed: int
) -> None:
    """WooCommerce makes a refund without lines of it (issue 56096 of woocommerce/woocommerce)."""
    product = next(iter(store.shop.products))
    created = store.shop.clock() - placed * 86_400
    made = store.new_order("completed", lines=[(product, 2)], total="115.00", created=created)
    order = store.shop.orders[made["id"]]
    order.update(total_tax="15.00", shipping_total="10.00")
    store.refund(made["id"], "115.00")
    report = shop.get_sales_report("week")
    gross = Decimal(0) if placed else Decimal(115)
    assert (report.gross.amount, report.refunds.amount) == (gross, 115)
    assert report.net.amount == (-90 if placed else 0)
    assert report.items == (-2 if placed else 0)


def test_the_status_refunded_refunds_what_earlier_refunds_left_of_tax_and_shipping(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """Seen in WooCommerce 11.0: what is left is refunded without lines, too."""
    product = next(iter(store.shop.products))
    made = store.new_order("completed", lines=[(product, 2)], total="115.00")
    store.shop.orders[made["id"]].update(total_tax="15.00", shipping_total="10.00")
    store.refund(made["id"], "45.00")
    store.shop.refunds[made["id"]][0].update(
        line_items=[{"id": 1, "quantity": -1}],
        tax_lines=[{"tax_total": "-5.00", "shipping_tax_total": "0.00"}],
    )
    by_hand = shop.get_sales_report("week")
    assert (by_hand.items, by_hand.net.amount) == (1, 50)
    store.refund(made["id"])
    report = shop.get_sales_report("week")
    assert (report.refunds.amount, report.items, report.net.amount) == (115, 0, 0)


@pytest.mark.parametrize(
    ("definition", "first", "last"),
    [("paid", "pending", "refunded"), ("paid", "on-hold", "refunded")]
    + [(definition, "processing", "cancelled") for definition in ("paid", "created")],
)
def test_the_refund_of_an_order_that_is_no_sale_is_in_no_figure(
    store: SimulatedWooCommerce, shop: WooCommerce, definition: str, first: str, last: str
) -> None:
    """An unpaid order whose status is set to refunded has a refund, too (seen in 11.0.1)."""
    for days in (0, 40):
        created = store.shop.clock() - days * 86_400
        made = store.new_order(first, total="30.00", created=created)
        store.refund(made["id"], "30.00")
        store.edit_order(made["id"], status=last)
    report = shop.get_sales_report("week", definition=definition)
    assert (report.orders, report.refunds.amount, report.net.amount) == (0, 0, 0)


def test_sales_by_the_day_of_payment_do_not(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    store.new_order("completed", total="100.00")
    store.new_order("on-hold", total="50.00")
    report = shop.get_sales_report("week", definition="paid")
    assert (report.definition, report.orders, report.gross) == ("paid", 1, pounds("100"))
    assert (report.first, report.last) == (date(2026, 11, 17), date(2026, 11, 23))


def test_both_definitions_agree_where_nothing_is_on_hold(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    for total in ("10.00", "20.00", "40.00"):
        made = store.new_order("completed", total=total)
    store.refund(made["id"], "15.00")
    created, paid = (shop.get_sales_report("day", definition=d) for d in ("created", "paid"))
    assert created.gross.amount == paid.gross.amount == 70
    assert created.net.amount == paid.net.amount == 55
    assert created.average == paid.average == pounds("23.33")


def test_no_sales_have_no_average(shop: WooCommerce) -> None:
    for definition in ("created", "paid"):
        report = shop.get_sales_report("day", definition=definition)
        assert (report.orders, report.average, report.gross.amount) == (0, None, 0)


def test_a_day_is_one_of_the_shops_own_calendar(clock: Clock) -> None:
    # 11:24 on the 23rd in GMT is half past midnight of the 24th in Auckland.
    store = SimulatedWooCommerce(clock=clock.now, orders=0, timezone="Pacific/Auckland")
    store.new_order("completed", total="5.00")
    clock.advance(-3600 * 3)
    store.new_order("completed", total="7.00")
    clock.advance(3600 * 3)
    shop = client(store, clock)
    for definition in ("created", "paid"):
        report = shop.get_sales_report("day", definition=definition)
        assert report.first == date(2026, 11, 24)
        assert report.gross.amount == 5


def test_sales_can_be_requested_by_dates(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    store.new_order("completed", total="5.00", created=clock.now() - 86400 * 10)
    store.new_order("completed", total="7.00")
    for definition in ("created", "paid"):
        old = shop.get_sales_report(
            first="2026-11-13", last=date(2026, 11, 13), definition=definition
        )
        assert old.gross.amount == 5
        since = shop.get_sales_report(first="2026-11-13", definition=definition)
        assert (since.gross.amount, since.last) == (12, date(2026, 11, 23))


@pytest.mark.parametrize(
    "given",
    [
        {"period": "decade"},
        {"first": "yesterday"},
        {"last": "2026-11-01"},
        {"first": "2026-11-02", "last": "2026-11-01"},
        {"definition": "shipped"},
        {"first": 7},
    ],
)
def test_a_period_that_is_none_is_the_callers_bug(shop: WooCommerce, given: dict[str, Any]) -> None:
    assert failure(shop.get_sales_report, **given).error_type == "invalid_request"


@pytest.mark.parametrize("definition", ["created", "paid"])
@pytest.mark.parametrize("hpos", [True, False])
def test_sales_are_true_however_orders_are_stored_and_whether_jobs_run(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, definition: str, hpos: bool
) -> None:
    store.shop.hpos, store.shop.analytics_lag = hpos, 10 * 86_400.0
    store.new_order("completed", total="100.00")
    assert shop.get_sales_report("day", definition=definition).gross == pounds("100.00")
    clock.advance(60)
    store.new_order("completed", total="1.50")
    assert shop.get_sales_report("day", definition=definition).gross == pounds("101.50")


@pytest.mark.parametrize("definition", ["created", "paid"])
def test_sales_in_other_currencies_are_distinguished(
    store: SimulatedWooCommerce, shop: WooCommerce, definition: str
) -> None:
    store.new_order("completed", total="100.00")
    euros = store.new_order("completed", total="40.00", currency="EUR")
    store.refund(euros["id"], "15.00")
    store.new_order("completed", total="700", currency="JPY")
    report = shop.get_sales_report("day", definition=definition)
    assert (report.orders, report.gross, report.refunds.amount) == (1, pounds("100.00"), 0)
    others = [(r.orders, r.gross, r.refunds) for r in report.other_currencies]
    euro, yen = Money(Decimal(40), "EUR"), Money(Decimal(700), "JPY")
    assert others == [
        (1, euro, Money(Decimal(15), "EUR")),
        (1, yen, Money(Decimal(0), "JPY")),
    ]


@pytest.mark.parametrize(
    ("currency", "totals", "average"),
    [
        ("GBP", ("10.00", "10.01", "10.01"), "10.01"),
        ("KWD", ("1.000", "1.000", "1.001"), "1.000"),
        ("KWD", ("2.001", "2.002"), "2.002"),
        ("JPY", ("100", "101"), "101"),
    ],
)
def test_an_average_has_the_decimals_of_its_currency(
    clock: Clock, currency: str, totals: tuple[str, ...], average: str
) -> None:
    store = SimulatedWooCommerce(clock=clock.now, orders=0, currency=currency)
    for total in totals:
        store.new_order("completed", total=total)
    shop = client(store, clock)
    assert str(shop.get_sales_report("day").average) == f"{average} {currency}"
    assert str(shop.get_customer_insights()[0].average) == f"{average} {currency}"


def test_orders_that_a_store_without_filters_adds_are_not_counted(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    store.new_order("completed", total="5.00")
    old = store.new_order("completed", total="7.00", created=clock.now() - 90 * 86_400)
    failed = store.new_order("failed", total="9.00")
    everything = [store.shop.orders[o] for o in (old["id"], failed["id"])]

    def unfiltered(rows: Any) -> Any:
        return rows + [{name: order[name] for name in rows[0]} for order in everything]

    store.faults.add(changing("*/orders", unfiltered))
    for definition in ("created", "paid"):
        assert shop.get_sales_report("day", definition=definition).gross == pounds("5.00")


def test_an_order_paid_today_whose_change_is_dated_in_the_past_counts_as_paid(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("completed", total="5.00")
    store.shop.stamp(store.shop.orders[made["id"]], "date_modified", 1_500_000_000)
    assert shop.get_sales_report("day", definition="paid").gross == pounds("5.00")


def test_what_was_paid_back_for_older_orders_is_reported_too(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    old = store.new_order("completed", total="50.00", created=clock.now() - 90 * 86_400)
    store.refund(old["id"], "20.00")
    report = shop.get_sales_report("day")
    assert (report.orders, report.refunds, report.net) == (0, pounds("20"), pounds("-20"))


def test_before_the_list_of_refunds_they_are_read_order_by_order(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    no_route = '{"code": "rest_no_route", "message": "No route", "data": {"status": 404}}'
    store.faults.add(
        Fault(path="*/wc/v3/refunds", status=404, body=no_route, content_type="application/json")
    )
    old = store.new_order("completed", total="50.00", created=clock.now() - 90 * 86_400)
    store.refund(old["id"], "20.00")
    assert shop.get_sales_report("day").refunds == pounds("20.00")


def test_dates_that_a_plugin_takes_out_are_read_in_the_shops_own_zone(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("completed", email="ada@example.test", total="30.00")
    store.refund(made["id"], "10.00")
    # One that was imported has no date of payment, in GMT or otherwise.
    imported = store.new_order("completed", total="1.00")
    store.shop.orders[imported["id"]].update(date_paid=None, date_paid_gmt=None)
    whole = shop.get_sales_report("day"), shop.get_customer_insights(), shop.check_order(made["id"])

    def without_gmt(body: Any) -> Any:
        rows = body if isinstance(body, list) else [body]
        for row in rows:
            for name in [name for name in row if name.startswith("date_") and "_gmt" in name]:
                del row[name]
        return body

    for path in ("*/orders", "*/orders/*", "*/refunds"):
        store.faults.add(changing(path, without_gmt))
    found = shop.get_sales_report("day"), shop.get_customer_insights(), shop.check_order(made["id"])
    assert found == whole
    paid = shop.get_sales_report("day", definition="paid")
    assert (paid.gross, paid.unreadable) == (pounds("30.00"), 0)


def test_a_status_that_a_plugin_shows_as_the_database_has_it_is_the_same(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    made = store.new_order("completed", email="ada@example.test", total="30.00")
    whole = shop.get_sales_report("day"), shop.get_customer_insights(), shop.check_order(made["id"])

    def prefixed(body: Any) -> Any:
        for row in body if isinstance(body, list) else [body]:
            row["status"] = f"wc-{row['status']}"
        return body

    for path in ("*/orders", "*/orders/*"):
        store.faults.add(changing(path, prefixed))
    found = shop.get_sales_report("day"), shop.get_customer_insights(), shop.check_order(made["id"])
    assert found == whole


def test_an_order_in_a_plugins_status_is_sold_if_it_was_paid(
    store: SimulatedWooCommerce, shop: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shipped with Advanced Shipment Tracking, and a quote that nobody paid."""
    monkeypatch.setitem(STATUSES, "delivered", "Delivered")
    made = store.new_order("processing", total="30.00")
    store.edit_order(made["id"], status="delivered")
    store.new_order("delivered", total="7.00")
    for definition in ("created", "paid"):
        report = shop.get_sales_report("day", definition=definition)
        assert (report.orders, report.gross, report.unreadable) == (1, pounds("30.00"), 0)


def test_a_sales_report_says_that_a_plugin_shows_an_orders_status_differently(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed", total="30.00")
    odd = store.new_order("completed")["id"]
    change = {odd: {"status": "Delivered!"}}
    store.faults.add(
        changing("*/orders", lambda rows: [{**row, **change.get(row["id"], {})} for row in rows])
    )
    report = shop.get_sales_report("day")
    assert (report.orders, report.gross, report.unreadable) == (1, pounds("30.00"), 1)


def test_refunds_that_take_too_long_order_by_order_are_refused_at_once(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    """There are 60, which is no trouble, until each takes three seconds."""
    store.shop.habits.version = (8, 2)
    for _ in range(60):
        store.refund(store.new_order("completed", total="5.00")["id"], "2.00")
    assert shop.get_sales_report("day").refunds == pounds("120.00")

    def slowly(rows: Any) -> Any:
        clock.advance(3.0)
        return rows

    store.faults.add(Fault(path="*/refunds", change=slowly))
    store.requests.clear()
    error = failure(shop.get_sales_report, "day")
    assert error.error_type == "response_too_large"
    assert error.message.endswith("5 took 15 s: ask for fewer days")
    assert sum("/refunds" in path for _, path in store.requests) == 6


@pytest.mark.parametrize("operation", ["get_sales_report", "get_customer_insights"])
def test_orders_that_take_too_long_to_add_up_are_refused_at_once(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, operation: str
) -> None:
    """A page takes two seconds, and there are 480 of them."""

    def slowly(rows: Any) -> Any:
        clock.advance(2.0)
        return rows

    store.new_order("completed")
    totals = {"X-WP-Total": "48000", "X-WP-TotalPages": "480"}
    store.faults.add(Fault(path="*/orders", change=slowly, headers=totals))
    error = failure(getattr(shop, operation))
    assert error.error_type == "response_too_large"
    assert "there are 48000 orders, of which" in error.message
    assert error.message.endswith("read in 2 s: 120 s are too few for all")
    assert sum("/v3/orders" in path for _, path in store.requests) == 1


@pytest.mark.parametrize("operation", ["get_sales_report", "get_customer_insights"])
def test_a_store_too_slow_for_a_full_page_is_requested_smaller_ones(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock, operation: str
) -> None:
    """It takes a second for three orders, where a request has ten seconds."""
    for _ in range(120):
        store.new_order("completed", total="1.00")

    def slowly(rows: Any) -> Any:
        clock.advance(len(rows) / 3)
        if len(rows) > 30:
            raise TimeoutError
        return rows

    store.faults.add(changing("*/orders", slowly))
    report = getattr(shop, operation)()
    whole = report.gross if operation == "get_sales_report" else report.totals.spent
    assert whole == pounds("120.00")


def test_a_store_that_is_slow_at_first_is_not_given_up(
    store: SimulatedWooCommerce, shop: WooCommerce, clock: Clock
) -> None:
    """Sixteen pages like its first one would take 144 of the 120 seconds that there are."""
    for _ in range(1600):
        store.new_order("completed", total="1.00")
    seconds = iter([9.0])

    def slowly(rows: Any) -> Any:
        clock.advance(next(seconds, 1.0))
        return rows

    store.faults.add(changing("*/orders", slowly))
    assert shop.get_sales_report("day").gross == pounds("1600.00")


def test_orders_of_a_currency_finer_than_the_shops_are_added_up_in_full(clock: Clock) -> None:
    """Without their taxes nothing tells what was rounded to 1.24 and 2.35."""
    store = SimulatedWooCommerce(clock=clock.now, orders=0)
    store.shop.habits.decimals = 2
    for total, tax in (("1.235", "0.235"), ("2.345", "1.345")):
        made = store.shop.orders[store.new_order("completed", currency="KWD")["id"]]
        made["total"], made["line_items"] = total, [{**made["line_items"][0], "total": "1.000"}]
        made["tax_lines"] = [{"tax_total": tax, "shipping_tax_total": "0.000"}]
    store.new_order("completed", total="5.00")
    report = client(store, clock).get_sales_report("day")
    assert (report.orders, report.gross) == (1, pounds("5.00"))
    assert [other.gross for other in report.other_currencies] == [Money(Decimal("3.580"), "KWD")]


def test_the_parts_of_orders_are_not_requested_if_the_totals_suffice(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed")
    shop.get_customer_insights()
    shop.get_sales_report("day")
    asked = [path for _, path in store.requests if "/v3/orders?" in path]
    assert len(asked) == 2
    assert not any("tax_lines" in path for path in asked)


def test_unreadable_orders_and_refunds_are_left_out_of_a_sales_report_and_reported(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed", total="7.00")
    odd = {store.new_order("completed")["id"]: name for name in ("total", "date_created_gmt")}

    def spoil(rows: Any) -> Any:
        none = {row["id"]: {odd.get(row["id"], ""): None, "date_created": None} for row in rows}
        return [{**row, **none[row["id"]]} if row["id"] in odd else row for row in rows]

    store.faults.add(changing("*/orders", spoil))
    paid_back = store.new_order("completed", total="9.00")
    store.refund(paid_back["id"], "1.00")
    store.faults.add(changing("*/refunds", lambda rows: [{**row, "amount": None} for row in rows]))
    report = shop.get_sales_report("day")
    assert (report.orders, report.gross, report.refunds) == (2, pounds("16.00"), pounds("0.00"))
    assert report.unreadable == 3


@pytest.mark.parametrize("lost", ["line_items", "shipping_lines", "tax_lines"])
def test_of_a_refund_without_one_of_its_lists_the_others_are_read(
    store: SimulatedWooCommerce, shop: WooCommerce, lost: str
) -> None:
    made = store.new_order("completed", total="115.00")
    store.refund(made["id"], "45.00")
    lists = {
        "line_items": [{"id": 1, "quantity": -1}],
        "shipping_lines": [{"total": "-10.00"}],
        "tax_lines": [{"tax_total": "-5.00", "shipping_tax_total": "0.00"}],
    }
    store.shop.refunds[made["id"]][0].update({**lists, lost: None})
    report = shop.get_sales_report("week")
    assert (report.unreadable, report.refunds) == (0, pounds("45.00"))
    left = {"line_items": 85, "shipping_lines": 75, "tax_lines": 80}
    assert report.net.amount == left[lost]


@pytest.mark.parametrize("lost", ["total", "id"])
def test_an_order_that_cannot_be_read_takes_its_refunds_out_of_a_report_and_nothing_else(
    store: SimulatedWooCommerce, shop: WooCommerce, lost: str
) -> None:
    """As a plugin leaves it that removes members of some orders from the API."""
    store.new_order("completed", total="7.00")
    odd = store.new_order("completed", total="9.00")
    for amount in ("1.00", "2.00"):
        store.refund(odd["id"], amount)

    def spoil(rows: Any) -> Any:
        return [{**row, lost: None} if row.get("id") == odd["id"] else row for row in rows]

    store.faults.add(changing("*/orders", spoil))
    report = shop.get_sales_report("day")
    assert (report.orders, report.gross, report.refunds) == (1, pounds("7.00"), pounds("0.00"))
    assert report.unreadable > 1


def test_a_list_that_ends_before_its_total_makes_no_figure(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed")
    store.faults.add(Fault(path="*/orders", headers={"X-WP-Total": "2"}))
    assert failure(shop.get_sales_report).error_type == "invalid_response"


def test_amounts_are_requested_in_full(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    made = store.new_order("completed", email="cust2@example.test")
    store.refund(made["id"], "1.00")
    shop.get_sales_report("day")
    shop.get_sales_report("day", definition="paid")
    shop.get_customer_insights()
    shop.check_order(made["id"])
    shop.get_customer_orders("cust2@example.test")
    shop.check_refund_status(made["id"])
    asked = [path for _, path in store.requests if "/v3/orders" in path or "/v3/refunds" in path]
    assert len(asked) > 8
    assert [path for path in asked if "dp=8" not in path] == []


def test_a_customer_is_one_whether_by_account_or_as_a_guest(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed", email="cust2@example.test", total="10.00")
    guest = store.new_order("completed", email="Cust2@example.test", total="5.00")
    store.edit_order(guest["id"], customer_id=0)
    store.new_order("processing", email="cust2@example.test", total="3.00", currency="EUR")
    store.new_order("failed", email="cust2@example.test", total="100.00")
    found = shop.get_customer_insights()
    assert (len(found), found[0].orders, found[0].total) == (1, 3, pounds("15.00"))
    assert found[0].average == pounds("7.50")
    assert found[0].other_currencies == (Money(Decimal(3), "EUR"),)


def test_a_customer_with_an_order_that_cannot_be_read_is_left_out_and_reported(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.new_order("completed", email="cust2@example.test", total="10.00")
    odd = store.new_order("completed", email="cust3@example.test", total="5.00")
    store.edit_order(odd["id"], total="1,234.50")
    found = shop.get_customer_insights()
    assert [customer.email for customer in found] == ["cust2@example.test"]
    assert (found.total, found.unreadable) == (2, 1)


@pytest.mark.parametrize("odd", [None, []])
def test_an_order_without_the_address_of_its_bill_counts_for_its_customer(
    store: SimulatedWooCommerce, shop: WooCommerce, odd: Any
) -> None:
    made = store.new_order("processing", email="cust3@example.test", total="50.00")

    def hidden(rows: Any) -> Any:
        return [{**row, "billing": odd} for row in rows]

    store.faults.add(changing("*/orders", hidden))
    (spend,) = shop.get_customer_insights()
    assert made["customer_id"]
    assert (spend.email, spend.total, spend.country) == ("cust3@example.test", pounds("50.00"), "")


@pytest.mark.parametrize("odd", [{"billing": []}, {"customer_id": "?"}, None])
def test_an_order_that_does_not_show_whose_it_is_is_left_out_and_reported(
    store: SimulatedWooCommerce, shop: WooCommerce, odd: dict[str, Any] | None
) -> None:
    store.new_order("completed", email="cust2@example.test", total="10.00")
    lost = store.new_order("completed", email="nobody@example.test", total="5.00")

    def hidden(rows: Any) -> Any:
        return [(odd and {**row, **odd}) if row["id"] == lost["id"] else row for row in rows]

    store.faults.add(changing("*/orders", hidden))
    found = shop.get_customer_insights()
    assert [customer.email for customer in found] == ["cust2@example.test"]
    assert (found.total, found.unreadable, found.totals) == (2, 1, None)
