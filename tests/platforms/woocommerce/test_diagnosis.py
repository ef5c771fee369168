"""What `doctor` finds out about a store."""

from __future__ import annotations

import re
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.contract import Finding
from store_exporter.platforms.woocommerce.diagnosis import diagnose

from .watching import Watched, watching


async def findings(store: Watched) -> dict[str, Finding]:
    if store.http.date is None:
        store.http.date = formatdate(store.clock.now, usegmt=True)
    return {finding.check: finding for finding in await store.watcher().drive(diagnose)}


def json_error(code: str, status: int, message: str = "Sorry") -> dict[str, Any]:
    body = f'{{"code": "{code}", "message": "{message}", "data": {{"status": {status}}}}}'
    return {"status": status, "body": body, "content_type": "application/json"}


async def test_a_healthy_store_is_fine_but_for_plain_http() -> None:
    async with watching(orders=0) as store:
        found = await findings(store)
        assert {name for name, finding in found.items() if finding.state != "ok"} == {"transport"}
        assert found["may write"].message.startswith("no")
        assert "11.0.1" in found["installation"].message
        assert "HPOS" in found["installation"].message


@pytest.mark.parametrize(
    ("version", "where"),
    [("5.8.0", "posts,"), ("7.5.1", "posts or own"), ("7.6.0", "posts or own")],
)
async def test_where_orders_are_is_said_as_far_as_an_old_version_shows_it(
    version: str, where: str
) -> None:
    status = {"environment": {"version": version}, "settings": []}
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(path="*/system_status", change=lambda _: status))
        finding = (await findings(store))["installation"]
        assert f"orders in {where}" in finding.message
        assert finding.state == "ok"


async def test_diagnosing_changes_nothing_in_the_store() -> None:
    async with watching(orders=3) as reading:
        store = reading.with_key(reading.shop.keys.read_write)
        before = repr((store.shop.shop.products, store.shop.shop.orders))
        found = await findings(store)
        assert repr((store.shop.shop.products, store.shop.shop.orders)) == before
        assert found["may write"].message.startswith("yes")
        assert "Read" in found["may write"].advice
        methods = {method for method, _ in store.shop.requests}
        assert methods == {"GET", "POST"}
        written = [path.partition("?")[0] for m, path in store.shop.requests if m == "POST"]
        assert written == ["/wp-json/wc/v3/products/0"]


async def test_a_refused_key_ends_the_diagnosis() -> None:
    async with watching(orders=0) as store:
        store.shop.keys.revoke(store.key)
        found = await findings(store)
        assert list(found) == ["transport", "API", "key"]
        assert found["key"].state == "fail"
        assert found["key"].advice
        assert store.key.consumer_key not in repr(found)


async def test_a_key_that_may_not_be_told_from_none_says_what_it_may_be() -> None:
    async with watching(orders=0) as store:
        fault = json_error("woocommerce_rest_cannot_view", 401)
        store.shop.faults.add(Fault(path="*woocommerce_currency", **fault))
        advice = (await findings(store))["key"].advice
        assert "url" in advice


async def test_an_index_that_is_closed_to_strangers_is_no_trouble_if_the_cart_is_open() -> None:
    """As *Disable REST API* 1.8 closes it, and miniOrange's *REST API Authentication* 4.4."""
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(path="/wp-json/", **json_error("rest_cannot_access", 401)))
        found = await findings(store)
        assert (found["API"].state, found["key"].state) == ("ok", "ok")
        assert "closed to visitors" in found["API"].message


@pytest.mark.parametrize(
    "code", ["rest_cannot_access", "rest_api_authentication_required", "wp_die"]
)
async def test_an_api_that_is_closed_to_visitors_says_what_to_exclude(code: str) -> None:
    """As Password Protected, Admin and Site Enhancements, and All-In-One Security close it."""
    async with watching(orders=0) as store:
        for path in ("/wp-json/", "/wp-json/wc/store/*"):
            store.shop.faults.add(Fault(path=path, **json_error(code, 403)))
        found = await findings(store)
        assert (found["API"].state, found["key"].state) == ("warn", "ok")
        assert "wc/store" in found["API"].advice


async def test_plain_permalinks_end_the_diagnosis() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(status=404))
        found = await findings(store)
        assert found["API"].state == "fail"
        assert "permalinks" in found["API"].advice
        assert "key" not in found


@pytest.mark.parametrize(("path", "state"), [("/wp-admin", "warn"), ("/wp-json/wc/v3", "fail")])
async def test_an_address_that_is_not_the_shops_is_reported_with_the_right_one(
    path: str, state: str
) -> None:
    async with watching(orders=0) as store:
        given = replace(store, url=store.url + path)
        finding = (await findings(given))["API"]
        assert finding.state == state
        assert re.search(rf"Set url to {store.url}\b(?!/)", finding.advice)


async def test_wordpress_without_woocommerce_is_reported() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(path="/wp-json/", change=lambda _: {"namespaces": ["wp/v2"]}))
        found = await findings(store)
        assert found["API"].state == "fail"
        assert "Activate" in found["API"].advice


async def test_each_missing_permission_is_named() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(
            Fault(path="*/customers", **json_error("woocommerce_rest_cannot_view", 401))
        )
        found = await findings(store)
        assert found["may read customers"].state == "fail"
        assert "may read" not in found
        assert found["installation"].state == "ok"


async def test_a_key_without_system_status_is_a_warning() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(
            Fault(path="*/system_status", **json_error("woocommerce_rest_cannot_view", 401))
        )
        finding = (await findings(store))["installation"]
        assert finding.state == "warn"
        assert "manages the shop" in finding.advice


@pytest.mark.parametrize(
    ("skew", "state"), [(0, "ok"), (59, "ok"), (-300, "warn"), (3_600, "warn")]
)
async def test_the_clock_is_compared_with_ours(skew: int, state: str) -> None:
    async with watching(orders=0) as store:
        store.http.date = formatdate(store.clock.now + skew, usegmt=True)
        finding = (await findings(store))["clock"]
        assert finding.state == state
        assert finding.message.startswith("the store's clock minus this machine's: ")


async def test_a_store_without_a_date_header_is_a_warning() -> None:
    async with watching(orders=0) as store:
        store.http.date = ""
        assert (await findings(store))["clock"].state == "warn"


async def test_one_check_that_fails_does_not_hide_the_others() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(method="POST", path="*/products/0", status=500))
        found = await findings(store)
        assert found["may write"].state == "warn"
        assert found["may write"].message.startswith("server_error")
        assert found["installation"].state == "ok"
