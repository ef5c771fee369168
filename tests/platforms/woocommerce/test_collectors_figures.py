"""The collectors that read figures as they are now."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_demo.stores.woocommerce.shop import STATUSES
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue import CATALOGUE
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from tests.fakes.direct import changing

from .watching import figures, watching

V3 = "/wp-json/wc/v3"


async def test_orders_are_counted_by_status_in_two_requests() -> None:
    async with watching(orders=0) as store:
        for status in ("pending", "processing", "processing", "checkout-draft"):
            store.shop.new_order(status)
        found = figures(await store.collect("order_statuses"))
        assert found["store_orders_current{pending}"] == 1
        assert found["store_orders_current{processing}"] == 2
        assert found["store_orders_current{checkout-draft}"] == 1
        assert found["store_orders_current{failed}"] == 0
        assert found["store_orders_current{other}"] == 0
        assert store.asked() == [f"{V3}/reports/orders/totals", f"{V3}/orders"]


async def test_statuses_of_plugins_are_added_up_as_other() -> None:
    def add(body: Any) -> Any:
        more = [{"slug": slug, "name": slug, "total": 2} for slug in ("packed", "on-its-way")]
        return [*body, *more]

    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(path="*/totals", change=add))
        found = figures(await store.collect("order_statuses"))
        assert found["store_orders_current{other}"] == 4


async def test_stock_counts_what_is_low_and_what_is_out_apart() -> None:
    async with watching() as store:
        found = figures(await store.collect("stock"))
        # As the recorded shop: 4 low, 5 out (3 products and 2 variations).
        assert found["store_products{low}"] == 4
        assert found["store_products{out}"] == 5
        assert found["store_products{in}"] == 30 + 2 + 6 - 4 - 5
        assert len(store.asked()) == 1


@pytest.mark.parametrize("version", [(10, 5), (10, 6)])
async def test_nothing_is_low_in_a_shop_that_counts_no_stock(version: tuple[int, int]) -> None:
    """It keeps the quantities from before, and the stock report goes by them (seen in 11.0.1)."""
    async with watching() as store:
        store.shop.shop.habits.version = version
        before = figures(await store.collect("stock"))
        store.shop.shop.habits.counts_stock = False
        after = figures(await store.collect("stock"))
        assert after["store_products{low}"] == 0
        assert after["store_products{in}"] == before["store_products{in}"] + 4
        assert after["store_products{out}"] == before["store_products{out}"]


async def test_stock_is_counted_where_a_plugin_removed_the_setting() -> None:
    async with watching() as store:
        gone = Fault(
            path="*/settings/products/*",
            status=404,
            body='{"code": "rest_setting_setting_invalid", "message": "", "data": {"status": 404}}',
            content_type="application/json",
        )
        store.shop.faults.add(gone)
        assert figures(await store.collect("stock"))["store_products{low}"] == 4


async def test_stock_is_counted_where_the_key_may_not_read_settings() -> None:
    """A role may see reports without the capability `manage_woocommerce`."""
    async with watching() as store:
        refused = Fault(
            path="*/settings/*",
            status=403,
            body='{"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list '
            'resources.", "data": {"status": 403}}',
            content_type="application/json",
        )
        store.shop.faults.add(refused)
        assert figures(await store.collect("stock"))["store_products{low}"] == 4


async def test_stock_says_so_when_analytics_is_switched_off() -> None:
    async with watching() as store:
        store.shop.faults.add(
            Fault(
                status=404,
                body='{"code": "rest_no_route", "message": "No route", "data": {"status": 404}}',
                content_type="application/json",
            )
        )
        with pytest.raises(StoreError, match="Analytics is switched off") as raised:
            await store.collect("stock")
        assert raised.value.error_type == "api_not_found"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ('{"code": "rest_disabled", "message": "The REST API is off.", "data": 404}', "API is off"),
        ("<html><head><title>Not found</title></head></html>", "Not found"),
    ],
)
async def test_stock_shows_another_cause_as_it_is(answer: str, says: str) -> None:
    async with watching() as store:
        store.shop.faults.add(Fault(status=404, body=answer, content_type="application/json"))
        with pytest.raises(StoreError, match=says) as raised:
            await store.collect("stock")
        assert "switched off" not in raised.value.message


@pytest.mark.parametrize("seen", [0, 2])
async def test_a_report_that_counts_posts_is_not_believed_where_orders_are_in_tables(
    seen: int,
) -> None:
    """As in 8.6.1 after the orders moved: it knows those from before (WooCommerce issue 45354)."""

    def blind(rows: list[Any]) -> list[Any]:
        return [{**row, "total": min(row["total"], seen)} for row in rows]

    async with watching(orders=0) as store:
        for status in (*["processing"] * 3, "pending", "checkout-draft"):
            store.shop.new_order(status)
        whole = figures(await store.collect("order_statuses"))
        store.shop.faults.add(changing("*/reports/orders/totals", blind))
        found = figures(await store.collect("order_statuses"))
        assert found == whole
        assert found["store_orders_current{processing}"] == 3


async def test_a_report_without_any_status_is_a_failure() -> None:
    async with watching() as store:
        store.shop.faults.add(changing("*/reports/orders/totals", lambda _: []))
        with pytest.raises(StoreError, match="totals is empty") as raised:
            await store.collect("order_statuses")
        assert raised.value.error_type == "invalid_response"


async def test_a_stock_report_that_sees_no_product_is_a_failure() -> None:
    async with watching(orders=0) as store:
        zeros = dict.fromkeys(("products", "lowstock", "instock", "outofstock", "onbackorder"), 0)
        store.shop.faults.add(changing("*/stock/stats", lambda _: {"totals": zeros}))
        with pytest.raises(StoreError, match="has no products, the shop has") as raised:
            await store.collect("stock")
        assert raised.value.error_type == "invalid_response"


@pytest.mark.parametrize("status", ["draft", "trash", "private"])
@pytest.mark.parametrize("version", [(10, 5), (10, 6)])
async def test_stock_is_what_is_on_sale_or_private(version: tuple[int, int], status: str) -> None:
    """As in 8.6.1, 9.4.3 and 10.2.2, whose reports count the trash."""
    async with watching(orders=0) as store:
        shop = store.shop.shop
        shop.habits.version = version
        ample, empty = list(shop.products.values())[:2]
        shop.set_stock(ample["id"], 1_000)
        shop.set_stock(empty["id"], 0)
        before = figures(await store.collect("stock"))
        ample["status"] = empty["status"] = status
        gone = int(status != "private")
        after = figures(await store.collect("stock"))
        for state in ("in", "out"):
            name = f"store_products{{{state}}}"
            assert after[name] == before[name] - gone, state


@pytest.mark.parametrize("hpos", [True, False])
async def test_best_sellers_are_seen_however_orders_are_stored(hpos: bool) -> None:
    async with watching(orders=0) as store:
        store.shop.shop.hpos = hpos
        product = store.shop.shop.everything_sold()[0]["id"]
        store.shop.new_order("completed", lines=[(product, 1)])
        store.shop.set_stock(product, 0)
        found = figures(await store.collect("best_sellers"))
        assert found["store_best_sellers_out_of_stock"] == 1


async def test_what_was_paid_sells_in_a_plugins_status_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Advanced Shipment Tracking gives one to each order that was delivered."""
    monkeypatch.setitem(STATUSES, "delivered", "Delivered")
    async with watching(orders=0) as store:
        paid, quoted = (p["id"] for p in store.shop.shop.everything_sold()[:2])
        made = store.shop.new_order("processing", lines=[(paid, 1)])
        store.shop.edit_order(made["id"], status="delivered")
        store.shop.new_order("delivered", lines=[(quoted, 1)])
        store.shop.set_stock(paid, 0)
        report = await store.collect("best_sellers")
        assert report.summary == "1 of 1 best sellers are out of stock"
        assert report.degraded == []


