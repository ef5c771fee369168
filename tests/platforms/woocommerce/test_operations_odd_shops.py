"""Operations on orders in shops whose hosts, versions or plugins are unlike WooCommerce 11."""

from __future__ import annotations

import json
from functools import partial

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.woocommerce import changing
from tests.platforms.operations import failure, pounds

from .watching import watching

GUEST = "ada_lovelace@example.test"


def test_an_order_is_cancelled_where_the_host_refuses_the_method_put(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """As of many hosts (issues 23155 and 9838 of woocommerce/woocommerce)."""
    store.shop.habits.refuses_put = True
    made = store.new_order("processing")
    assert shop.cancel_order(made["id"]).order.status == "cancelled"


@pytest.mark.parametrize("status", ["pending", "on-hold"])
def test_a_subscription_is_not_cancelled_as_if_it_were_an_order(
    store: SimulatedWooCommerce, shop: WooCommerce, status: str
) -> None:
    """A change makes an order of one (issue 63936 of woocommerce/woocommerce)."""
    made = store.new_order(status)
    store.shop.habits.subscriptions.add(made["id"])
    error = failure(shop.cancel_order, made["id"])
    assert (error.error_type, "is no order" in error.message) == ("invalid_state", True)
    assert store.shop.orders[made["id"]]["status"] == status
    assert store.shop.habits.subscriptions == {made["id"]}


@pytest.mark.parametrize("version", [(7, 3), (8, 3), (8, 4), (11, 0)])
@pytest.mark.parametrize("hpos", [True, False])
def test_orders_of_an_address_with_an_underscore_are_found(
    store: SimulatedWooCommerce, shop: WooCommerce, version: tuple[int, int], hpos: bool
) -> None:
    """Up to 8.3 the search escapes it twice (issue 41359 of woocommerce/woocommerce)."""
    store.shop.habits.version, store.shop.hpos = version, hpos
    store.new_order("processing", email="another_lovelace@example.test")
    made = store.new_order("processing", email=GUEST)
    assert [order.id for order in shop.get_customer_orders(GUEST)] == [made["id"]]
    assert shop.check_order(None, GUEST).id == made["id"]
    assert failure(shop.check_order, None, "a_b@example.test").error_type == "not_found"


@pytest.mark.parametrize("email", ["jörg@example.test", "ada@localhost", "ada@bücher.test"])
def test_an_address_that_wordpress_takes_for_none_is_nobodys(
    store: SimulatedWooCommerce, shop: WooCommerce, email: str
) -> None:
    """It refuses to look for a customer with it; the shopper may have entered anything."""
    made = store.new_order("processing")
    assert len(shop.get_customer_orders(email)) == 0
    assert failure(shop.check_order, made["id"], email).error_type == "not_found"
    assert failure(shop.check_order, None, email).error_type == "not_found"


def test_reports_are_made_after_a_plugin_with_statuses_of_its_own_was_switched_off(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """Statuses are requested once an hour, and lists of orders refuse one that they do not know."""
    own = {"slug": "delivered", "name": "Delivered", "total": 0}
    fault = store.faults.add(changing("*/orders/totals", lambda rows: [*rows, own]))
    store.new_order("completed", email=GUEST, total="10.00")
    store.new_order("failed", total="7.00")
    for is_known in (True, False):
        for definition in ("created", "paid"):
            report = shop.get_sales_report("week", definition=definition)
            assert (report.orders, report.gross) == (1, pounds("10.00"))
        assert [one.total for one in shop.get_customer_insights()] == [pounds("10.00")]
        if is_known:
            assert len(shop.get_customer_orders(GUEST, status="delivered")) == 0
            store.faults.remove(fault)
    error = failure(shop.get_customer_orders, GUEST, status="delivered")
    assert error.error_type == "invalid_input"


@pytest.mark.parametrize("skipped", range(8))
def test_no_order_counts_twice_if_the_plugin_is_switched_off_while_reports_are_made(
    store: SimulatedWooCommerce, shop: WooCommerce, skipped: int
) -> None:
    body = {"code": "rest_invalid_param", "message": "Invalid parameter(s): status"}
    for _ in range(130):
        store.new_order("completed", email=GUEST, total="10.00")

    for call in (
        lambda: shop.get_sales_report("week", definition="created"),
        lambda: shop.get_sales_report("week", definition="paid"),
        lambda: shop.get_customer_insights()[0],
    ):
        whole = call()
        refusal = Fault(
            path="*/wc/v3/orders",
            times=1,
            skip=skipped,
            status=400,
            body=json.dumps(body),
            content_type="application/json",
        )
        store.faults.add(refusal)
        assert call() == whole
        store.faults.remove(refusal)


async def test_best_sellers_are_known_although_the_list_does_not_know_a_status() -> None:
    own = {"slug": "delivered", "name": "Delivered", "total": 0}
    async with watching(orders=12, products=11, customers=3) as store:
        whole = await store.collect("best_sellers")
        store.shop.faults.add(changing("*/orders/totals", lambda rows: [*rows, own]))
        report = await store.collect("best_sellers")
        assert (report.samples, report.degraded) == (whole.samples, [])


def test_what_a_list_counts_and_does_not_send_is_not_said_to_be_missing(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """As where a plugin hides it from the list."""
    store.faults.add(Fault(headers={"X-WP-Total": "1"}, change=lambda _: []))
    for call in (
        partial(shop.check_stock, "SKU-010"),
        partial(shop.validate_coupon, "SAVE10"),
        partial(shop.get_product_categories, "Parts"),
        partial(shop.get_customer_orders, "ada@example.test"),
    ):
        assert failure(call).error_type == "invalid_response"
