from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.errors import StoreError
from store_exporter.net.url import normal
from store_exporter.platforms.shopify import Shopify
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.bad_server import Authority
from tests.fakes.clock import Clock
from tests.fakes.sockets import OK, scripted
from tests.fakes.woocommerce import client


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://Shop.Example.com", "https://shop.example.com"),
        ("https://shop.example.com:443/", "https://shop.example.com"),
        ("https://shop.example.com:80", "https://shop.example.com:80"),
        ("http://shop.example.com:80/Shop//", "http://shop.example.com/Shop"),
        ("http://[::1]:8080/a/", "http://[::1]:8080/a"),
    ],
)
def test_an_address_has_one_normal_form(url: str, same: str) -> None:
    assert normal(url) == same
    assert normal(same) == same


@pytest.mark.parametrize("url", ["shop.example.com", "ftp://a", "https://", "https://u:p@a"])
def test_what_is_no_address_of_a_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|port"):
        normal(url)


@pytest.mark.parametrize(
    "make",
    [
        lambda url: WooCommerce(url, "ck_1", "cs_1", org="acme"),
        lambda url: Shopify(url, "shpat_1", "token", org="acme"),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_certificates_are_verified_however_the_scheme_is_written(
    make: Callable[[str], Any], scheme: str
) -> None:
    with (
        scripted(OK, tls=Authority().context()) as server,
        make(f"{scheme}://127.0.0.1:{server.port}") as store,
        pytest.raises(StoreError) as caught,
    ):
        store.search_products(limit=1)
    assert caught.value.error_type == "tls_untrusted"
    assert server.received == []


@pytest.mark.parametrize(
    "url", ["http://Shop.Example.com", "http://shop.example.com:80/", "HTTP://shop.example.com"]
)
def test_signatures_are_over_the_address_that_the_store_goes_by(url: str) -> None:
    clock = Clock()
    shop = SimulatedWooCommerce(clock=clock.now, orders=0, tls_terminated=False)
    assert client(shop, clock, url=url).search_products(limit=3)
