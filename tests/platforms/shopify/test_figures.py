"""What probes, collectors and the diagnosis tell is what is in the shop."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.faults import Fault
from store_exporter.errors import StoreError
from store_exporter.events.event import EventKind
from store_exporter.platforms.shopify import versions
from store_exporter.platforms.shopify.diagnosis import diagnose
from store_exporter.probing.jobs import jobs_of
from store_exporter.stores.model import Secret, Store
from tests.fakes.direct import Json, answering, changing
from tests.fakes.shopify import client
from tests.platforms.shopify.watching import Watched, figures, watched

DAY = 86_400.0


@pytest.fixture
def shop() -> Watched:
    return watched()


async def test_orders_in_each_status(shop: Watched) -> None:
    room = shop.shop.stock_room
    some = list(room.orders.values())
    room.cancel(some[0])
    room.refund(some[-1])
    some[-2].financial = "VOIDED"
    some[-3].test = True
    found = figures(await shop.collect("order_statuses"))
    expected: Counter[str] = Counter()
    for order in some:
        if order.test:
            continue
        delivered = order.fulfillment == "FULFILLED"
        paid = "completed" if delivered else "processing"
        by_payment = {"PAID": paid, "PENDING": "pending", "REFUNDED": "refunded"}
        expected["cancelled" if order.cancelled else by_payment.get(order.financial, "failed")] += 1
    statuses = ("pending", "processing", "completed", "cancelled", "refunded", "failed")
    assert found == {f"store_orders_current{{{name}}}": expected[name] for name in statuses}
    assert expected["failed"] == expected["cancelled"] == expected["refunded"] == 1


async def test_a_status_beyond_exact_counting_is_left_out(shop: Watched) -> None:
    def spoil(answer: Json) -> Json:
        if "completed" in answer["data"]:
            answer["data"]["completed"] = {"count": 10_000, "precision": "AT_LEAST"}
        return answer

    shop.shop.faults.add(changing("*", spoil))
    report = await shop.collect("order_statuses")
    assert "store_orders_current{completed}" not in figures(report)
    assert len(report.samples) == 5
    assert "more than 10000 of completed, beyond exact counting" in report.degraded[0]


async def test_pending_orders_are_left_out_where_all_orders_cannot_be_counted(
    shop: Watched,
) -> None:
    def spoil(answer: Json) -> Json:
        if "completed" in answer["data"]:
            answer["data"]["all"] = {"count": 25_001, "precision": "AT_LEAST"}
        return answer

    whole = figures(await shop.collect("order_statuses"))
    shop.shop.faults.add(changing("*", spoil))
    report = await shop.collect("order_statuses")
    del whole["store_orders_current{pending}"]
    assert figures(report) == whole
    assert "more than 25001 of all, beyond exact counting" in report.degraded[0]


async def test_stock_of_variants_of_active_products(shop: Watched) -> None:
    room = shop.shop.stock_room
    before = figures(await shop.collect("stock"))
    left = [variant.quantity for variant in room.variants.values()]
    assert before == {
        "store_products{in}": sum(1 for quantity in left if quantity > 5),
        "store_products{low}": sum(1 for quantity in left if 0 < quantity <= 5),
        "store_products{out}": sum(1 for quantity in left if quantity <= 0),
    }
    room.by_sku("SKU-001").backorders = True
    room.by_sku("SKU-002").tracked = False
    room.by_sku("SKU-004").product.status = "DRAFT"
    after = figures(await shop.collect("stock"))
    assert after["store_products{out}"] == before["store_products{out}"] - 2
    assert after["store_products{low}"] == before["store_products{low}"] - 1
    assert after["store_products{in}"] == before["store_products{in}"] + 1


async def test_the_parent_of_a_combined_listing_has_no_stock_of_its_own(shop: Watched) -> None:
    room, store = shop.shop.stock_room, client(shop.shop)
    before = figures(await shop.collect("stock"))
    listed = store.get_low_stock_products(limit=100)
    rows = [(f"ALL-{n}", Decimal("9.00"), n, {"Colour": str(n)}) for n in (0, 3, 50)]
    room.add_product("Pump in all colours", "Pump", rows).role = "PARENT"
    room.by_sku("SKU-010").product.role = "CHILD"
    assert figures(await shop.collect("stock")) == before
    assert store.get_low_stock_products(limit=100) == listed


async def test_too_many_products_to_count_leave_out_those_in_stock(shop: Watched) -> None:
    report = await shop.collect("stock", most=20)
    assert set(figures(report)) == {"store_products{low}", "store_products{out}"}


async def test_too_many_scarce_variants_are_no_figure(shop: Watched) -> None:
    with pytest.raises(StoreError, match="more than 5") as caught:
        await shop.collect("stock", most=5)
    assert caught.value.error_type == "response_too_large"


async def test_abandoned_checkouts_of_the_right_age(shop: Watched) -> None:
    shop.lists = False
    room = shop.shop.stock_room
    room.new_checkout(Decimal("10.50"))
    shop.clock.advance(2 * 3600.0)
    room.new_checkout(Decimal("99.00"))
    found = figures(await shop.collect("carts"))
    assert found == {"store_carts_abandoned": 1, "store_cart_abandoned_value{GBP}": 10.5}
    shop.clock.advance(8 * DAY)
    assert figures(await shop.collect("carts")) == {"store_carts_abandoned": 0}


async def test_customers_and_webhooks(shop: Watched) -> None:
    emails = {order.email for order in shop.shop.stock_room.orders.values()}
    assert figures(await shop.collect("customers")) == {"store_customers": len(emails)}
    assert figures(await shop.collect("webhooks")) == {"store_webhooks{active}": 2}


async def test_liveness_shows_version_rate_limit_and_cost(shop: Watched) -> None:
    first = await shop.probe("liveness")
    found = figures(first)
    assert found["store_info{2026-10,GBP,UTC,}"] == 1
    assert found["store_api_version_expiry_timestamp_seconds"] == versions.ends("2026-10")
    assert found["store_api_bucket_maximum"] == 2000.0
    assert 1900.0 < found["store_api_bucket_available"] <= 2000.0
    assert first.degraded == []
    await shop.collect("order_statuses")
    later = figures(await shop.probe("liveness"))
    for kind in ("requested", "actual"):
        name = f"store_api_cost_total{{{kind}}}"
        assert later[name] > found[name] > 0


async def test_no_two_checks_publish_the_same_figure(shop: Watched) -> None:
    seen: Counter[str] = Counter()
    for name in ("liveness", "cart", "storefront"):
        seen.update(figures(await shop.probe(name)).keys())
    for name in ("orders", "order_statuses", "stock", "carts", "customers", "webhooks"):
        seen.update(figures(await shop.collect(name)).keys())
    assert [name for name, count in seen.items() if count > 1] == []


async def test_a_version_that_ends_soon_degrades(shop: Watched) -> None:
    shop.settings["api_version"] = "2026-07"
    shop.clock.time = versions.ends("2026-07") - 20 * DAY
    report = await shop.probe("liveness")
    assert report.degraded == ["Support for API version 2026-07 ends in 20 days."]


async def test_what_a_collectors_query_uses_that_is_deprecated_is_in_the_details_of_liveness(
    shop: Watched,
) -> None:
    shop.shop.faults.add(Fault(headers={"X-Shopify-API-Deprecated-Reason": "Order.test"}, times=1))
    await shop.collect("stock")
    shop.shop.faults.clear()
    report = await shop.probe("liveness")
    assert report.summary.endswith("; Shopify says deprecated: Order.test")


async def test_doctor_names_what_shopify_says_is_deprecated(shop: Watched) -> None:
    assert "deprecations" not in await findings(shop)
    shop.shop.faults.add(Fault(headers={"X-Shopify-API-Deprecated-Reason": "Order.test"}))
    message = "Shopify says deprecated: Order.test"
    assert (await findings(shop))["deprecations"] == ("warn", message)


@pytest.mark.parametrize("version", ["2027-04", "unstable"])
async def test_a_version_that_responds_in_another_ones_place_is_reported(
    shop: Watched, version: str
) -> None:
    shop.shop.faults.add(Fault(headers={"X-Shopify-API-Version": version}))
    report = await shop.probe("liveness")
    assert figures(report)[f"store_info{{{version},GBP,UTC,}}"] == 1
    assert report.degraded == [
        (
            f"Shopify responds by API version {version} and not by 2026-10, which is configured: "
            "set api_version to one that Shopify supports."
        )
    ]


async def test_what_shopify_says_is_deprecated_is_in_the_details_of_liveness(
    shop: Watched,
) -> None:
    reason = "https://shopify.dev/changelog/gone"
    shop.shop.faults.add(Fault(headers={"X-Shopify-API-Deprecated-Reason": reason}))
    report = await shop.probe("liveness")
    assert report.summary.endswith(f"; Shopify says deprecated: {reason}")
    assert report.degraded == []


async def test_a_version_that_is_none_is_not_believed(shop: Watched) -> None:
    shop.shop.faults.add(Fault(headers={"X-Shopify-API-Version": "<b>"}))
    report = await shop.probe("liveness")
    assert figures(report)["store_info{2026-10,GBP,UTC,}"] == 1
    assert report.degraded == []


@pytest.mark.parametrize("old", [{"errors": [{"message": "Throttled"}]}, None])
async def test_a_shop_that_requests_slowing_down_is_alive_and_degraded(
    shop: Watched, old: Json | None
) -> None:
    body = json.dumps(old or {"errors": "Exceeded 2 calls per second for api client."})
    shop.shop.faults.add(
        answering(
            body,
            status=200 if old else 429,
            headers={"Retry-After": "2.0"},
            content_type="application/json",
        )
    )
    report = await shop.probe("liveness")
    assert report.degraded == ["The Admin API's rate limit is used up."]


async def test_a_collector_waits_for_as_long_as_requested(shop: Watched) -> None:
    body = json.dumps({"errors": "Exceeded 2 calls per second for api client."})
    fault = answering(body, status=429, headers={"Retry-After": "2.5"})
    fault.times = 1
    shop.shop.faults.add(fault)
    assert figures(await shop.collect("customers"))
    assert shop.clock.slept == [2.5]


def ignored(*roots: str) -> Fault:
    """Shopify's search does not know a filter, and finds whatever else fits."""

    def change(answer: Json) -> Json:
        for root in roots:
            if root in answer["data"]:
                warning = {"field": "status", "message": "Invalid search field for this query."}
                search = {"path": [root], "query": "x", "parsed": {}, "warnings": [warning]}
                answer["extensions"].setdefault("search", []).append(search)
        return answer

    return changing("*", change)


