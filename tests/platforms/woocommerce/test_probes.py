"""Probes against a simulated store over loopback."""

from __future__ import annotations

import gzip
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

from .watching import Watched, figures, watching

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


async def test_liveness_asks_for_one_setting_with_the_key() -> None:
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


async def test_the_configured_page_is_the_one_that_is_read() -> None:
    async with watching(orders=0) as store:
        store.settings["storefront_path"] = "/shop/"
        await store.probe("storefront")
        assert store.asked() == ["/shop/"]


async def test_the_page_of_a_shop_in_a_folder_is_in_that_folder() -> None:
    async with watching(orders=0) as store:
        store.url += "/boutique"
        await store.probe("storefront")
        assert store.asked() == ["/boutique/"]


def test_exactly_one_probe_is_the_liveness_probe() -> None:
    assert [name for name, probe in PROBES.items() if probe.liveness] == ["liveness"]
    assert {name for name, probe in PROBES.items() if probe.critical} == set(NETWORKED)


def test_all_probes_and_collectors_leave_most_of_the_hourly_budget_to_pages_of_orders() -> None:
    checks: list[Probe | Collector] = [*PROBES.values(), *COLLECTORS.values()]
    budget = Store("acme", "shop.example.com", "woocommerce", "https://x").requests_per_hour
    assert sum(check.requests * 3600 / check.interval for check in checks) < budget / 3


@pytest.mark.parametrize("name", NETWORKED)
async def test_a_slow_answer_is_degraded(name: str) -> None:
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


async def test_a_page_that_says_coming_soon_is_degraded() -> None:
    async with watching(orders=0) as store:
        page = '<html><body class="woocommerce-coming-soon-site">soon</body></html>'
        store.shop.faults.add(Fault(body=page))
        assert "coming soon" in (await store.probe("storefront")).degraded[0]


async def test_a_cart_into_which_the_shop_puts_a_gift_is_a_cart() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(change=lambda cart: {**cart, "items_count": 1}))
        assert "a new cart with 1 items" in (await store.probe("cart")).summary


FRONT = '<!DOCTYPE html><html><body class="woocommerce"><a href="/shop/">Shop</a></body></html>'
SHOWN = {
    "a page that something before the store changed": {"status": 203, "body": FRONT},
    "a page that is accepted": {"status": 202, "body": FRONT},
    "a page with half a character": {"body": FRONT.encode().replace(b">Shop", b">Sh\xc3p")},
    "a page whose type stands there twice": {
        "body": FRONT,
        "content_type": "text/html, text/html; charset=UTF-8",
    },
    "a page of another charset than it says": {
        "body": FRONT.replace("Shop", "Käse").encode("latin-1"),
        "content_type": "text/html; charset=UTF-8",
    },
}


@pytest.mark.parametrize("case", SHOWN)
async def test_a_page_that_browsers_show_is_a_page(case: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(**SHOWN[case]))  # type: ignore[arg-type]
        assert (await store.probe("storefront")).degraded == []


@pytest.mark.parametrize(
    "page",
    [
        '<meta http-equiv="refresh" content="0; url=/shop/">',
        "<META content='1;URL=/shop/' http-equiv='Refresh'>",
        "<html><script>window.location.replace('/shop/')</script></html>",
    ],
)
async def test_a_page_that_only_leads_on_is_judged_by_where_it_leads(page: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(path="/shop/", status=500))
        store.shop.faults.add(Fault(path="/", body=page))
        with pytest.raises(StoreError, match="HTTP 500"):
            await store.probe("storefront")


HEAD = "<!DOCTYPE html><html><head><title>Acme</title><link href='/wp-content/x.css'>"


async def test_a_page_that_ends_within_its_head_shows_nothing() -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=HEAD))
        with pytest.raises(StoreError, match="ends within its head") as raised:
            await store.probe("storefront")
        assert raised.value.error_type == "server_error"


