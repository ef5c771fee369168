"""The clients that applications use, on real sockets."""

from __future__ import annotations

import asyncio
import ssl
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter import Recorder
from store_exporter.errors import StoreError
from store_exporter.net.retry import Policy
from store_exporter.platforms.woocommerce import AsyncWooCommerce, WooCommerce
from store_exporter.stores.model import Secret
from tests.fakes.clock import Clock
from tests.fakes.serving import serving
from tests.fakes.sockets import scripted

from .calls import CALLS, Scene

PRODUCT = (
    b'{"id": 19, "status": "publish", "type": "simple", "sku": "S", "name": "N",'
    b' "manage_stock": false, "stock_status": "instock", "backorders_allowed": false,'
    b' "stock_quantity": null}'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PRODUCT), PRODUCT)


@pytest.fixture
def store() -> SimulatedWooCommerce:
    return SimulatedWooCommerce(clock=Clock().now, orders=0, products=12, tls_terminated=False)


@pytest.fixture
def address(store: SimulatedWooCommerce) -> Iterator[str]:
    with serving(store) as url:
        yield url


def connect(store: SimulatedWooCommerce, url: str, **options: Any) -> WooCommerce:
    key = store.keys.read_write
    options.setdefault("org", "acme")
    return WooCommerce(url, key.consumer_key, key.consumer_secret, now=Clock().now, **options)


def series(recorder: Recorder, metric: str) -> dict[tuple[str, ...], Any]:
    family = next(f for f in recorder.families() if f.metric.name == metric)
    return dict(family.series)


@pytest.mark.parametrize("name", CALLS)
def test_both_clients_return_the_same_over_http(name: str) -> None:
    results: list[Any] = []
    for _ in range(2):
        scene = Scene()
        scene.store.tls_terminated = False
        with serving(scene.store) as url:
            key = scene.store.keys.read_write
            if not results:
                with connect(scene.store, url) as shop:
                    scene.client = lambda: shop  # type: ignore[method-assign]
                    results.append(CALLS[name](scene))
            else:
                results.append(asyncio.run(_awaited(url, key, scene, name)))
    assert results[0] == results[1]


async def _awaited(url: str, key: Any, scene: Scene, name: str) -> Any:
    async with AsyncWooCommerce(
        url, key.consumer_key, key.consumer_secret, org="acme", now=Clock().now
    ) as shop:
        scene.client = lambda: shop  # type: ignore[method-assign,assignment,return-value]
        return await CALLS[name](scene)


def test_a_connection_is_used_again(store: SimulatedWooCommerce, address: str) -> None:
    with connect(store, address) as shop:
        pool = shop._driver._transport._pool  # type: ignore[attr-defined]
        for _ in range(5):
            shop.check_stock(19)
        assert len(pool.connections) == 1


def test_one_client_serves_several_threads(store: SimulatedWooCommerce, address: str) -> None:
    recorder = Recorder()
    found: list[int] = []
    with connect(store, address, recorder=recorder) as shop:

        def work() -> None:
            found.extend(shop.check_stock(number).product_id for number in range(10, 20))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        labels = ("acme", shop.domain, "woocommerce", "check_stock")
    assert sorted(found) == sorted(list(range(10, 20)) * 4)
    assert series(recorder, "store_operations_total")[labels] == 40


async def test_tasks_share_a_client_and_cancelling_one_leaves_the_others(
    store: SimulatedWooCommerce,
) -> None:
    store.faults.add(Fault(path="*/products/10", latency=30.0))
    recorder = Recorder()
    async with store.serve() as url:
        key = store.keys.read_write
        async with AsyncWooCommerce(
            url,
            key.consumer_key,
            key.consumer_secret,
            org="acme",
            domain="shop.example.com",
            now=Clock().now,
            recorder=recorder,
        ) as shop:
            slow = asyncio.ensure_future(shop.check_stock(10))
            stocks = await asyncio.gather(*(shop.check_stock(n) for n in range(11, 16)))
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
    assert [stock.product_id for stock in stocks] == list(range(11, 16))
    labels = ("acme", "shop.example.com", "woocommerce", "check_stock")
    assert series(recorder, "store_operations_total")[labels] == 6
    assert series(recorder, "store_operation_errors_total") == {
        (*labels, "cancelled", "cancelled"): 1
    }
    assert series(recorder, "store_operations_in_progress")[labels] == 0


def test_operations_are_measured_with_their_error_and_fault(
    store: SimulatedWooCommerce, address: str
) -> None:
    recorder = Recorder()
    with connect(store, address, domain="shop.example.com", recorder=recorder) as shop:
        shop.check_stock(19)
        for product, quantity in (("SKU-001", 1), ("NOPE", 1), ("SKU-010", 5000)):
            with pytest.raises(StoreError):
                shop.add_to_cart(product, quantity)
        store.faults.add(Fault(path="*/products/19", status=500))
        with pytest.raises(StoreError):
            shop.check_stock(19)
        store.keys.revoke(store.keys.read_write)
        with pytest.raises(StoreError):
            shop.get_shipping_info()
    errors = {
        (labels[3], *labels[4:]): count
        for labels, count in series(recorder, "store_operation_errors_total").items()
    }
    assert errors == {
        ("add_to_cart", "out_of_stock", "customer"): 2,
        ("add_to_cart", "not_found", "customer"): 1,
        ("check_stock", "server_error", "store"): 1,
        ("get_shipping_info", "unauthorized", "config"): 1,
    }
    assert {labels[:3] for labels in series(recorder, "store_operations_total")} == {
        ("acme", "shop.example.com", "woocommerce")
    }