async def test_a_count_whose_filter_shopify_ignores_is_left_out_and_reported(shop: Watched) -> None:
    whole = figures(await shop.collect("order_statuses"))
    shop.shop.faults.add(ignored("processing", "failed"))
    report = await shop.collect("order_statuses")
    left_out = ("store_orders_current{processing}", "store_orders_current{failed}")
    assert figures(report) == {name: n for name, n in whole.items() if name not in left_out}
    assert report.degraded == [
        (
            "Shopify ignores a search filter of OrderCounts: "
            "status: Invalid search field for this query."
        )
    ]


@pytest.mark.parametrize(
    ("name", "root"),
    [("stock", "productVariants"), ("stock", "products"), ("carts", "abandonedCheckouts")],
)
async def test_a_figure_whose_filter_shopify_ignores_is_none(
    shop: Watched, name: str, root: str
) -> None:
    shop.shop.faults.add(ignored(root))
    report = await shop.collect(name)
    assert report.samples == ()
    assert "ignores a search filter" in report.degraded[0]


async def test_orders_whose_filter_shopify_ignores_are_not_counted(shop: Watched) -> None:
    await shop.collect("orders")
    shop.shop.faults.add(ignored("orders"))
    with pytest.raises(StoreError, match="ignores a search filter"):
        await shop.collect("orders")