async def test_best_sellers_out_of_stock_are_those_of_the_last_month() -> None:
    async with watching(orders=0) as store:
        store.lists = False
        sold = [p["id"] for p in store.shop.shop.everything_sold() if p["stock_quantity"] > 20]
        for product in sold[:4]:
            store.shop.new_order("completed", lines=[(product, 1)])
        old = store.clock.now - 60 * 86_400
        store.shop.new_order("completed", lines=[(sold[5], 1)], created=old)
        for product in (sold[0], sold[2], sold[5], sold[6]):
            store.shop.set_stock(product, 0)
        found = figures(await store.collect("best_sellers"))
        assert found == {"store_best_sellers_out_of_stock": 2}
        assert len(store.asked()) == 3


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ({"line_items": None}, True),
        ({"line_items": None, "total": "0.00"}, False),
        ({"line_items": None, "total": None}, True),
        ({"line_items": [{"product_id": 0, "quantity": 5, "total": "1"}]}, False),
        ({"line_items": "none"}, True),
        ({"line_items": [{"product_id": 7, "quantity": "many", "total": "1"}]}, True),
        ({"currency": None}, True),
        ({"date_created_gmt": None}, False),
        ({"date_created_gmt": None, "date_created": None}, True),
    ],
)
async def test_an_odd_order_hides_no_best_seller_and_is_reported(
    change: dict[str, Any], is_told: bool
) -> None:
    def spoil(body: Any) -> Any:
        return [{**body[0], **change}, *body[1:]]

    async with watching(orders=0) as store:
        product = next(iter(store.shop.shop.products))
        for _ in range(2):
            store.shop.new_order("completed", lines=[(product, 1)])
        store.shop.set_stock(product, 0)
        store.shop.faults.add(Fault(path="*/orders", change=spoil))
        report = await store.collect("best_sellers")
        assert figures(report)["store_best_sellers_out_of_stock"] == 1
        assert bool(report.degraded) is is_told


