"""The simulated WooCommerce keeps the real one's rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store_demo.stores.serving import Incoming
from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.platforms.woocommerce.auth import Credentials
from tests.fakes.clock import Clock

V3 = "/wp-json/wc/v3"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> SimulatedWooCommerce:
    return SimulatedWooCommerce(clock=clock.now, orders=12)


def ask(
    store: SimulatedWooCommerce,
    path: str,
    params: dict[str, Any] | None = None,
    *,
    method: str = "GET",
    body: Any = None,
    headers: dict[str, str] | None = None,
    scheme: str = "https",
) -> Any:
    key = store.keys.read_write
    url = f"{scheme}://shop.example.com{path}"
    credentials = Credentials(key.consumer_key, key.consumer_secret, now=store.shop.clock)
    text = {name: str(value) for name, value in (params or {}).items()}
    signed, more = credentials.authorize(method, url, text)
    sent = {name.lower(): value for name, value in {**more, **(headers or {})}.items()}
    data = b"" if body is None else json.dumps(body).encode()
    return store.respond(Incoming(method, path, signed, sent, data, scheme=scheme))


def code(answer: Any) -> str:
    return str(answer.document["code"])


def test_any_leaves_out_the_drafts_of_the_checkout(store: SimulatedWooCommerce) -> None:
    draft = store.new_order("checkout-draft")
    listed = ask(store, f"{V3}/orders", {"per_page": 100}).document
    by_name = ask(store, f"{V3}/orders", {"status": "checkout-draft", "per_page": 100}).document
    assert draft["id"] not in {order["id"] for order in listed}
    assert draft["id"] in {order["id"] for order in by_name}


def test_orders_can_be_read_in_the_order_of_their_changes(
    store: SimulatedWooCommerce, clock: Clock
) -> None:
    before = clock.now()
    first, second = store.new_order("pending"), store.new_order("pending")
    clock.advance(10)
    store.edit_order(first["id"], status="processing")
    params = {"modified_after": "2026-11-23T12:24:13", "dates_are_gmt": "true"}
    assert before == 1_795_436_653.0
    changed = ask(store, f"{V3}/orders", {**params, "orderby": "modified", "order": "asc"}).document
    assert [order["id"] for order in changed] == [first["id"]]
    params["modified_after"] = "2026-11-23T12:24:12"
    both = ask(store, f"{V3}/orders", {**params, "orderby": "modified", "order": "asc"}).document
    assert [order["id"] for order in both] == [second["id"], first["id"]]


def test_dates_without_gmt_are_in_the_shops_zone(clock: Clock) -> None:
    store = SimulatedWooCommerce(clock=clock.now, timezone="America/New_York", orders=0)
    order = store.new_order()
    assert order["date_created_gmt"] == "2026-11-23T12:24:13"
    assert order["date_created"] == "2026-11-23T07:24:13"


def test_a_page_past_the_end_is_empty_with_true_totals(store: SimulatedWooCommerce) -> None:
    answer = ask(store, f"{V3}/products", {"per_page": 10, "page": 99})
    assert (answer.status, answer.document) == (200, [])
    assert answer.headers["X-WP-Total"] == "32"
    assert answer.headers["X-WP-TotalPages"] == "4"


@pytest.mark.parametrize("value", ["0", "101", "many"])
def test_a_page_size_out_of_bounds_is_refused(store: SimulatedWooCommerce, value: str) -> None:
    answer = ask(store, f"{V3}/products", {"per_page": value})
    assert (answer.status, code(answer)) == (400, "rest_invalid_param")


def test_links_do_not_repeat_a_signature(store: SimulatedWooCommerce) -> None:
    answer = ask(store, f"{V3}/products", {"per_page": 3, "search": "pump"}, scheme="http")
    assert 'rel="next"' in answer.headers["Link"]
    assert "oauth" not in answer.headers["Link"]


def test_a_read_only_key_cannot_write(store: SimulatedWooCommerce) -> None:
    order = store.new_order()
    key = store.keys.read_only
    headers = Credentials(key.consumer_key, key.consumer_secret).authorize(
        "PUT", f"https://shop.example.com{V3}/orders", {}
    )[1]
    sent = {"authorization": headers["Authorization"]}
    path = f"{V3}/orders/{order['id']}"
    answer = store.respond(Incoming("PUT", path, {}, sent, b'{"status": "cancelled"}'))
    assert answer.status == 401
    assert "write permissions" in answer.document["message"]


def test_a_nonce_cannot_be_used_twice(store: SimulatedWooCommerce, clock: Clock) -> None:
    store.tls_terminated = False
    key = store.keys.read_write
    credentials = Credentials(key.consumer_key, key.consumer_secret, now=clock.now)
    path = f"{V3}/orders"
    signed, _ = credentials.authorize("GET", f"http://shop.example.com{path}", {})
    request = Incoming("GET", path, signed, {})
    assert store.respond(request).status == 200
    again = store.respond(request)
    assert (again.status, "nonce" in again.document["message"]) == (401, True)
    clock.advance(901)
    late = store.respond(request)
    assert late.document["message"] == "Invalid timestamp."


def test_a_wrong_signature_has_its_own_message(store: SimulatedWooCommerce) -> None:
    store.tls_terminated = False
    key = store.keys.read_write
    credentials = Credentials(key.consumer_key, "cs_other", now=store.shop.clock)
    path = f"{V3}/orders"
    signed, _ = credentials.authorize("GET", f"http://shop.example.com{path}", {})
    answer = store.respond(Incoming("GET", path, signed, {}))
    assert "signature does not match" in answer.document["message"]


def test_stock_follows_orders_and_their_cancellation(store: SimulatedWooCommerce) -> None:
    store.set_stock(19, 10)
    order = store.new_order("processing", lines=[(19, 4)])
    assert store.shop.products[19]["stock_quantity"] == 6
    store.edit_order(order["id"], status="completed")
    assert store.shop.products[19]["stock_quantity"] == 6
    store.edit_order(order["id"], status="cancelled")
    assert store.shop.products[19]["stock_quantity"] == 10


def test_a_product_with_variations_is_sold_out_when_all_of_them_are(
    store: SimulatedWooCommerce,
) -> None:
    for variation in (1002, 1003):
        assert store.shop.products[1000]["stock_status"] == "instock"
        store.set_stock(variation, 0)
    assert store.shop.products[1000]["stock_status"] == "outofstock"


def test_a_whole_refund_makes_the_order_refunded(store: SimulatedWooCommerce) -> None:
    order = store.new_order("completed", total="100.00")
    store.refund(order["id"], "40.00")
    assert store.shop.orders[order["id"]]["status"] == "completed"
    store.refund(order["id"])
    after = store.shop.orders[order["id"]]
    assert after["status"] == "refunded"
    assert [refund["total"] for refund in after["refunds"]] == ["-40.00", "-60.00"]


def test_a_refund_above_the_total_is_a_500_with_a_number_for_data(
    store: SimulatedWooCommerce,
) -> None:
    order = store.new_order("completed", total="10.00")
    path = f"{V3}/orders/{order['id']}/refunds"
    answer = ask(store, path, method="POST", body={"amount": "99.00"})
    assert (answer.status, answer.document["data"]) == (500, 500)


def test_four_questions_about_low_stock_have_the_recorded_responses(
    store: SimulatedWooCommerce,
) -> None:
    analytics = "/wp-json/wc-analytics"
    assert ask(store, f"{analytics}/products/count-low-in-stock").document == {"total": 9}
    low = ask(store, f"{analytics}/reports/stock", {"type": "lowstock"})
    empty = ask(store, f"{analytics}/reports/stock", {"type": "outofstock"})
    parents = ask(store, f"{V3}/products", {"stock_status": "outofstock"})
    assert [a.headers["X-WP-Total"] for a in (low, empty, parents)] == ["4", "5", "3"]


def test_a_cart_token_ends_after_48_hours_and_reading_then_begins_anew(
    store: SimulatedWooCommerce, clock: Clock
) -> None:
    path = "/wp-json/wc/store/v1/cart"
    token = ask(store, path).headers["Cart-Token"]
    headers = {"Cart-Token": token}
    body = {"id": 19, "quantity": 2}
    added = ask(store, f"{path}/add-item", method="POST", body=body, headers=headers)
    assert added.document["items_count"] == 2
    clock.advance(48 * 3600 + 1)
    assert ask(store, path, headers=headers).document["items_count"] == 0
    refused = ask(store, f"{path}/add-item", method="POST", body=body, headers=headers)
    assert (refused.status, code(refused)) == (401, "woocommerce_rest_missing_nonce")


def test_a_nonce_stands_in_for_a_token(store: SimulatedWooCommerce) -> None:
    path = "/wp-json/wc/store/v1/cart"
    nonce = ask(store, path).headers["Nonce"]
    body = {"id": 19, "quantity": 1}
    good = ask(store, f"{path}/add-item", method="POST", body=body, headers={"Nonce": nonce})
    bad = ask(store, f"{path}/add-item", method="POST", body=body, headers={"Nonce": "0"})
    assert good.status == 201
    assert (bad.status, code(bad)) == (403, "woocommerce_rest_invalid_nonce")


def test_going_over_the_rate_limit_is_a_400(store: SimulatedWooCommerce, clock: Clock) -> None:
    store.carts.rate_limit.requests = 2
    path = "/wp-json/wc/store/v1/cart"
    assert [ask(store, path).status for _ in range(3)] == [200, 200, 400]
    refused = ask(store, path)
    assert code(refused) == "rate_limit_exceeded"
    clock.advance(float(refused.headers["RateLimit-Retry-After"]))
    assert ask(store, path).status == 200


def test_carts_have_minor_units_of_the_shops_currency(clock: Clock) -> None:
    store = SimulatedWooCommerce(clock=clock.now, currency="JPY", orders=0)
    token = ask(store, "/wp-json/wc/store/v1/cart").headers["Cart-Token"]
    path = "/wp-json/wc/store/v1/cart/add-item"
    body = {"id": 19, "quantity": 2}
    cart = ask(store, path, method="POST", body=body, headers={"Cart-Token": token}).document
    assert cart["totals"]["currency_minor_unit"] == 0
    assert cart["totals"]["total_items"] == "160"


def test_the_two_definitions_of_sales_differ_by_the_orders_on_hold(
    store: SimulatedWooCommerce,
) -> None:
    store.shop.hpos = False
    sales = ask(store, f"{V3}/reports/sales").document[0]["total_orders"]
    path = "/wp-json/wc-analytics/reports/revenue/stats"
    params = {"after": "2026-11-23T00:00:00", "before": "2026-11-23T23:59:59"}
    paid = ask(store, path, params).document["totals"]["orders_count"]
    store.new_order("on-hold")
    store.shop.report_cache.clear()
    assert ask(store, f"{V3}/reports/sales").document[0]["total_orders"] == sales + 1
    assert ask(store, path, params).document["totals"]["orders_count"] == paid


def test_the_old_reports_do_not_see_orders_that_have_tables_of_their_own(
    store: SimulatedWooCommerce,
) -> None:
    store.new_order("completed")
    assert ask(store, f"{V3}/reports/sales").document[0]["total_orders"] == 0
    assert ask(store, f"{V3}/reports/top_sellers").document == []


def test_the_old_reports_are_kept_for_a_day(store: SimulatedWooCommerce, clock: Clock) -> None:
    store.shop.hpos = False
    path, params = f"{V3}/reports/sales", {"date_min": "2026-11-01", "date_max": "2026-11-30"}
    before = ask(store, path, params).document[0]["total_orders"]
    store.new_order("completed")
    assert ask(store, path, params).document[0]["total_orders"] == before
    clock.advance(86_400)
    assert ask(store, path, params).document[0]["total_orders"] == before + 1


def test_the_sku_zero_is_none_to_php(store: SimulatedWooCommerce) -> None:
    assert len(ask(store, f"{V3}/products", {"sku": "0", "per_page": 100}).document) > 30


def test_analytics_lag_behind(store: SimulatedWooCommerce, clock: Clock) -> None:
    path = "/wp-json/wc-analytics/reports/revenue/stats"
    params = {"after": "2026-11-23T00:00:00", "before": "2026-11-24T23:59:59"}
    before = ask(store, path, params).document["totals"]["orders_count"]
    store.shop.analytics_lag = 3600.0
    store.new_order("processing")
    assert ask(store, path, params).document["totals"]["orders_count"] == before
    clock.advance(3700)
    assert ask(store, path, params).document["totals"]["orders_count"] == before + 1


def test_faults_hit_what_they_name_and_end(store: SimulatedWooCommerce) -> None:
    fault = store.faults.add(Fault(path="*/orders*", times=2, skip=1))
    hits = [store.faults.next("GET", f"{V3}/orders") is not None for _ in range(5)]
    assert hits == [False, True, True, False, False]
    assert store.faults.next("GET", f"{V3}/products") is None
    store.faults.remove(fault)


def test_the_same_seed_makes_the_same_shop(clock: Clock) -> None:
    one, two = (SimulatedWooCommerce(clock=clock.now, seed=7) for _ in range(2))
    assert one.shop.orders == two.shop.orders
    assert one.shop.products == two.shop.products


def test_the_oldest_orders_make_room(
    store: SimulatedWooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_demo.stores.woocommerce.shop.MOST_ORDERS", 13)
    oldest = next(iter(store.shop.orders))
    store.new_order()
    store.new_order()
    assert len(store.shop.orders) == 13
    assert oldest not in store.shop.orders
