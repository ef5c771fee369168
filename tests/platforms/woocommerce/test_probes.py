"""Probes against a simulated store over loopback."""

from __future__ import annotations

import json
import re
from email.utils import formatdate
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.contract import Collector, Probe, Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.woocommerce.collectors import COLLECTORS
from store_exporter.platforms.woocommerce.probes import PROBES
from store_exporter.probing.driver import Http
from store_exporter.probing.jobs import jobs_of
from store_exporter.stores.model import Store

from .pages import WORDPRESS, page
from .watching import Watched, count_orders, figures, watching

CURRENCY = "/wp-json/wc/v3/settings/general/woocommerce_currency"
NETWORKED = ("liveness", "cart", "storefront")


@pytest.mark.parametrize("name", sorted(set(PROBES) - {"tls", "dns"}))
async def test_a_healthy_store_passes_every_probe_and_is_not_degraded(name: str) -> None:
    async with watching(orders=0) as store:
        report = await store.probe(name)
        assert list(report.degraded) == []
        assert report.summary
        assert len(store.asked()) == PROBES[name].requests


@pytest.mark.parametrize(
    ("url", "run"),
    [
        ("https://shop.example.com", {"tls", "dns"}),
        ("http://shop.example.com", {"dns"}),
        ("https://192.0.2.7", {"tls"}),
        ("http://[2001:db8::1]:8080", set()),
    ],
)
def test_what_a_store_has_not_is_not_watched_instead_of_green(url: str, run: set[str]) -> None:
    store = Store("acme", "shop.example.com", "woocommerce", url)
    names = {job.name for job in jobs_of(store)}
    assert names & {"tls", "dns"} == run


async def test_liveness_requests_one_setting_with_the_key() -> None:
    async with watching(orders=0, currency="EUR") as store:
        report = await store.probe("liveness")
        assert "EUR" in report.summary
        assert store.asked() == [CURRENCY]


async def test_a_cart_is_read_without_key_token_or_cookie() -> None:
    async with watching(orders=0) as store:
        await store.probe("cart")
        await store.probe("cart")
        for _, path in store.shop.requests:
            asked, _, query = path.partition("?")
            assert asked == "/wp-json/wc/store/v1/cart"
            # The last parameter is there for caches alone.
            assert re.fullmatch("_fields=items_count%2Ctotals%2C.*&_fresh=[0-9a-f]{12}", query)


def test_exactly_one_probe_is_the_liveness_probe() -> None:
    assert [name for name, probe in PROBES.items() if probe.liveness] == ["liveness"]
    assert {name for name, probe in PROBES.items() if probe.critical} == set(NETWORKED)


def test_all_probes_and_collectors_leave_most_of_the_hourly_budget_to_pages_of_orders() -> None:
    checks: list[Probe | Collector] = [*PROBES.values(), *COLLECTORS.values()]
    budget = Store("acme", "shop.example.com", "woocommerce", "https://x").requests_per_hour
    assert sum(check.requests * 3600 / check.interval for check in checks) < budget / 3


@pytest.mark.parametrize("name", NETWORKED)
async def test_a_slow_response_is_degraded(name: str) -> None:
    async with watching(orders=0) as store:
        store.http.phases = {"connect": 0.5, "processing": 6.0, "transfer": 0.1}
        report = await store.probe(name)
        assert "6.6 s" in report.degraded[0]
        assert list((await store.probe(name, slow_after=7.0)).degraded) == []


@pytest.mark.parametrize(
    ("skew", "words"), [(400, "400 s ahead of ours"), (-400, "400 s behind ours")]
)
async def test_clocks_that_are_apart_are_degraded(skew: int, words: str) -> None:
    async with watching(orders=0) as store:
        store.http.date = formatdate(store.clock.now + skew, usegmt=True)
        assert words in (await store.probe("liveness")).degraded[0]
        assert list((await store.probe("liveness", clock_skew=600)).degraded) == []


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
async def test_a_date_that_is_none_says_nothing_about_the_clock(date: str) -> None:
    async with watching(orders=0) as store:
        store.http.date = date
        assert list((await store.probe("liveness")).degraded) == []


async def test_a_revoked_key_is_unauthorized_and_the_shop_still_sells() -> None:
    async with watching(orders=0) as store:
        store.shop.keys.revoke(store.key)
        with pytest.raises(StoreError) as raised:
            await store.probe("liveness")
        assert raised.value.error_type == "unauthorized"
        await store.probe("cart")
        await store.probe("storefront")


@pytest.mark.parametrize(
    ("methods", "missing"),
    [([], True), ({}, True), ({"1": "mollie_wc_gateway_ideal"}, False), (["bacs"], False)],
    ids=str,
)
async def test_an_empty_cart_proves_nothing_about_payment_unless_the_shop_says_so(
    methods: Any, missing: bool
) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(change=lambda cart: {**cart, "payment_methods": methods}))
        assert not (await store.probe("cart")).degraded
        report = await store.probe("cart", require_payment_method=True)
        told = ["The checkout offers no payment method."]
        assert list(report.degraded) == (told if missing else [])


