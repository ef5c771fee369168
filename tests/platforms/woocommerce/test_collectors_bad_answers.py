"""A collector of figures that receives something else reports an error and no figure."""

from __future__ import annotations

from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.errors import StoreError
from store_exporter.platforms.woocommerce.collectors import COLLECTORS

from .watching import figures, watching

V3 = "/wp-json/wc/v3"


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
async def test_customers_are_counted_where_a_server_spoils_the_header_of_totals(total: str) -> None:
    async with watching(orders=0) as store:
        whole = figures(await store.collect("customers"))
        store.shop.faults.add(Fault(headers={"X-WP-Total": total, "X-WP-TotalPages": total}))
        assert figures(await store.collect("customers")) == whole
        # One for the page, and one for its headers within the JSON.
        assert len(store.asked()) == 3


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("count", [0, 7, 250])
async def test_customers_are_counted_one_by_one_where_no_total_is_stated(
    count: int, *, ignores: bool
) -> None:
    async with watching(customers=count, orders=0) as store:
        _removes_totals(store.shop, ignores=ignores)
        assert figures(await store.collect("customers")) == {"store_customers": count}


async def test_more_customers_than_ten_pages_without_a_total_are_no_figure() -> None:
    async with watching(customers=1_010, orders=0) as store:
        _removes_totals(store.shop, ignores=False)
        with pytest.raises(StoreError, match="there are more than 1000 customers") as raised:
            await store.collect("customers")
        assert raised.value.error_type == "response_too_large"


@pytest.mark.parametrize("plugin", [False, True])
async def test_overdue_drafts_are_counted_where_the_header_of_totals_is_dropped(
    *, plugin: bool
) -> None:
    async with watching(orders=3) as store:
        if plugin:
            _removes_totals(store.shop, ignores=False)
        else:
            store.shop.faults.add(Fault(headers={"X-WP-Total": "", "X-WP-TotalPages": ""}))
        for drafts in (0, 2):
            for _ in range(drafts):
                store.shop.new_order("checkout-draft", created=store.clock.now - 3 * 86_400)
            found = figures(await store.collect("background"))
            assert found["store_scheduled_actions{overdue}"] == drafts


def _removes_totals(shop: SimulatedWooCommerce, *, ignores: bool) -> None:
    """Let a plugin remove the totals, in the JSON too, or let a firewall drop that parameter."""

    def spoilt(body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return body["body"] if ignores else {**body, "headers": []}

    headers = {"X-WP-Total": "", "X-WP-TotalPages": ""}
    shop.faults.add(Fault(change=spoilt, headers=headers))


async def test_orders_are_counted_by_status_where_a_server_drops_the_header_of_totals() -> None:
    async with watching(orders=20) as store:
        whole = figures(await store.collect("order_statuses"))
        store.shop.faults.add(Fault(path="*/orders", headers={"X-WP-Total": ""}))
        assert figures(await store.collect("order_statuses")) == whole


async def test_webhooks_are_all_read_where_pages_are_shorter_than_requested() -> None:
    async with watching(orders=0) as store:
        for _ in range(45):
            store.shop.shop.add_webhook("active")
        whole = [{"id": one, "status": "active"} for one in store.shop.shop.webhooks]
        pages = iter((whole[:20], whole[20:40], whole[40:]))
        sizes = {"X-WP-Total": "45", "X-WP-TotalPages": "3"}
        store.shop.faults.add(Fault(change=lambda _: next(pages), headers=sizes))
        assert figures(await store.collect("webhooks"))["store_webhooks{active}"] == 45


async def test_ten_thousand_pages_of_a_store_are_not_requested() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.add_webhook("active")
        store.shop.faults.add(Fault(headers={"X-WP-Total": "999900", "X-WP-TotalPages": "10000"}))
        with pytest.raises(StoreError, match="has 999900 webhooks, but sent 1"):
            await store.collect("webhooks")
        # The second one is empty.
        assert len(store.asked()) == 2


async def test_webhooks_without_end_are_an_error_after_ten_pages() -> None:
    async with watching(orders=0) as store:
        rows = [{"id": number + 1, "status": "active"} for number in range(100)]
        sizes = {"X-WP-Total": "999900", "X-WP-TotalPages": "10000"}
        store.shop.faults.add(Fault(change=lambda _: rows, headers=sizes))
        with pytest.raises(StoreError) as raised:
            await store.collect("webhooks")
        assert raised.value.error_type == "response_too_large"
        assert len(store.asked()) == 10


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
async def test_a_response_that_is_not_the_api_s_has_its_error_type(case: str, name: str) -> None:
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