async def test_without_sales_nothing_is_said_about_best_sellers() -> None:
    async with watching(orders=0) as store:
        store.lists = False
        report = await store.collect("best_sellers")
        assert report.samples == []
        assert "no best sellers" in report.summary


async def test_abandoned_carts_are_drafts_and_pending_orders_within_the_limits() -> None:
    async with watching(orders=0) as store:
        store.lists = False
        now = store.clock.now
        for status, age, total in (
            ("checkout-draft", 2 * 3600, "10.50"),
            ("pending", 3 * 3600, "4.50"),
            ("pending", 600, "100"),  # still young
            ("pending", 9 * 86_400, "200"),  # past caring
            ("processing", 2 * 3600, "400"),  # paid
        ):
            store.shop.new_order(status, total=total, created=now - age)
        store.shop.new_order("pending", total="7", currency="EUR", created=now - 7200)
        found = figures(await store.collect("carts"))
        assert found == {
            "store_carts_abandoned": 3,
            "store_cart_abandoned_value{GBP}": 15.0,
            "store_cart_abandoned_value{EUR}": 7.0,
        }
        assert len(store.asked()) == 1


@pytest.mark.parametrize("skew", [-10_800, 10_800, 2 * 86_400])
async def test_the_age_of_carts_and_drafts_is_by_the_clock_of_the_store(skew: int) -> None:
    async with watching(orders=0) as store:
        ours = store.clock.now
        # The shop's clock is off, the collector's is ours.
        store.clock.now = ours + skew
        for age in (600, 7_200, 3 * 86_400):
            store.shop.new_order("checkout-draft", total="5", created=store.clock.now - age)
        store.http.date = formatdate(store.clock.now, usegmt=True)
        store.clock.now = ours
        watcher = store.watcher()
        found = figures(await watcher.run(COLLECTORS["carts"], {}))
        assert found["store_carts_abandoned"] == 2
        found = figures(await watcher.run(COLLECTORS["background"], {}))
        assert found["store_scheduled_actions{overdue}"] == 1


@pytest.mark.parametrize("version", [(11, 0), (6, 3)], ids=["with drafts", "without drafts"])
async def test_carts_in_a_currency_with_more_decimals_than_are_displayed_are_counted_in_full(
    version: tuple[int, int],
) -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.version = version
        store.shop.shop.habits.decimals = 2
        left = store.clock.now - 7200
        for total in ("1.234", "2.346"):
            made = store.shop.new_order("pending", currency="KWD", created=left)
            order = store.shop.shop.orders[made["id"]]
            order["total"] = total
            order["line_items"] = [{**order["line_items"][0], "total": total}]
        store.shop.new_order("pending", total="7", created=left)
        found = figures(await store.collect("carts"))
        assert found["store_cart_abandoned_value{KWD}"] == 3.58
        assert found["store_cart_abandoned_value{GBP}"] == 7


