"""Which pages the storefront probe takes for the shop, and which it does not."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault
from store_exporter.errors import StoreError

from .pages import WORDPRESS, page
from .watching import watching


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


async def test_a_page_that_says_coming_soon_is_degraded() -> None:
    async with watching(orders=0) as store:
        page = '<html><body class="woocommerce-coming-soon-site">soon</body></html>'
        store.shop.faults.add(Fault(body=page))
        assert "coming soon" in (await store.probe("storefront")).degraded[0]


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
    "PHP without the extension that a plugin's files need": (
        {
            "body": "Site error: the <a href='http://www.ioncube.com'>ionCube</a> PHP Loader needs "
            "to be installed. This is a widely used PHP extension. Please visit "
            "<a href='http://get-loader.ioncube.com'>get-loader.ioncube.com</a>"
        },
        "server_error",
    ),
    "a test of visitors with the status of a redirect": (
        {
            "status": 307,
            "body": "<html><title>You are being redirected...</title>"
            "<script>var s={},sucuri_cloudproxy_js='',S='cz0i';</script></html>",
        },
        "blocked",
    ),
    "a redirect to nowhere": ({"status": 302, "body": ""}, "redirect"),
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
    "mark",
    [
        'class="home elementor-maintenance-mode"',
        "/plugins/wp-maintenance-mode/assets/x.css",
        "/plugins/maintenance/frontend/css/style.css?ver=1795856024",
    ],
)
async def test_a_page_of_a_plugin_that_closes_the_site_is_degraded(mark: str) -> None:
    async with watching(orders=0) as store:
        store.shop.faults.add(Fault(body=page("Soon", f"<p {mark}>{WORDPRESS}")))
        assert "coming soon" in (await store.probe("storefront")).degraded[0]
