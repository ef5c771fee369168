"""The collectors that read figures as they are now."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.errors import StoreError
from store_exporter.events.event import EventKind
from store_exporter.events.page import Facts
from store_exporter.metrics.catalogue import CATALOGUE
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from tests.fakes.direct import changing

from .watching import figures, watching

V3 = "/wp-json/wc/v3"


async def test_orders_are_counted_by_status_in_one_request() -> None:
    async with watching(orders=0) as store:
        for status in ("pending", "processing", "processing", "checkout-draft"):
            store.shop.new_order(status)
        found = figures(await store.collect("order_statuses"))
        assert found["store_orders_current{pending}"] == 1
        assert found["store_orders_current{processing}"] == 2
        assert found["store_orders_current{checkout-draft}"] == 1
        assert found["store_orders_current{failed}"] == 0
        assert found["store_orders_current{other}"] == 0
        assert store.asked() == [f"{V3}/reports/orders/totals"]


async def test_statuses_of_plugins_are_added_up_as_other() -> None:
    def add(body: Any) -> Any:
        more = [{"slug": slug, "name": slug, "total": 2} for slug in ("packed", "on-its-way")]
        return [*body, *more]

    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(change=add))
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
async def test_stock_tells_another_cause_as_it_is(answer: str, says: str) -> None:
    async with watching() as store:
        store.shop.faults.add(Fault(status=404, body=answer, content_type="application/json"))
        with pytest.raises(StoreError, match=says) as raised:
            await store.collect("stock")
        assert "switched off" not in raised.value.message


async def test_a_report_of_orders_that_sees_none_of_them_is_a_failure() -> None:
    async with watching(orders=0) as store:
        assert figures(await store.collect("order_statuses"))["store_orders_current{pending}"] == 0
        store.shop.new_order("pending")
        blind = changing("*/reports/orders/totals", lambda rows: [{**r, "total": 0} for r in rows])
        store.shop.faults.add(blind)
        with pytest.raises(StoreError, match="has no orders, but the list") as raised:
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
        assert len(store.asked()) == 2


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
async def test_an_odd_order_hides_no_best_seller_and_is_told(
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


async def test_carts_in_a_currency_with_more_decimals_than_are_displayed_are_counted_in_full() -> (
    None
):
    async with watching(orders=0) as store:
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


async def test_info_names_version_currency_time_zone_and_order_storage() -> None:
    async with watching(orders=0, timezone="Europe/Berlin", currency="EUR") as store:
        found = figures(await store.collect("info"))
        assert found == {"store_info{11.0.1,EUR,Europe/Berlin,hpos}": 1}
        assert len(store.asked()) == 2


async def test_info_is_partial_when_the_key_may_not_read_system_status() -> None:
    async with watching(orders=3) as store:
        store.shop.faults.add(
            Fault(
                path="*/system_status",
                status=401,
                body='{"code": "woocommerce_rest_cannot_view", "message": "Sorry", '
                '"data": {"status": 401}}',
                content_type="application/json",
            )
        )
        found = figures(await store.collect("info"))
        assert found == {"store_info{11.0.1,GBP,UTC,}": 1}


async def test_info_is_partial_where_a_plugin_closes_the_index_to_visitors() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(
            Fault(
                path="/wp-json/",
                status=401,
                body='{"code": "rest_login_required", "message": "Log in.", "data": null}',
                content_type="application/json",
            )
        )
        found = figures(await store.collect("info"))
        assert found == {"store_info{11.0.1,GBP,,hpos}": 1}


async def test_what_may_explain_a_failure_is_told_beside_the_figures() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.add_webhook("disabled")
        found = {name: (await store.collect(name)).facts for name in ("info", "webhooks")}
        assert found["info"] == {EventKind.THEME: {"Twenty Twenty-Five": "1.5"}}
        assert found["webhooks"] == {
            EventKind.WEBHOOK: {"active": "0", "paused": "0", "disabled": "1"}
        }


async def test_versions_are_those_of_the_platform_and_of_each_plugin() -> None:
    async with watching(orders=0) as store:
        report = await store.collect("versions")
        assert report.facts[EventKind.PLATFORM] == {
            "WooCommerce": "11.0.1",
            "WordPress": "7.1.4",
            "PHP": "8.2.36",
        }
        # WooCommerce itself is one of its plugins.
        assert report.facts[EventKind.PLUGIN] == {}
        assert report.samples == ()
        store.shop.faults.add(
            Fault(
                path="*/system_status",
                body='{"environment": {"version": "11.1.0"}, "active_plugins": '
                '[{"name": "Stripe", "version": "9.8.1"}, {"name": "Odd"}]}',
                content_type="application/json",
            )
        )
        report = await store.collect("versions")
        assert report.facts == {
            EventKind.PLATFORM: {"WooCommerce": "11.1.0"},
            EventKind.PLUGIN: {"Stripe": "9.8.1", "Odd": ""},
        }


@pytest.mark.parametrize(
    ("orders", "known"), [(0, {}), (3, {EventKind.PLATFORM: {"WooCommerce": "11.0.1"}})]
)
async def test_a_key_that_may_not_read_system_status_learns_one_version_at_most(
    orders: int, known: Facts
) -> None:
    async with watching(orders=orders) as store:
        store.shop.faults.add(
            Fault(
                path="*/system_status",
                status=401,
                body='{"code": "woocommerce_rest_cannot_view", "message": "Sorry", '
                '"data": {"status": 401}}',
                content_type="application/json",
            )
        )
        report = await store.collect("versions")
        assert (report.facts, report.samples) == (known, ())
        assert report.summary == "the key may not read system_status"


async def test_a_time_zone_without_a_name_is_its_offset() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(
            Fault(
                path="/wp-json/",
                body='{"timezone_string": "", "gmt_offset": -3.5}',
                content_type="application/json",
            )
        )
        found = figures(await store.collect("info"))
        assert found == {"store_info{11.0.1,GBP,UTC-03:30,hpos}": 1}


async def test_info_fails_when_the_key_is_revoked_and_the_index_is_gone() -> None:
    async with watching(orders=0) as store:
        store.shop.keys.revoke(store.key)
        store.shop.faults.add(Fault(path="/wp-json/", body="<html></html>"))
        with pytest.raises(StoreError) as raised:
            await store.collect("info")
        assert raised.value.error_type == "unauthorized"


@pytest.mark.parametrize("name", sorted(COLLECTORS))
async def test_a_revoked_key_is_unauthorized_for_every_collector(name: str) -> None:
    async with watching(orders=2) as store:
        store.shop.keys.revoke(store.key)
        if name == "info":
            # What everybody may read is still told.
            assert "timezone" in (await store.collect(name)).summary
            return
        with pytest.raises(StoreError) as raised:
            await store.collect(name)
        assert raised.value.error_type == "unauthorized"


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


WRONG: dict[str, tuple[str, str, Any]] = {
    "a null total of orders": ("order_statuses", "*", lambda b: [{**b[0], "total": None}]),
    "a total of orders as text": ("order_statuses", "*", lambda b: [{**b[0], "total": "many"}]),
    "a negative total of orders": ("order_statuses", "*", lambda b: [{**b[0], "total": -1}]),
    "a total with a separator": ("order_statuses", "*", lambda b: [{**b[0], "total": "1,000"}]),
    "a status twice": ("order_statuses", "*", lambda b: [b[0], b[0]]),
    "a status without a slug": ("order_statuses", "*", [{"total": 1}]),
    "a row that is a text": ("order_statuses", "*", ["pending"]),
    "totals as an object": ("order_statuses", "*", {"pending": 1}),
    "totals that are null": ("order_statuses", "*", None),
    "stock without totals": ("stock", "*", {}),
    "stock with null totals": ("stock", "*", {"totals": None}),
    "stock that is negative": ("stock", "*", lambda b: {"totals": {**b["totals"], "instock": -3}}),
    "stock that is a text": ("stock", "*", lambda b: {"totals": {**b["totals"], "lowstock": "x"}}),
    "more low than in stock": ("stock", "*", lambda b: {"totals": {**b["totals"], "lowstock": 99}}),
    "stock without what is out": (
        "stock",
        "*",
        {"totals": {"instock": 5, "lowstock": 1}},
    ),
    "sellers as an object": ("best_sellers", "*/orders", lambda b: {"rows": b}),
    "a seller without an id": (
        "best_sellers",
        "*/orders",
        lambda b: [{**b[0], "line_items": [{"quantity": 1}]}],
    ),
    "orders of another status": (
        "best_sellers",
        "*/orders",
        lambda b: [{**b[0], "status": "failed"}],
    ),
    "orders of another time": (
        "best_sellers",
        "*/orders",
        lambda b: [{**b[0], "date_created_gmt": "2020-01-01T00:00:00"}],
    ),
    "a cart that is none": ("carts", "*/orders", lambda b: [{**b[0], "status": "completed"}]),
    "a cart of another time": (
        "carts",
        "*/orders",
        lambda b: [{**b[0], "date_modified_gmt": "2020-01-01T00:00:00"}],
    ),
    "a customer who is none": ("customers", "*", lambda b: [{**b[0], "role": "administrator"}]),
    "a draft that is none": ("background", "*", lambda b: [{**b[0], "status": "pending"}]),
    "a draft that is young": (
        "background",
        "*",
        lambda b: [{**b[0], "date_modified_gmt": "2026-11-23T12:24:00"}],
    ),
    "products nobody asked for": ("best_sellers", "*/products", [{"id": 987_654}]),
    "products as an object": ("best_sellers", "*/products", {"id": 1}),
    "a cart without an id": ("carts", "*/orders", lambda b: [{**b[0], "id": None}]),
    "carts as an object": ("carts", "*/orders", lambda b: {"first": b[0]}),
    "a webhook in an unknown state": ("webhooks", "*", lambda b: [{**b[0], "status": "asleep"}]),
    "a webhook without a state": ("webhooks", "*", [{"id": 1}]),
    "a webhook without an id": ("webhooks", "*", [{"status": "active"}]),
    "customers as null": ("customers", "*", None),
    "a customer and a total of none": ("customers", "*", []),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_type_is_an_invalid_response_and_never_a_wrong_figure(case: str) -> None:
    name, path, wrong = WRONG[case]
    async with watching(orders=0) as store:
        store.shop.new_order("pending", created=store.clock.now - 7200)
        store.shop.new_order("completed")
        store.shop.new_order("checkout-draft", created=store.clock.now - 3 * 86_400)
        store.shop.shop.add_webhook("active")
        spoil = wrong if callable(wrong) else lambda _: wrong
        store.shop.faults.add(Fault(path=path, change=spoil))
        with pytest.raises(StoreError) as raised:
            await store.collect(name)
        assert raised.value.error_type == "invalid_response"


@pytest.mark.parametrize("total", ["", "many", "1,234", "-1", "1e3", "99999999999999999999", "1.5"])
async def test_a_total_that_is_no_number_is_an_invalid_response(total: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(headers={"X-WP-Total": total}))
        with pytest.raises(StoreError) as raised:
            await store.collect("customers")
        assert raised.value.error_type == "invalid_response"


async def test_webhooks_are_all_read_where_pages_are_shorter_than_asked_for() -> None:
    async with watching(orders=0) as store:
        for _ in range(45):
            store.shop.shop.add_webhook("active")
        whole = [{"id": one, "status": "active"} for one in store.shop.shop.webhooks]
        pages = iter((whole[:20], whole[20:40], whole[40:]))
        store.shop.faults.add(Fault(change=lambda _: next(pages), headers={"X-WP-Total": "45"}))
        assert figures(await store.collect("webhooks"))["store_webhooks{active}"] == 45


async def test_a_store_of_ten_thousand_pages_is_not_asked_for_them() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.add_webhook("active")
        store.shop.faults.add(Fault(headers={"X-WP-Total": "999900", "X-WP-TotalPages": "10000"}))
        assert figures(await store.collect("webhooks"))["store_webhooks{active}"] == 1
        # The second one is empty, which proves more than the total.
        assert len(store.asked()) == 2


async def test_webhooks_without_end_are_an_error_after_five_pages() -> None:
    async with watching(orders=0) as store:
        rows = [{"id": number + 1, "status": "active"} for number in range(100)]
        store.shop.faults.add(Fault(change=lambda _: rows, headers={"X-WP-Total": "999900"}))
        with pytest.raises(StoreError) as raised:
            await store.collect("webhooks")
        assert raised.value.error_type == "response_too_large"
        assert len(store.asked()) == 5


PAGES: dict[str, tuple[dict[str, Any], str]] = {
    "an HTML error page": ({"status": 500}, "server_error"),
    "a gateway timeout of the host": ({"status": 504}, "server_error"),
    "an HTML page as a success": ({"body": "<!doctype html><html>Hi</html>"}, "invalid_response"),
    "an empty body": ({"body": ""}, "invalid_response"),
    "half a document": ({"body": '[{"slug": "pend'}, "invalid_response"),
    "a notice before the JSON": ({"body": "Notice: x in y.php on line 3 []"}, "invalid_response"),
    "bytes that are no text": ({"body": b"\xff\xfe\xfa\x00\x01"}, "invalid_response"),
    "a number too large": ({"body": "[1e999]"}, "invalid_response"),
    "NaN": ({"body": "[NaN]"}, "invalid_response"),
    "nested a thousand times": ({"body": "[" * 100_000}, "invalid_response"),
    "maintenance mode": (
        {"status": 503, "body": "Briefly unavailable for scheduled maintenance."},
        "maintenance",
    ),
    "a challenge of Cloudflare": (
        {"status": 403, "body": "<html><title>Just a moment...</title>", "headers": {}},
        "blocked",
    ),
    "too many requests": ({"status": 429, "body": "slow down"}, "rate_limited"),
    "a redirect to a login page": (
        {"status": 302, "headers": {"Location": "https://shop.example.com/wp-login.php"}},
        "redirect",
    ),
}


@pytest.mark.parametrize("case", PAGES)
@pytest.mark.parametrize("name", sorted(set(COLLECTORS) - {"info"}))
async def test_an_answer_that_is_not_the_api_s_has_its_error_type(case: str, name: str) -> None:
    fault, error_type = PAGES[case]
    async with watching(orders=1, products=3, customers=1) as store:
        store.shop.faults.add(Fault(**fault))
        with pytest.raises(StoreError) as raised:
            await store.collect(name)
        assert raised.value.error_type == error_type
        assert store.key.consumer_secret not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("carts", {"older_than": -1}),
        ("carts", {"younger_than": "a week"}),
        ("carts", {"younger_than": 60.0}),
        ("background", {"overdue_after": None}),
        ("orders", {"since": "last week"}),
        ("orders", {"page_size": 1_000}),
        ("orders", {"max_pages": 0}),
        ("orders", {"overlap": True}),
        ("orders", {"remember": 1}),
    ],
)
async def test_an_option_that_makes_no_sense_is_an_invalid_request(
    name: str, options: dict[str, Any]
) -> None:
    async with watching(orders=0) as store:
        with pytest.raises(StoreError) as raised:
            await store.collect(name, **options)
        assert raised.value.error_type == "invalid_request"
        assert store.asked() == []


async def test_a_version_whose_checkout_makes_no_drafts_has_pending_orders_for_carts() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.version = (6, 3)
        store.shop.new_order("pending", total="7.50", created=store.clock.now - 7_200)
        found = figures(await store.collect("carts"))
        assert found["store_carts_abandoned"] == 1
        assert found["store_cart_abandoned_value{GBP}"] == 7.5
        assert figures(await store.collect("background"))["store_scheduled_actions{overdue}"] == 0