def test_over_https_the_key_is_in_the_header_and_the_issuer_can_be_ones_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)
    with scripted(ANSWER, tls=context) as server:
        url = f"https://127.0.0.1:{server.port}"
        with WooCommerce(url, Secret("ck_1"), Secret("cs_1"), org="a", ca_file=str(pem)) as shop:
            assert shop.check_stock(19).in_stock
    assert b"Authorization: Basic Y2tfMTpjc18x" in server.received[0]


def test_a_store_that_hangs_ends_at_the_deadline() -> None:
    with scripted(b"HTTP/1.1 200 OK\r\n", hold=True) as server:
        url = f"http://127.0.0.1:{server.port}"
        policy = Policy(timeout=0.2, deadline=0.3)
        shop = WooCommerce(url, "ck_1", "cs_1", org="a", policy=policy)
        with shop, pytest.raises(StoreError) as caught:
            shop.check_stock(19)
    assert caught.value.error_type == "timeout"


@pytest.mark.parametrize(
    "url", ["shop.example.com", "ftp://shop.example.com", "https://", "https://ck:cs@x.example", ""]
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://shop\.example\.com"):
        WooCommerce(url, "ck_1", "cs_1", org="acme")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, r"^WooCommerce\(\) needs org, the tenant"),
        ({"org": "acme", "timout": 3}, r"^WooCommerce\(\) got an unexpected keyword .*'timout'$"),
        ({"org": "acme", "api_version": "2026-10"}, "'api_version'"),
    ],
)
def test_options_that_are_none_are_refused_by_name(options: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        WooCommerce("https://shop.example.com", "ck_1", "cs_1", **options)


def test_the_domain_is_the_addresss_host_unless_given() -> None:
    with WooCommerce("https://www.x.example/shop/", "ck_1", "cs_1", org="acme") as shop:
        assert (shop.domain, shop.url) == ("www.x.example", "https://www.x.example/shop")
        assert repr(shop) == "<WooCommerce www.x.example of acme>"


def test_a_shop_in_a_folder_is_requested_there() -> None:
    with scripted(ANSWER) as server:
        url = f"http://127.0.0.1:{server.port}/shop"
        with WooCommerce(url, "ck_1", "cs_1", org="acme") as shop:
            shop.check_stock(19)
    assert server.received[0].startswith(b"GET /shop/wp-json/wc/v3/products/19?")


def test_calling_an_operation_wrongly_is_the_callers_bug(
    store: SimulatedWooCommerce, address: str
) -> None:
    recorder = Recorder()
    with connect(store, address, recorder=recorder) as shop, pytest.raises(TypeError):
        shop.check_stock(sku="SKU-010")  # type: ignore[call-arg]
    (labels,) = series(recorder, "store_operation_errors_total")
    assert labels[4:] == ("exception", "app")


@pytest.mark.parametrize("status", [301, 307])
def test_reading_follows_a_redirect_on_the_same_host_as_probes_do(
    store: SimulatedWooCommerce, address: str, status: int
) -> None:
    path = "/wp-json/wc/store/v1/cart"
    store.faults.add(Fault(path=path, status=status, headers={"Location": f"{path}/"}))
    with connect(store, address) as shop:
        assert shop.get_cart().lines == ()


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/wp-json/wc/store/v1/cart", "in a circle"),
        ("https://127.0.0.1:1/", "another port|https://127.0.0.1:1/"),
        ("http://elsewhere.example/", "another host"),
        ("/my-account/", "a login page"),
    ],
)
def test_a_redirect_to_anywhere_else_is_the_same_error_as_for_probes(
    store: SimulatedWooCommerce, address: str, location: str, words: str
) -> None:
    store.faults.add(Fault(status=302, headers={"Location": location}))
    with connect(store, address) as shop, pytest.raises(StoreError, match=words) as caught:
        shop.get_cart()
    assert caught.value.error_type == "redirect"


def test_a_proxy_without_a_scheme_is_one_of_http() -> None:
    with scripted(ANSWER) as proxy:
        address = f"ada:a-password@127.0.0.1:{proxy.port}"
        with WooCommerce("http://shop.example", "ck", "cs", org="acme", proxy_url=address) as store:
            assert store.check_stock(19).status == "in_stock"
    assert proxy.received[0].startswith(b"GET http://shop.example/")


@pytest.mark.parametrize("address", ["ftp://ada:a-password@proxy", "http://ada:a-password@[::1"])
def test_what_is_no_address_of_a_proxy_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(ValueError, match="proxy is not like") as caught:
        WooCommerce("https://shop.example", "ck", "cs", org="acme", proxy_url=address)
    assert "a-password" not in "".join(traceback.format_exception(caught.value))