async def test_one_cart_for_all_visitors_is_an_invalid_response() -> None:
    async with watching(orders=0) as store:
        kept = {"Cart-Token": "everybody.s.token"}
        store.shop.faults.add(Fault(change=lambda cart: {**cart, "items_count": 3}, headers=kept))
        with pytest.raises(StoreError, match="cache"):
            await store.probe("cart")


async def test_a_cart_into_which_the_shop_puts_a_gift_is_a_cart() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(change=lambda cart: {**cart, "items_count": 1}))
        assert "a new cart with 1 items" in (await store.probe("cart")).summary


async def test_the_cart_of_a_store_without_a_numbered_store_api_is_found() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.version = (6, 3)
        assert "an empty cart" in (await store.probe("cart")).summary
        assert [path for _, path in store.shop.requests][-1].startswith("/wp-json/wc/store/cart")


class SilentCache:
    """Answers each path out of its memory, whatever the query, and does not say so."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._kept: dict[str, Response] = {}

    async def send(self, request: Request) -> Response:
        if request.url not in self._kept:
            self._kept[request.url] = await self._http.send(request)
        return self._kept[request.url]


@pytest.mark.parametrize("name", ["liveness", "cart"])
async def test_a_response_that_a_silent_cache_kept_proves_nothing(name: str) -> None:
    async with watching(orders=0) as store:
        store.http.date = formatdate(store.clock.now, usegmt=True)
        watcher = store.watcher()
        watcher.http = SilentCache(watcher.http)
        await watcher.run(PROBES[name], {})
        store.clock.now += 60
        with pytest.raises(StoreError, match="cache that does not say so"):
            await watcher.run(PROBES[name], {})


FILE = "/srv/www/wp-content/plugins/odd-plugin/odd.php"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            {
                "type": 1,
                "message": f"Uncaught TypeError: x in {FILE}:12\nStack trace:\n#0 {{main}}",
                "file": FILE,
                "line": 12,
            },
            f"a fatal error of PHP in {FILE} (line 12): Uncaught TypeError: x in {FILE}:12",
        ),
        (None, "There has been a critical error."),
        ("x", "There has been a critical error."),
        ({"message": 7}, "There has been a critical error."),
        ({"message": "boom"}, "There has been a critical error."),
        ({"message": "boom", "file": ["x"], "line": 3}, "There has been a critical error."),
    ],
)
async def test_what_wordpress_displays_of_a_failed_program_is_quoted(
    error: object, said: str
) -> None:
    """As WordPress 7.1 responds to a client of JSON if it displays errors."""
    body = {
        "code": "internal_server_error",
        "message": "<p>There has been a critical error.</p>",
        "data": {"status": 500, "error": error},
        "additional_errors": [],
    }
    async with watching(orders=0) as store:
        fault = Fault(status=500, body=json.dumps(body), content_type="application/json")
        store.shop.faults.add(fault)
        for name in ("liveness", "cart"):
            with pytest.raises(StoreError) as raised:
                await store.probe(name)
            assert (raised.value.error_type, raised.value.message) == ("server_error", said)


ANSWERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "an error of WordPress that is a success": (
        "liveness",
        {"body": page("WordPress: Fehler", '<div class="wp-die-message">Es gab' + WORDPRESS)},
        "server_error",
    ),
    "a fatal error of PHP that is a success": (
        "cart",
        {"body": "<br />\n<b>Fatal error</b>:  Uncaught Error: x"},
        "server_error",
    ),
    "an error of a proxy that is a success": (
        "liveness",
        {"body": page("503 Backend fetch failed")},
        "server_error",
    ),
    "a host that has not been paid": (
        "liveness",
        {
            "status": 402,
            "body": '{"error": "Payment required"}',
            "content_type": "application/json",
        },
        "maintenance",
    ),
    "no currency": ("liveness", {"change": lambda _: {"id": "x"}}, "invalid_response"),
    "a null currency": ("liveness", {"change": lambda _: {"value": None}}, "invalid_response"),
    "a currency in words": (
        "liveness",
        {"change": lambda _: {"value": "pounds sterling"}},
        "invalid_response",
    ),
    "a list": ("liveness", {"change": lambda _: ["GBP"]}, "invalid_response"),
    "null": ("liveness", {"change": lambda _: None}, "invalid_response"),
    "a page instead of the API": ("liveness", {"body": "<html>Hello</html>"}, "invalid_response"),
    "an API that is gone": (
        "liveness",
        {
            "status": 404,
            "body": '{"code": "rest_no_route", "message": "No route", "data": {"status": 404}}',
            "content_type": "application/json",
        },
        "api_not_found",
    ),
    "plain permalinks": ("liveness", {"status": 404, "body": "<html>"}, "api_not_found"),
    "a broken plugin": ("liveness", {"status": 500}, "server_error"),
    "a host's limit": ("liveness", {"status": 429, "body": ""}, "rate_limited"),
    "a cart without totals": ("cart", {"change": lambda _: {"items_count": 0}}, "invalid_response"),
    "a cart without a count": ("cart", {"change": lambda _: {"items": []}}, "invalid_response"),
    "a cart that is null": ("cart", {"change": lambda _: None}, "invalid_response"),
    "a count below zero": (
        "cart",
        {"change": lambda cart: {**cart, "items_count": -1}},
        "invalid_response",
    ),
    "a currency that is missing": (
        "cart",
        {"change": lambda cart: {**cart, "totals": {"total_price": "0"}}},
        "invalid_response",
    ),
    "the Store API's own limit": (
        "cart",
        {
            "status": 400,
            "body": '{"code": "rate_limit_exceeded", "message": "Too many requests", '
            '"data": {"status": 400}}',
            "content_type": "application/json",
        },
        "rate_limited",
    ),
    "a Store API that is off": (
        "cart",
        {
            "status": 404,
            "body": '{"code": "rest_no_route", "message": "No route", "data": {"status": 404}}',
            "content_type": "application/json",
        },
        "api_not_found",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_a_response_that_makes_no_sense_fails_with_its_error_type(case: str) -> None:
    name, fault, error_type = ANSWERS[case]
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(**fault))
        with pytest.raises(StoreError) as raised:
            await store.probe(name)
        assert raised.value.error_type == error_type


async def test_payment_methods_that_make_no_sense_are_not_held_against_the_cart() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(change=lambda cart: {**cart, "payment_methods": None}))
        assert list((await store.probe("cart")).degraded) == []


def over_https(store: Watched, days: float | None) -> None:
    """Have the probe think that it goes over https, with a certificate for so many days."""
    expiry = None if days is None else store.clock.now + days * 86_400
    store.http.certificate_expiry = expiry
    store.http.pretend_https = True


async def test_a_certificate_shows_when_it_expires() -> None:
    async with watching(orders=0) as store:
        over_https(store, 60)
        report = await store.probe("tls")
        assert figures(report) == {
            "store_tls_certificate_expiry_timestamp_seconds": store.clock.now + 60 * 86_400
        }
        assert list(report.degraded) == []
        assert store.asked() == ["/wp-includes/images/blank.gif"]


async def test_a_certificate_that_is_about_to_expire_is_degraded() -> None:
    async with watching(orders=0) as store:
        over_https(store, 10)
        assert "expires in 10 days" in (await store.probe("tls")).degraded[0]
        assert not (await store.probe("tls", warn_days=7)).degraded


async def test_a_connection_without_a_certificate_is_a_tls_error() -> None:
    async with watching(orders=0) as store:
        over_https(store, None)
        with pytest.raises(StoreError) as raised:
            await store.probe("tls")
        assert raised.value.error_type == "tls"


async def test_a_name_that_does_not_resolve_is_a_dns_error() -> None:
    async with watching(orders=0) as store:
        store.url = "https://no-such-shop.invalid"
        with pytest.raises(StoreError) as raised:
            await store.probe("dns")
        assert raised.value.error_type == "dns"


async def test_a_name_that_is_none_is_a_dns_error() -> None:
    async with watching(orders=0) as store:
        store.url = f"https://{'a' * 70}.example"
        with pytest.raises(StoreError) as raised:
            await store.probe("dns")
        assert raised.value.error_type == "dns"


async def test_a_name_that_resolves_needs_no_request() -> None:
    async with watching(orders=0) as store:
        store.url = store.url.replace("127.0.0.1", "localhost")
        report = await store.probe("dns")
        assert "addresses of localhost: " in report.summary
        ((labels, value),) = [(sample.labels, sample.value) for sample in report.samples]
        assert (labels, value) == ({"network": "127.0.0.0/24"}, 1)
        assert store.asked() == []


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("liveness", {"slow_after": "soon"}),
        ("liveness", {"clock_skew": -5}),
        ("tls", {"warn_days": None}),
        ("storefront", {"slow_after": True}),
    ],
)
async def test_an_option_that_makes_no_sense_is_an_invalid_request(
    name: str, options: dict[str, Any]
) -> None:
    async with watching(orders=0) as store:
        over_https(store, 60)
        store.http.date = formatdate(store.clock.now, usegmt=True)
        with pytest.raises(StoreError) as raised:
            await store.probe(name, **options)
        assert raised.value.error_type == "invalid_request"


@pytest.mark.parametrize("code", ["U$", "points", "€"])
async def test_a_shop_with_a_currency_of_its_own_is_alive_and_its_orders_count(code: str) -> None:
    """As plugins and snippets add some, with whatever code they like."""
    async with watching(orders=0, currency=code) as store:
        assert code.upper() in (await store.probe("liveness")).summary
        assert code.upper() in (await store.probe("cart")).summary
        await count_orders(store)
        store.shop.new_order("processing", total="5.00")
        found = await count_orders(store)
        assert found[f"store_revenue_total{{{code.upper()}}}"] == 5