async def test_carts_on_several_pages_are_added_up_and_beyond_500_only_counted() -> None:
    async with watching(orders=0) as store:
        when = store.clock.now - 7200
        for _ in range(130):
            store.shop.new_order("pending", total="1", created=when)
        found = figures(await store.collect("carts"))
        assert found["store_cart_abandoned_value{GBP}"] == 130
        for _ in range(400):
            store.shop.new_order("pending", total="1", created=when)
        found = figures(await store.collect("carts"))
        assert found == {"store_carts_abandoned": 530}


async def test_a_cart_of_unreadable_value_leaves_the_number_and_no_sum() -> None:
    def spoil(body: Any) -> Any:
        body[0]["total"] = "1,234.50"
        return body

    async with watching(orders=0) as store:
        for _ in range(2):
            store.shop.new_order("pending", created=store.clock.now - 7200)
        store.shop.faults.add(Fault(change=spoil))
        report = await store.collect("carts")
        assert figures(report) == {"store_carts_abandoned": 2}
        assert "not known" in report.degraded[0]


async def test_customers_are_counted_without_reading_them() -> None:
    async with watching(customers=7, orders=0) as store:
        assert figures(await store.collect("customers")) == {"store_customers": 7}
        assert store.asked() == [f"{V3}/customers"]


async def test_customers_are_counted_although_the_shop_fails_at_the_first_one() -> None:
    """As of issue 34894 of woocommerce/woocommerce; the row says nothing, the total all."""
    async with watching(customers=7, orders=0) as store:
        fails = Fault(path="*/customers", status=500, times=1)
        store.shop.faults.add(fails)
        assert figures(await store.collect("customers")) == {"store_customers": 7}
        store.shop.faults.add(Fault(path="*/customers", status=500))
        with pytest.raises(StoreError, match="HTTP 500"):
            await store.collect("customers")


async def test_a_shop_without_customers_has_none() -> None:
    async with watching(customers=0, orders=0) as store:
        assert figures(await store.collect("customers")) == {"store_customers": 0}


async def test_webhooks_are_counted_by_state() -> None:
    async with watching(orders=0) as store:
        for state in ("active", "active", "disabled"):
            store.shop.shop.add_webhook(state)
        assert figures(await store.collect("webhooks")) == {
            "store_webhooks{active}": 2,
            "store_webhooks{paused}": 0,
            "store_webhooks{disabled}": 1,
        }


async def test_drafts_that_the_daily_clean_up_left_over_tell_of_stuck_background_work() -> None:
    async with watching(orders=0) as store:
        for age in (3600, 86_400, 3 * 86_400, 9 * 86_400):
            store.shop.new_order("checkout-draft", created=store.clock.now - age)
        found = figures(await store.collect("background"))
        assert found == {"store_scheduled_actions{overdue}": 2}


@pytest.mark.parametrize("name", sorted(COLLECTORS))
async def test_every_figure_has_the_labels_that_the_catalogue_says(name: str) -> None:
    async with watching() as store:
        report = await store.collect(name)
        assert report.summary
        for sample in report.samples:
            metric = CATALOGUE[sample.metric.name]
            assert tuple(sample.labels) == metric.labels[3:]
            assert sample.value >= 0


async def test_over_basic_authentication_the_same_figures_come() -> None:
    async with watching(orders=0) as store:
        store.settings["credentials_in_query"] = True
        assert figures(await store.collect("customers")) == {"store_customers": 10}


async def test_a_version_whose_checkout_makes_no_drafts_has_pending_orders_for_carts() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.version = (6, 3)
        store.shop.new_order("pending", total="7.50", created=store.clock.now - 7_200)
        found = figures(await store.collect("carts"))
        assert found["store_carts_abandoned"] == 1
        assert found["store_cart_abandoned_value{GBP}"] == 7.5
        assert figures(await store.collect("background"))["store_scheduled_actions{overdue}"] == 0