async def test_a_revoked_token_fails_liveness(shop: Watched) -> None:
    shop.credentials = shop.watcher().store.credentials  # type: ignore[assignment]
    shop.shop.tokens.revoke()
    with pytest.raises(StoreError) as caught:
        await shop.probe("liveness")
    assert caught.value.error_type == "unauthorized"
    with pytest.raises(StoreError) as caught:
        await shop.probe("cart")
    assert caught.value.error_type == "unauthorized"


def test_without_a_storefront_token_carts_are_not_watched() -> None:
    tokens = {"admin_token": Secret("a"), "storefront_token": Secret("b")}
    store = Store("acme", "shop.example.com", "shopify", "https://x.example", tokens)
    assert "cart" in {job.name for job in jobs_of(store)}
    del tokens["storefront_token"]
    assert "cart" not in {job.name for job in jobs_of(store)}


def failing(member: str, code: str) -> dict[str, Any]:
    return {"message": "A sentence.", "path": ["shop", member], "extensions": {"code": code}}


async def test_an_error_beside_what_is_needed_calls_no_shop_down(shop: Watched) -> None:
    error = failing("primaryDomain", "INTERNAL_SERVER_ERROR")
    shop.shop.faults.add(Fault(path="/admin/*", change=lambda found: {**found, "errors": [error]}))
    assert (await shop.probe("liveness")).degraded == [
        "Shopify responds with an error besides: A sentence."
    ]