@pytest.mark.parametrize(
    ("rest", "reasons"),
    [
        ("</head><body><a href='/shop/'>Shop</a><p>Half a", 1),
        ("</head><body><a href='/shop/'>Shop</a></body>", 0),
        ("</head><body><a href='/shop/'>Shop</a></html>", 0),
        ("<body><a href='/shop/'>Shop</a>", 0),
        ("</head><a href='/shop/'>Shop</a>", 0),
    ],
)
async def test_a_page_that_has_no_end_is_degraded(rest: str, reasons: int) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=HEAD + rest))
        assert len((await store.probe("storefront")).degraded) == reasons


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Acme", "<h1>We&#8217;ll be back soon!</h1><p>Sorry for the inconvenience.</p>"),
        ("Site is undergoing maintenance", "<p>Thank you for being patient.</p>"),
        ("Boutique", "<h2>Site en maintenance</h2>"),
        ("ショップ メンテナンス中", "<p>.</p>"),
        ("Site Offline", "<p>.</p>"),
        ("Acme", "<img src='a.png'>This site is currently undergoing maintenance."),
        # As plugins make it of what people design.
        (
            "Acme is under maintenance",
            "<div class='module' style='margin:10px auto'>\n\n</div>" * 200,
        ),
        ("Acme is under maintenance", "<style>" + ".a{margin:0}" * 3000 + "</style><p>.</p>"),
        (
            "Acme is under maintenance",
            "".join(f"<a href='https://{name}.example/acme/shop-of-acme'>.</a>" for name in "abcd"),
        ),
    ],
)
async def test_a_plugins_page_that_says_closed_and_no_more_is_degraded(
    title: str, body: str
) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=page(title, WORDPRESS + body)))
        (sentence,) = (await store.probe("storefront")).degraded
        assert sentence.startswith("Visitors see a page that says the shop is closed: ")


@pytest.mark.parametrize(
    "paths", [("shop",), ("fr/product/tente",), ("zelte", "ueber-uns", "mein-konto")]
)
async def test_a_small_front_that_announces_something_is_no_closed_shop(
    paths: tuple[str, ...],
) -> None:
    async with watching(orders=0) as store:
        links = (f"<a class='a' href='https://shop.example.com/{path}/'>Go</a>" for path in paths)
        body = f"<h1>Our new tents are coming soon</h1>{''.join(links)}"
        store.shop.faults.add(Fault(body=page("Acme", WORDPRESS + body)))
        assert not (await store.probe("storefront")).degraded


async def test_the_cart_of_a_store_without_a_numbered_store_api_is_found() -> None:
    async with watching(orders=0) as store:
        store.shop.shop.habits.version = (6, 3)
        assert "an empty cart" in (await store.probe("cart")).summary
        assert [path for _, path in store.shop.requests][-1].startswith("/wp-json/wc/store/cart")


PAGES: dict[str, tuple[dict[str, Any], str]] = {
    "a server error": ({"status": 500}, "server_error"),
    "a critical error that is a success": (
        {"body": "<p>There has been a critical error on this website.</p>"},
        "server_error",
    ),
    "a fatal error of PHP that is a success": (
        {"body": "<br /><b>Fatal error</b>: Uncaught Error: Call to undefined function"},
        "server_error",
    ),
    "a fatal error of PHP without markup that is a success": (
        {
            "body": "<!DOCTYPE html><html><body><a href='/shop/'>Shop</a>\nFatal error: "
            "Allowed memory size of 134217728 bytes exhausted in /srv/x.php on line 3\n"
        },
        "server_error",
    ),
    "a database that was lost in the middle of a page": (
        {
            "body": "<!DOCTYPE html><html><a href='/shop/'>Shop</a><div id='error'><p><strong>"
            "WordPress database error:</strong> [MySQL server has gone away]<br /></div></html>"
        },
        "server_error",
    ),
    "a lost database": (
        {"status": 500, "body": "<h1>Error establishing a database connection</h1>"},
        "server_error",
    ),
    "maintenance": (
        {"status": 503, "body": "<p>Briefly unavailable for scheduled maintenance.</p>"},
        "maintenance",
    ),
    "maintenance that is a success": (
        {"body": "<p>Briefly unavailable for scheduled maintenance.</p>"},
        "maintenance",
    ),
    "a page that is not there": ({"status": 404}, "invalid_response"),
    "an empty page": ({"body": ""}, "invalid_response"),
    "white space": ({"body": " \n "}, "invalid_response"),
    "JSON": ({"body": "{}", "content_type": "application/json"}, "invalid_response"),
    "text that is no HTML": ({"body": "It works!"}, "invalid_response"),
    "a page compressed without a word": (
        {"body": gzip.compress(b"<html>A shop</html>")},
        "invalid_response",
    ),
    "a password of the web server": ({"status": 401}, "blocked"),
    "a firewall": ({"status": 403, "body": "<title>Forbidden</title>"}, "blocked"),
    "a bot check": (
        {"status": 403, "body": "<title>Just a moment...</title>", "headers": {}},
        "blocked",
    ),
    "a redirect that is not followed": (
        {"status": 302, "headers": {"Location": "https://elsewhere.example/"}},
        "redirect",
    ),
    "a dropped connection": ({"drop": True}, "connection"),
}


