"""Where WordPress' API is, is what the store's own Link header says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.platforms.woocommerce.api_location import ApiLocation
from store_exporter.platforms.woocommerce.connection import Connection
from store_exporter.platforms.woocommerce.probes import PROBES
from tests.fakes.serving import serving

from .watching import watching

ELSEWHERE = ("/api", "/index.php/wp-json", "/shop/rest")


@pytest.mark.parametrize("prefix", ELSEWHERE)
async def test_probes_find_the_api_wherever_it_is(prefix: str) -> None:
    async with watching(orders=0, rest_prefix=prefix) as store:
        for name in ("liveness", "cart"):
            await store.probe(name)
        asked = store.asked()
        assert asked[0].startswith("/wp-json/")
        assert asked[-1].startswith(f"{prefix}/wc/store/")


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="https://api.w.org/" href="https://shop.example.com/api/" />',
        # As plugins that make pages smaller leave it.
        "<link href=https://shop.example.com/api/ rel=https://api.w.org/>",
    ],
)
async def test_an_api_of_which_only_the_front_page_speaks_is_found(tag: str) -> None:
    async with watching(orders=0, rest_prefix="/api") as store:
        lost = Fault(path="/wp-json/*", status=404, body="<title>404 Not Found</title>")
        page = f"<html><head><title>Shop</title>{tag}</head><body>Welcome</body></html>"
        for fault in (lost, Fault(path="/", status=200, body=page)):
            store.shop.faults.add(replace(fault, headers={"Link": ""}))
        for name in ("liveness", "cart"):
            await store.probe(name)


async def test_an_api_that_moves_there_and_back_is_found_each_time() -> None:
    async with watching(orders=0) as store:
        watcher = store.watcher()
        for prefix in ("/wp-json", "/api", "/wp-json", "/index.php/wp-json", "/wp-json"):
            store.shop.rest_prefix = prefix
            await watcher.run(PROBES["liveness"], {})


@pytest.mark.parametrize("status", [404, 200])
async def test_a_shop_in_a_folder_that_is_gone_for_a_while_is_not_the_shop_at_the_root(
    status: int,
) -> None:
    """As a network of WordPress 6.8 responds for a site that is gone; some lead to the root."""
    async with watching(orders=0, rest_prefix="/shop/wp-json") as store:
        shop = store.shop
        watcher = replace(store, url=f"{store.url}/shop").watcher()
        await watcher.run(PROBES["liveness"], {})
        root = '</wp-json/>; rel="https://api.w.org/"'
        shop.rest_prefix = "/wp-json"
        shop.keys.revoke(store.key)
        shop.faults.add(Fault(path="/shop/*", status=404, body="Gone", headers={"Link": root}))
        shop.faults.add(Fault(path="/shop/", status=status, body="Root", headers={"Link": root}))
        for _ in range(2):
            with pytest.raises(StoreError) as caught:
                await watcher.run(PROBES["liveness"], {})
            assert caught.value.error_type == ("api_not_found" if status == 404 else "unauthorized")
        shop.faults.clear()
        unknown = '{"code": "woocommerce_rest_cannot_view", "message": "No", "data": {}}'
        shop.faults.add(Fault(path="/wp-json/*", status=401, body=unknown))
        shop.rest_prefix = "/shop/wp-json"
        shop.keys.active.append(store.key)
        await watcher.run(PROBES["liveness"], {})


async def test_the_folder_of_wordpress_files_is_told_from_the_address_of_the_shop() -> None:
    """As WordPress responds whose Site Address (URL) is not that of its files, /wp here."""
    async with watching(orders=0) as store:
        link = f'<{store.url}/wp-json/>; rel="https://api.w.org/"'
        page = "<html><title>Page not found</title></html>"
        store.shop.faults.add(Fault(path="/wp/*", status=404, body=page, headers={"Link": link}))
        watcher = replace(store, url=f"{store.url}/wp").watcher()
        for name in ("liveness", "cart"):
            with pytest.raises(StoreError) as caught:
                await watcher.run(PROBES[name], {})
            assert caught.value.error_type == "api_not_found"
            assert f"if that is the store, set url to {store.url}" in caught.value.message


@pytest.mark.parametrize("copied", ["/wp-json", "/wp-json/wc/v3"])
async def test_the_address_of_the_api_in_place_of_the_shop_s_is_told(copied: str) -> None:
    async with watching(orders=0) as store:
        watcher = replace(store, url=store.url + copied).watcher()
        for name in ("liveness", "cart"):
            with pytest.raises(StoreError) as caught:
                await watcher.run(PROBES[name], {})
            assert caught.value.error_type == "api_not_found"
            assert caught.value.message == (f"url is an address of the API: set url to {store.url}")


@pytest.mark.parametrize("prefix", ELSEWHERE)
def test_operations_find_it_too_and_look_once(prefix: str) -> None:
    shop = SimulatedWooCommerce(rest_prefix=prefix)
    key = shop.keys.read_write
    with (
        serving(shop) as url,
        WooCommerce(url, key.consumer_key, key.consumer_secret, org="acme") as client,
    ):
        assert client.search_products("a", limit=3)
        assert client.get_cart().items == 0
        client.search_products("a", limit=3)
        lost = [path for _, path in shop.requests if path.startswith("/wp-json")]
        assert len(lost) == 1


@pytest.mark.parametrize("name", ["liveness", "cart"])
async def test_plain_permalinks_are_named_with_the_setting_to_change(name: str) -> None:
    async with watching(orders=0, rest_prefix="") as store:
        with pytest.raises(StoreError, match="Settings > Permalinks") as caught:
            await store.probe(name)
        assert caught.value.error_type == "api_not_found"


async def test_a_path_that_something_rewrites_is_signed_as_the_store_sees_it() -> None:
    async with watching(orders=0, rest_prefix="/api") as store:
        check = store.shop._access.check

        def behind(call: object, url: str, *, secure: bool) -> None:
            check(call, url.replace("/api/", "/wp-json/"), secure=secure)  # type: ignore[arg-type]

        store.shop._access.check = behind  # type: ignore[method-assign]
        await store.probe("liveness")


async def test_a_page_in_the_apis_place_costs_one_more_request_and_not_each_time() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body="<html><title>Welcome</title></html>"))
        watcher = store.watcher()
        location = cast(Connection, watcher.connection).location
        assert location.is_elsewhere(Response(200, {"content-type": "text/html"}, b"", store.url))
        assert location.may_be_sought(0.0)
        location.sought(0.0)
        assert not location.may_be_sought(299.0)
        assert location.may_be_sought(300.0)


async def test_a_front_page_that_fails_hides_no_refusal_of_the_api() -> None:
    refused = "<title>403 Forbidden</title><p>Generated by Wordfence"
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(status=403, body=refused, headers={"Link": ""}))
        store.shop.faults.add(Fault(path="/", drop=True))
        for name in ("liveness", "cart"):
            with pytest.raises(StoreError, match="Wordfence") as caught:
                await store.probe(name)
            assert caught.value.error_type == "blocked"


async def test_whoever_misses_the_api_while_it_is_being_looked_for_finds_it_too() -> None:
    async with watching(orders=0, rest_prefix="/api") as store:
        watcher = store.watcher()
        await asyncio.gather(*(watcher.run(PROBES[name], {}) for name in ("liveness", "cart")))


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ('<https://other.example/rest/>; rel="https://api.w.org/"', "/rest"),
        ('</x>; rel="alternate", <https://a.example/b/>; rel="https://api.w.org/"', "/b"),
        ("<https://a.example/wp-json/>; rel=https://api.w.org/", "/wp-json"),
        ("<https://a.example/b/> ; REL = https://api.w.org/", "/b"),
        ('<https://a.example/../etc/>; rel="https://api.w.org/"', "/wp-json"),
        ('<https://a.example/>; rel="https://api.w.org/"', "/wp-json"),
        ('<http://[::x>; rel="https://api.w.org/"', "/wp-json"),
        ("", "/wp-json"),
    ],
)
def test_only_the_path_of_a_link_is_used(link: str, path: str) -> None:
    location = ApiLocation("https://shop.example.com")
    location.learn_from(Response(200, {"link": link}, b"", "https://shop.example.com/"))
    assert (
        location.address("/wp-json/wc/v3/orders") == f"https://shop.example.com{path}/wc/v3/orders"
    )
    assert location.address("/page") == "https://shop.example.com/page"


async def test_a_page_that_the_api_is_redirected_to_is_named_by_its_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As plugins for several languages redirect by the language that a browser prefers."""
    async with watching(orders=0) as store:
        page = b"<!DOCTYPE html><html><title>Shop</title></html>"

        async def redirected(request: Request) -> Response:
            url = request.url.replace(store.url, f"{store.url}/en")
            return Response(200, {"content-type": "text/html"}, page, url)

        monkeypatch.setattr(store.http, "send", redirected)
        with pytest.raises(StoreError, match="redirected the request to /en/wp-json/wc") as caught:
            await store.probe("cart")
        assert caught.value.error_type == "invalid_response"


async def test_a_redirect_that_no_signature_survives_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(orders=0) as store:
        send = store.http.send

        async def redirected(request: Request) -> Response:
            """Go where the store redirects to, with the signature that the request has."""
            return await send(replace(request, url=f"{request.url}/"))

        monkeypatch.setattr(store.http, "send", redirected)
        with pytest.raises(StoreError, match="or exclude the API from the redirect") as caught:
            await store.probe("liveness")
        assert caught.value.error_type == "redirect"
        await store.probe("cart")