async def test_what_is_needed_and_kept_back_fails_by_the_reason_for_it(shop: Watched) -> None:
    def without(found: dict[str, Any]) -> dict[str, Any]:
        found["data"]["shop"]["currencyCode"] = None
        return {**found, "errors": [failing("currencyCode", "ACCESS_DENIED")]}

    shop.shop.faults.add(Fault(path="/admin/*", change=without))
    with pytest.raises(StoreError, match="A sentence") as caught:
        await shop.probe("liveness")
    assert caught.value.error_type == "forbidden"


@pytest.mark.parametrize("status", [200, 400])
async def test_carts_of_a_shop_behind_its_password_are_degraded_as_its_pages_are(
    shop: Watched, status: int
) -> None:
    locked = {"message": "Online Store channel is locked.", "extensions": {"code": "BAD_REQUEST"}}
    body = json.dumps({"errors": [locked]})
    shop.shop.faults.add(Fault(status=status, body=body, content_type="application/json"))
    report = await shop.probe("cart")
    assert report.degraded == ["Visitors are asked for a password: the shop is not open yet."]


async def test_a_private_storefront_token_travels_in_its_own_header(shop: Watched) -> None:
    shop.shop.tokens.storefront = "shpat_" + "5" * 32
    assert "responds" in (await shop.probe("cart")).summary


@pytest.mark.parametrize(
    ("body", "degraded"),
    [
        ("<html><body>Welcome</body></html>", []),
        (
            '<html><form action="/password"></form></html>',
            ["Visitors are asked for a password: the shop is not open yet."],
        ),
    ],
)
async def test_the_front_page_is_read(shop: Watched, body: str, degraded: list[str]) -> None:
    shop.shop.faults.add(answering(body, content_type="text/html"))
    assert (await shop.probe("storefront")).degraded == degraded


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (402, "<html>Unavailable</html>", "maintenance"),
        (404, "<title>Sorry, this store is currently unavailable.</title>", "maintenance"),
        (302, "", "redirect"),
        (429, "<html>Too many requests</html>", "rate_limited"),
        (430, "<title>Shopify Security Rejection</title>", "rate_limited"),
        (500, "<html>Oops</html>", "server_error"),
        (200, "", "invalid_response"),
    ],
)
async def test_a_front_page_that_is_none_fails(
    shop: Watched, status: int, body: str, expected: str
) -> None:
    shop.shop.faults.add(answering(body, status=status, content_type="text/html"))
    with pytest.raises(StoreError) as caught:
        await shop.probe("storefront")
    assert caught.value.error_type == expected


MOVED = {
    "Location": "https://www.brand.example/",
    "X-Redirect-Reason": "primary_domain_redirection",
}


async def test_the_storefront_of_a_shop_with_its_own_domain_is_requested_there(
    shop: Watched,
) -> None:
    shop.shop.stock_room.primary_domain = "www.brand.example"
    report = await shop.probe("storefront")
    assert report.degraded == []
    assert report.summary.startswith("a page of")


@pytest.mark.parametrize(
    ("headers", "primary", "domain"),
    [
        (MOVED, "", "shop.example.com"),
        ({"Location": MOVED["Location"]}, "www.brand.example", "shop.example.com"),
        ({"Location": MOVED["Location"]}, "", "www.brand.example"),
        # A market's domain is below the shop's own.
        ({"Location": MOVED["Location"]}, "brand.example", "shop.example.com"),
    ],
)
async def test_a_redirect_to_the_shops_own_domain_is_well_and_is_not_followed(
    shop: Watched, headers: dict[str, str], primary: str, domain: str
) -> None:
    shop.shop.stock_room.primary_domain = primary
    shop.shop.domain = domain
    shop.shop.faults.add(Fault(path="/", status=301, headers=headers))
    report = await shop.probe("storefront")
    assert (report.degraded, report.summary) == ([], "visitors are sent to www.brand.example/")
    assert [path for method, path in shop.shop.requests if method == "GET"] == ["/"]