@pytest.mark.parametrize("case", PAGES)
async def test_a_page_that_is_no_shop_fails_with_its_error_type(case: str) -> None:
    fault, error_type = PAGES[case]
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(**fault))
        with pytest.raises(StoreError) as raised:
            await store.probe("storefront")
        assert raised.value.error_type == error_type


def page(title: str, body: str = "<p>Hello</p>") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"


PLACEHOLDERS = {
    page("Welcome to nginx!"): "a web server's default page (Welcome to nginx!)",
    page("Apache2 Debian Default Page: It works"): "a web server's default page",
    page("Apache2 Ubuntu Default Page: It works"): "a web server's default page",
    "<html><body><h1>It works!</h1></body></html>\n": "a web server's default page (It works!)",
    page("Test Page for the HTTP Server on AlmaLinux"): "a web server's default page",
    page("Test Page for the Nginx HTTP Server on Fedora"): "a web server's default page",
    page("HTTP Server Test Page powered by: Rocky Linux"): "a web server's default page",
    page("IIS Windows Server"): "a web server's default page",
    page("Default Web Site Page"): "a hosting panel's default page",
    page("Web Server&#39;s Default Page"): "a hosting panel's default page",
    page("Domain Default page"): "a hosting panel's default page",
    "<html>Apache is functioning normally</html>": "a hosting panel's default page",
    page("Welcome!", "<p>by the file <b>standard_index.html</b>"): "a hosting panel's default page",
    page("恭喜\uff0c站点创建成功\uff01"): "a hosting panel's default page",
    page("Account Suspended"): "the notice of a suspended account (Account Suspended)",
    page("Index of /"): "a list of files (Index of /)",
    page("/", "<p>Served with Caddy"): "a list of files (/)",
    page("shop.example.com - /wp/"): "a list of files",
    page("Parked Domain name on Hostinger DNS system"): "a parked domain's page",
    '<html data-adblockkey="MFww" lang="en"><body>': "a parked domain's page",
}
"""What stands where there is no shop, with HTTP 200, and what it is called."""


@pytest.mark.parametrize("body", PLACEHOLDERS)
async def test_a_page_where_there_is_no_site_is_called_by_its_name(body: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=body))
        with pytest.raises(StoreError, match=re.escape(PLACEHOLDERS[body])) as raised:
            await store.probe("storefront")
        assert raised.value.error_type == "invalid_response"


WORDPRESS = '<link rel="stylesheet" href="/wp-content/themes/x/style.css">'
"""What every page that WordPress makes has of some kind."""


