"""By which headers an answer out of a cache is known, as caches and CDNs document them."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net import caches
from store_exporter.net.caches import cache_hit, refuse_cached, refuse_repeated
from store_exporter.net.plans import Request

MADE = ("nonce-timestamp", "cart-token", "date")
"""What tells the carts of a shop apart."""

HITS = (
    ("x-litespeed-cache", "hit"),
    ("x-litespeed-cache", "hit,private"),
    ("x-qc-cache", "hit"),
    ("cf-cache-status", "HIT"),
    ("cf-cache-status", "STALE"),
    ("cf-cache-status", "UPDATING"),
    ("x-cache", "HIT"),
    ("x-cache", "MISS, HIT"),
    ("x-cache", "Hit from cloudfront"),
    ("x-cache", "TCP_MEM_HIT from a23.deploy.akamaitechnologies.com"),
    ("x-cache", "HIT: 4"),
    ("x-cache-hits", "0, 3"),
    ("x-wp-cached-call", "served-cache"),
    ("x-cache-status", "HIT"),
    ("x-cache-lookup", "HIT from proxy:3128"),
    ("x-proxy-cache", "HIT"),
    ("x-nginx-cache", "HIT"),
    ("x-fastcgi-cache", "STALE"),
    ("x-kinsta-cache", "HIT"),
    ("x-hcdn-cache-status", "HIT"),
    ("x-sucuri-cache", "HIT"),
    ("x-srcache-fetch-status", "HIT"),
    ("cdn-cache", "HIT"),
    ("x-varnish", "32770 3"),
    ("x-cache", "TCP_REFRESH_FAIL_HIT from a23"),
    ("x-hcs-proxy-type", "1"),
    ("x-vercel-cache", "HIT"),
    ("x-ac", "3.fra _atomic_dca HIT"),
    ("x-nc", "HIT fra 2"),
    ("x-ezoic-cdn", "Hit ds;mm;0f3c;2-301-2;6d01"),
    ("x-cache-handler", "cache-enabler-engine"),
    ("cache-provider", "CLOUDWAYS-CACHE-DE"),
    ("x-powered-cache", "PHP"),
    ("sg-f-cache", "HIT"),
    ("wpo-cache-status", "cached"),
    ("x-wp-spc-disk-cache", "HIT"),
    ("x-nitro-cache", "HIT"),
    ("server-timing", 'cdn-cache; desc="HIT", edge; dur=1'),
    ("cache-status", "ExampleCache; hit; ttl=30"),
    ("cache-status", "Origin; fwd=miss, CDN; hit"),
    ("x-grid-srcache-fetch", "HIT"),
    ("x-nananana", "Batcache-Hit"),
    ("wp-super-cache", "Served legacy cache file"),
    ("hummingbird-cache", "Served"),
    ("swiftperformance", "HIT"),
    ("swift-performance", "HIT"),
    ("x-gateway-cache-status", "HIT|2"),
    ("age", "12"),
    ("age", "12, 0"),
    ("age", "3.5"),
    ("x-cache-lookup", "Hit From MemCache"),
    ("x-cache-lookup", "Hit From Upstream, Hit From Inner Cluster"),
    ("x-cache-remote", "TCP_HIT from a2.deploy.akamaitechnologies.com"),
    ("x-cache-detail", '"cache hit" from www.example.com'),
    ("x-rocket-nginx-serving-static", "HIT"),
    ("x-rocket-nginx-serving-static", "Yes"),
    ("x-vercel-cache", "PRERENDER"),
    ("cache-status", "HIT"),
    ("cache-status", "ExampleCache; hit=?1"),
    ("x-cache-age", "120"),
    ("x-cache-hit", "true"),
    ("x-from-cache", "yes"),
    ("x-cached", "HIT"),
    ("x-rack-cache", "fresh"),
    ("x-symfony-cache", "GET /: fresh"),
    ("warning", '110 - "Response is Stale"'),
    ("warning", '299 - "Old", 113 proxy "Heuristic Expiration"'),
    ("x-nano-cache", "HIT"),
)
FRESH = (
    ("x-litespeed-cache", "miss"),
    ("x-litespeed-cache-control", "no-cache"),
    ("cache-control", "no-cache, must-revalidate"),
    ("cf-cache-status", "DYNAMIC"),
    ("cf-cache-status", "MISS"),
    ("cf-cache-status", "BYPASS"),
    ("cf-cache-status", "REVALIDATED"),
    ("x-cache", "MISS"),
    ("x-cache", "MISS, MISS"),
    ("x-cache", "RefreshHit from cloudfront"),
    ("x-cache", "TCP_REFRESH_HIT from a23"),
    ("x-cache-hits", "0"),
    ("x-cache-enabled", "True"),
    ("x-cache-group", "hits"),
    ("x-varnish", "32770"),
    ("x-hcs-proxy-type", "0"),
    ("cache-status", "ExampleCache; fwd=uri-miss; stored"),
    ("server-timing", "cdn-cache; desc=MISS"),
    ("age", "0"),
    ("x-white-hit", "hit"),
    ("x-cache-handler", "none"),
    ("x-cache-handler", "disabled"),
    ("x-cache-handler", "cache-miss"),
    ("x-cache-handler", ""),
    ("x-cache", "none"),
    ("x-cache", "disabled"),
    ("swift-performance", "MISS"),
    # Caches that the store itself asks.
    ("x-object-cache", "hit"),
    ("x-redis-cache-hits", "250"),
    ("x-qm-cache-hits", "300"),
    ("server-timing", 'wp-object-cache; desc="hit", db; dur=1'),
    ("content-type", "application/json"),
    ("age", "null"),
    ("x-cache-lookup", "Hit From Upstream"),
    ("x-cache-detail", '"cache miss: attempting entity save" from www.example.com'),
    ("x-cache-detail", '"conditional cache hit: entity refreshed" from www.example.com'),
    ("x-gateway-skip-cache", "1"),
    ("wpo-cache-status", "not cached"),
    ("x-powered-cache", "MISS"),
    ("x-powered-cache", "Passing to WordPress"),
    ("cache-provider", "CLOUDWAYS-CACHE-DC"),
    ("x-cache", "hit-for-pass"),
    ("x-cache-age", "0"),
    ("x-from-cache", "false"),
    ("x-cached", "MISS"),
    ("x-symfony-cache", "GET /x: stale, invalid, store"),
    ("x-rack-cache", "stale, valid, store"),
    ("cache-status", "ExampleCache; hit=?0; fwd=miss"),
    ("cache-status", 'ExampleCache; fwd=miss; key="a; hit; b"'),
    ("warning", '299 - "Deprecated API"'),
    ("warning", '299 - "old, 111 x"'),
    ("warning", '299 - "it said \\", 111 x'),
    ("x-not-cached", "1"),
    ("x-un-cached", "1"),
    ("x-never-cached", "yes"),
    ("x-non-cached", "true"),
    ("x-do-not-cache", "1"),
)


@pytest.mark.parametrize(("name", "value"), HITS)
def test_a_response_out_of_a_cache_is_known_and_refused(name: str, value: str) -> None:
    with pytest.raises(StoreError, match="came from a cache") as raised:
        refuse_cached(Response(200, {name: value}, b"[]", "https://shop.example.com/"))
    assert raised.value.error_type == "invalid_response"
    assert f"({name}: {value[:20]}" in raised.value.message


@pytest.mark.parametrize(("name", "value"), FRESH)
def test_a_response_of_the_store_itself_is_not_mistaken_for_one(name: str, value: str) -> None:
    assert cache_hit({name: value}) is None


def test_a_cache_that_looked_and_did_not_serve_says_so_in_another_header() -> None:
    found = {"x-cache-lookup": "HIT from squid:3128", "x-cache": "MISS from squid"}
    assert cache_hit(found) is None
    assert cache_hit(found | {"x-cache": "HIT from squid"}) == "x-cache: HIT from squid"


def made(**headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(200, named, b"{}", "https://shop.example.com/")


@pytest.mark.parametrize("header", ["nonce_timestamp", "cart_token", "date"])
def test_a_repeated_response_is_refused_even_if_no_header_says_so(header: str) -> None:
    known: dict[str, tuple[str, float]] = {}
    refuse_repeated(known, "cart", made(**{header: "a"}), 100.0, MADE)
    refuse_repeated(known, "cart", made(**{header: "a"}), 101.0, MADE)
    refuse_repeated(known, "liveness", made(**{header: "a"}), 160.0, MADE)
    refuse_repeated(known, "cart", made(**{header: "b"}), 160.0, MADE)
    with pytest.raises(StoreError, match="the one of 60 s ago") as raised:
        refuse_repeated(known, "cart", made(**{header: "b"}), 220.0, MADE)
    assert raised.value.error_type == "invalid_response"


def test_a_slow_response_of_the_same_second_is_no_repetition() -> None:
    known: dict[str, tuple[str, float]] = {}
    refuse_repeated(known, "liveness", made(date="a"), 100.0)
    slow = replace(made(date="a"), phases={"connect": 0.1, "processing": 4.5})
    refuse_repeated(known, "liveness", slow, 105.0)
    late = replace(slow, phases={"processing": 1.0})
    with pytest.raises(StoreError, match="the one of 5 s ago"):
        refuse_repeated(known, "liveness", late, 110.0)


def test_what_the_shop_made_itself_counts_before_a_date_that_a_proxy_made() -> None:
    known: dict[str, tuple[str, float]] = {}
    refuse_repeated(known, "cart", made(nonce_timestamp="1", date="a"), 100.0, MADE)
    with pytest.raises(StoreError, match="nonce-timestamp: 1"):
        refuse_repeated(known, "cart", made(nonce_timestamp="1", date="b"), 160.0, MADE)


def test_responses_without_a_date_are_believed() -> None:
    known: dict[str, tuple[str, float]] = {}
    for when in (100.0, 200.0):
        refuse_repeated(known, "cart", made(), when, MADE)
    assert known == {}


@pytest.mark.parametrize("name", ["cache-status", "warning"])
def test_quoted_text_that_never_ends_is_read_in_time(name: str) -> None:
    began = time.process_time()
    assert cache_hit({name: "; " + '"\\' * 32_000}) is None
    assert time.process_time() - began < 1


def test_names_of_any_length_are_not_kept() -> None:
    caches._is_of_cache.cache_clear()
    assert caches.cache_hit({"x" * 60_000 + "-cache": "HIT", "x-cache": "HIT"}) == "x-cache: HIT"
    assert caches._is_of_cache.cache_info().currsize == 1


def test_each_request_has_an_address_of_its_own() -> None:
    request = Request("GET", "https://shop.example/", {"page": "2"}, {"Accept": "*/*"})
    one, other = (caches.uncached(request, "_fresh") for _ in range(2))
    assert one.params["page"] == "2"
    assert one.headers.items() >= {("Accept", "*/*")}
    assert one.headers.items() >= caches.UNCACHED.items()
    assert one.params["_fresh"] != other.params["_fresh"]


@pytest.mark.parametrize("before", ["?", "?page=3&"])
def test_a_list_that_links_to_pages_of_an_earlier_request_is_refused(before: str) -> None:
    requests = [caches.uncached(Request("GET", "https://shop.example/"), "_x") for _ in range(2)]
    first, second = (
        Response(
            200, {"link": f"<https://shop.example/{before}_x={request.params['_x']}>"}, b"", ""
        )
        for request in requests
    )
    caches.refuse_kept(requests[0], first, "_x")
    with pytest.raises(StoreError, match="earlier request"):
        caches.refuse_kept(requests[0], second, "_x")


@pytest.mark.parametrize("link", ["", "<https://shop.example/?page=3>"])
def test_links_without_the_request_prove_nothing(link: str) -> None:
    request = caches.uncached(Request("GET", "https://shop.example/"), "_x")
    caches.refuse_kept(request, Response(200, {"link": link}, b"", ""), "_x")


def test_what_shows_nothing_is_refused_after_a_response_out_of_a_cache_until_a_fresh_one() -> None:
    cache, response = caches.PathCache(), Response(200, {}, b"", "https://shop.example/")
    cache.refuse(response, None)
    with pytest.raises(StoreError, match="has tax, which was not requested"):
        cache.refuse(response, "tax")
    with pytest.raises(StoreError, match="another response of the store"):
        cache.refuse(response, None)
    cache.refuse(response, "")
    cache.refuse(response, None)


def test_a_cache_that_nothing_showed_for_an_hour_is_no_reason_to_refuse_any_more() -> None:
    now = [0.0]
    cache = caches.PathCache(lambda: now[0])
    response = Response(200, {}, b"", "https://shop.example/")
    for now[0] in (0.0, 3000.0):
        with pytest.raises(StoreError, match="has tax"):
            cache.refuse(response, "tax")
    now[0] = 6500.0
    with pytest.raises(StoreError, match="another response of the store"):
        cache.refuse(response, None)
    now[0] = 6700.0
    cache.refuse(response, None)