async def test_a_redirect_to_anybody_else_fails(shop: Watched) -> None:
    headers = {"Location": "https://elsewhere.example/"}
    shop.shop.faults.add(Fault(path="/", status=301, headers=headers))
    with pytest.raises(StoreError, match=r"neither .* set domain to elsewhere\.example") as caught:
        await shop.probe("storefront")
    assert caught.value.error_type == "redirect"
    # The url has to stay that of the APIs.
    assert "set url" not in caught.value.message


@pytest.mark.parametrize("host", ["bücher.example", "www.xn--bcher-kva.example."])
async def test_a_domain_is_its_own_in_each_form_of_writing(shop: Watched, host: str) -> None:
    shop.shop.stock_room.primary_domain = "bücher.example"
    headers = {"Location": f"https://{host}/"}
    shop.shop.faults.add(Fault(path="/", status=301, headers=headers))
    assert (await shop.probe("storefront")).degraded == []


async def test_visitors_who_are_sent_to_a_password_find_a_shop_that_is_not_open(
    shop: Watched,
) -> None:
    for target in ("/password", "https://www.brand.example/password", "/en-gb/password"):
        fault = Fault(path="/", status=302, headers={**MOVED, "Location": target})
        shop.shop.faults.add(fault)
        report = await shop.probe("storefront")
        assert report.degraded == ["Visitors are asked for a password: the shop is not open yet."]


async def test_the_certificate_of_a_shop_that_redirects_is_dated(shop: Watched) -> None:
    shop.shop.stock_room.primary_domain = "www.brand.example"
    shop.http.certificate_expiry = shop.clock.now() + 50 * DAY
    assert "good for 50 days" in (await shop.probe("tls")).summary


async def test_a_slow_front_page_degrades(shop: Watched) -> None:
    shop.http.seconds = 6.0
    assert (await shop.probe("storefront")).degraded == ["The response took 6.0 s, more than 5 s."]


async def test_the_certificate_is_dated(shop: Watched) -> None:
    shop.http.certificate_expiry = shop.clock.now() + 5 * DAY
    report = await shop.probe("tls")
    assert report.degraded == ["The certificate expires in 5 days."]
    shop.http.certificate_expiry = None
    with pytest.raises(StoreError, match="does not show"):
        await shop.probe("tls")


async def findings(shop: Watched) -> dict[str, tuple[str, str]]:
    return {one.check: (one.state, one.message) for one in await shop.watcher().drive(diagnose)}


async def test_the_diagnosis_of_a_shop_that_is_well(shop: Watched) -> None:
    found = await findings(shop)
    assert {state for state, _ in found.values()} == {"ok"}


async def test_scopes_that_are_missing_are_named_with_what_they_are_for(shop: Watched) -> None:
    shop.shop.tokens.scopes -= {"read_orders", "write_orders", "read_inventory", "read_all_orders"}
    found = await findings(shop)
    state, message = found["scopes"]
    assert state == "fail"
    assert "read_orders (orders, revenue" in message
    assert "read_inventory (stock)" in message
    assert found["old orders"][0] == "warn"
    assert found["write access"][0] == "warn"
    with pytest.raises(StoreError) as caught:
        await shop.collect("orders")
    assert caught.value.error_type == "forbidden"


async def test_to_write_includes_to_read(shop: Watched) -> None:
    shop.shop.tokens.scopes.discard("read_orders")
    assert (await findings(shop))["scopes"][0] == "ok"


async def test_a_version_that_shopify_has_ended_fails_the_diagnosis(shop: Watched) -> None:
    def ended(answer: Json) -> Json:
        for row in answer["data"].get("publicApiVersions", []):
            row["supported"] = row["handle"] != "2026-10"
        return answer

    shop.shop.faults.add(changing("*", ended))
    assert (await findings(shop))["API version"] == ("fail", "2026-10 is not supported any more")


async def test_a_version_that_ends_soon_is_a_warning(shop: Watched) -> None:
    shop.settings["api_version"] = "2026-07"
    shop.clock.time = versions.ends("2026-07") - 20 * DAY
    state, message = (await findings(shop))["API version"]
    assert (state, message) == ("warn", "support for 2026-07 ends in 20 days")


async def test_the_responding_version_and_the_number_of_webhooks_are_reported(
    shop: Watched,
) -> None:
    found = await shop.probe("liveness")
    assert found.facts == {EventKind.API: {"Admin API": versions.DEFAULT}}
    found = await shop.collect("webhooks")
    (count,) = figures(found).values()
    assert found.facts == {EventKind.WEBHOOK: {"active": f"{count:g}"}}