@pytest.mark.parametrize(
    "body",
    [
        page("Welcome to nginx! - Books for administrators"),
        page(
            "Plesk and cPanel hosting | Example", "<p>Web Server's Default Page: how to change it"
        ),
        page("Index of our products"),
        page("Account suspended? Read this | Help", WORDPRESS),
        page("Parked domain: what now? | Help", WORDPRESS),
        page("Firewall appliances and captchas", WORDPRESS),
        '<meta http-equiv="refresh" content="0; url=/shop/">',
        '<meta http-equiv="refresh" content="0; url=http://127.0.0.1:80/shop/">',
        page("Please wait! | Toys", WORDPRESS),
        page("Wartung und Pflege von Rädern", WORDPRESS),
        page("Home", "<script>grecaptcha.render()</script><form>" + WORDPRESS),
        page("Domains for sale", "<p>This domain is parked. Buy this domain."),
        page("It works! Magnets for every day"),
        page("Acme - Installation"),
        page("PHP Fatal error: what now? | Help", WORDPRESS),
        page("Help", f"<p>Read what a Fatal error: Uncaught Error means.</p>{WORDPRESS}"),
    ],
)
async def test_a_shop_that_speaks_of_such_pages_is_a_shop(body: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=body))
        report = await store.probe("storefront")
        assert "bytes" in report.summary
        assert report.degraded == []


STRANGERS = {
    page("Strona domyślna serwera"): ("invalid_response", "a hosting panel's default page"),
    page("Compte suspendu - Hébergeur"): ("invalid_response", "a suspended account"),
    page("Domínio estacionado"): ("invalid_response", "a parked domain's page"),
    page("Hier entsteht eine neue Internetpräsenz"): ("invalid_response", "no such site"),
    page("My shop", "<?php require 'wp-blog-header.php';"): ("invalid_response", "source"),
    page("Human Verification", "<form>"): ("blocked", "Human Verification"),
    page("Zugriff verweigert"): ("blocked", "Zugriff verweigert"),
    page("Shop", "<div id='sec-if-cpt-container'>" + WORDPRESS): ("blocked", "Akamai"),
    '<meta http-equiv="refresh" content="0; url=https://new.example/x">': (
        "redirect",
        "new.example",
    ),
    "<script>window.location.replace('https://new.example/')</script>": ("redirect", "new.example"),
    page("Wartungsarbeiten"): ("maintenance", "Wartungsarbeiten"),
    page("WordPress: Fehler", '<div class="wp-die-message">Es gab'): ("server_error", "WordPress"),
    "PHP Fatal error:  Uncaught Error: Class &quot;X&quot; not found" + WORDPRESS: (
        "server_error",
        "a fatal error of PHP",
    ),
    page(
        "WordPress &rsaquo; Installation",
        '<form id="setup" method="post" action="install.php?step=2">',
    ): (
        "invalid_response",
        "a WordPress that is not installed yet",
    ),
    page(
        "WordPress &rsaquo; Setup Configuration File",
        '<a href="setup-config.php?step=1&language=en">',
    ): (
        "invalid_response",
        "a WordPress that is not installed yet",
    ),
}
"""Pages that come with HTTP 200 and that the shop's platform did not make."""


@pytest.mark.parametrize("body", STRANGERS)
async def test_a_page_that_the_platform_did_not_make_is_no_shop(body: str) -> None:
    error_type, says = STRANGERS[body]
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=body))
        with pytest.raises(StoreError, match=says) as raised:
            await store.probe("storefront")
        assert raised.value.error_type == error_type


@pytest.mark.parametrize(
    "mark", ['class="home elementor-maintenance-mode"', "/plugins/wp-maintenance-mode/assets/x.css"]
)
async def test_a_page_of_a_plugin_that_closes_the_site_is_degraded(mark: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=page("Soon", f"<p {mark}>{WORDPRESS}")))
        assert "coming soon" in (await store.probe("storefront")).degraded[0]


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
async def test_an_answer_that_a_silent_cache_kept_proves_nothing(name: str) -> None:
    async with watching(orders=0) as store:
        store.http.date = formatdate(store.clock.now, usegmt=True)
        watcher = store.watcher()
        watcher.http = SilentCache(watcher.http)
        await watcher.run(PROBES[name], {})
        store.clock.now += 60
        with pytest.raises(StoreError, match="cache that does not say so"):
            await watcher.run(PROBES[name], {})


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
    "a currency in words": ("liveness", {"change": lambda _: {"value": "£"}}, "invalid_response"),
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
async def test_an_answer_that_makes_no_sense_fails_with_its_error_type(case: str) -> None:
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


async def test_a_certificate_tells_when_it_expires() -> None:
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
        assert "localhost has" in report.summary
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
