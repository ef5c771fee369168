"""Answers that are no JSON say what they are."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net import documents as answers
from store_exporter.platforms.woocommerce.marks import MARKS as WOOCOMMERCE

IMUNIFY = (
    '{"message": "Access denied by Imunify360 bot-protection. '
    'IPs used for automation should be whitelisted"}'
)


def response(
    body: bytes | str,
    status: int = 200,
    content_type: str = "application/json; charset=UTF-8",
    **headers: str,
) -> Response:
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status, {"content-type": content_type, **named}, data, "https://shop.example.com"
    )


def test_json_is_returned_whatever_the_status_with_exact_decimals() -> None:
    assert answers.document(response('{"a": 0.1}', 500)) == {"a": Decimal("0.1")}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"a": "ü€"}'.encode(), "application/json"),
        (b"\xef\xbb\xbf" + '{"a": "ü€"}'.encode(), "application/json; charset=UTF-8"),
        ('{"a": "ü€"}'.encode("utf-16"), "application/json"),
        ('{"a": "ü€"}'.encode("cp1252"), "application/json; charset=windows-1252"),
        (b"\n\n " + '{"a": "ü€"}'.encode() + b"\r\n", "text/html"),
        (b'{"a": "\\u00fc\\u20ac"}', 'application/json; charset="utf-8"'),
        (b"\xef\xbb\xbf" * 3 + '{"a": "ü€"}'.encode(), "application/json"),
        ('{"a": "ü€"}'.encode(), "application/json; charset=utf8mb4"),
    ],
    ids=[
        *("utf-8", "byte order mark", "utf-16", "declared", "space around it", "escaped"),
        *("a mark of each file", "no such encoding"),
    ],
)
def test_text_is_read_in_its_own_encoding(body: bytes, content_type: str) -> None:
    assert answers.document(response(body, content_type=content_type)) == {"a": "ü€"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Shop \ud83d", "Shop \ufffd"),
        (r"\udE00\ud83d\ude00", "\ufffd\N{GRINNING FACE}"),
        (r"C:\\ud83d", r"C:\ud83d"),
    ],
)
def test_half_a_character_never_gets_into_what_is_written_on(written: str, read: str) -> None:
    assert answers.parse(f'{{"a": "{written}"}}') == {"a": read}


CASES = [
    ("empty", 200, "", {}, "invalid_response", "empty"),
    ("cut off", 200, '{"a": [1, 2', {}, "invalid_response", "cut off"),
    ("a page", 200, "<!DOCTYPE html><title>My &amp; shop</title>", {}, "invalid_response", "page"),
    ("wrong bytes", 200, b'{"a": "\xff\xfe\xfa"}', {}, "invalid_response", "not text"),
    ("twice compressed", 200, gzip.compress(b"{}"), {}, "invalid_response", "compressed once more"),
    (
        "a comment of a cache",
        200,
        json.dumps({"a": "x" * 30_000}) + "<!-- Served from: shop.example.com -->",
        {},
        "invalid_response",
        "after the JSON: <!-- Served from",
    ),
    ("right back", 503, "<title>Wir sind gleich zurück</title>", {}, "maintenance", "gleich"),
    (
        "Cloudflare's block in a line",
        403,
        "error code: 1020",
        {"server": "cloudflare"},
        "blocked",
        "Cloudflare refuses",
    ),
    ("deep", 200, "[" * 100_000, {}, "invalid_response", "cut off"),
    ("not a number", 200, '{"a": NaN}', {}, "invalid_response", "broken"),
    ("endless number", 200, '{"a": ' + "9" * 5000 + "}", {}, "invalid_response", "broken"),
    (
        "login form",
        200,
        '<form name="loginform" id="loginform"><input name="log">',
        {},
        "redirect",
        "",
    ),
    (
        "notice of PHP",
        200,
        '<br />\n<b>Warning</b>: Undefined array key in <b>/x/y.php</b> on line 3<br />{"a": 1}',
        {},
        "invalid_response",
        "printed before",
    ),
    (
        "WordPress in maintenance",
        503,
        "Briefly unavailable for scheduled maintenance. Check back in a minute.",
        {},
        "maintenance",
        "",
    ),
    ("closed page", 200, "<html><title>Coming Soon</title>", {}, "maintenance", "Coming Soon"),
    (
        "Cloudflare's challenge",
        403,
        "<html><title>Just a moment...</title>",
        {"cf_mitigated": "challenge"},
        "blocked",
        "Cloudflare",
    ),
    (
        "Cloudflare under attack",
        503,
        "<title>Just a moment...</title>",
        {},
        "blocked",
        "Cloudflare",
    ),
    (
        "Cloudflare's block",
        403,
        "<title>Attention Required! | Cloudflare</title>",
        {},
        "blocked",
        "Cloudflare",
    ),
    (
        "Sucuri",
        403,
        "<title>Sucuri WebSite Firewall - Access Denied</title>",
        {},
        "blocked",
        "Sucuri",
    ),
    ("Wordfence", 403, "Generated by Wordfence at Mon", {}, "blocked", "Wordfence"),
    ("ModSecurity", 406, "<title>Not Acceptable!</title>", {}, "blocked", "ModSecurity"),
    ("a plain 403", 403, "<h1>Forbidden</h1>", {}, "blocked", "refuses"),
    ("password of the web server", 401, "<h1>401</h1>", {}, "blocked", "password"),
    (
        "maintenance in German",
        503,
        "<html><title>Wartungsarbeiten</title><h1>Kurz nicht verfügbar.</h1></html>",
        {},
        "maintenance",
        "Wartungsarbeiten",
    ),
    (
        "maintenance in a language that nobody here knows",
        503,
        "<html><title>Lorem</title><h1>Ipsum</h1></html>",
        {"retry_after": "600"},
        "maintenance",
        "Lorem",
    ),
    ("overload", 503, "<h1>Slow</h1>", {"retry_after": "5"}, "server_error", "503"),
    (
        "Apache's own 503",
        503,
        "<title>503 Service Unavailable</title><p>due to maintenance downtime or capacity problems",
        {},
        "server_error",
        "503",
    ),
    *(
        (f"WordPress' JSON, {said}", 503, json.dumps({"code": "wp_die", "message": said}), {}, *of)
        for said in (
            "Briefly unavailable.",
            "Kurzzeitig nicht verfügbar.",
            "しばらくお待ちください",
        )
        for of in [("maintenance", said)]
    ),
    (
        "a plugin's JSON",
        401,
        '{"code": "vip_maintenance_mode_rest_not_logged_in", "message": "Wait."}',
        {},
        "maintenance",
        "Wait.",
    ),
    (
        "a REST error that says when to come back",
        503,
        '{"error": "x"}',
        {"retry_after": "3600"},
        "maintenance",
        "x",
    ),
    ("SiteGround's challenge", 202, "<html>", {"sg_captcha": "challenge"}, "blocked", "SiteGround"),
    ("AWS WAF's challenge", 202, "", {"x_amzn_waf_action": "challenge"}, "blocked", "AWS WAF"),
    ("AWS WAF's captcha", 405, "<p>", {"x_amzn_waf_action": "captcha"}, "blocked", "AWS WAF"),
    ("AWS WAF's JSON", 403, '{"message": "Forbidden"}', {}, "blocked", "Forbidden"),
    *(
        (f"Imunify360's JSON, {status}", status, IMUNIFY, {}, "blocked", "Imunify360")
        for status in (200, 403, 409, 415)
    ),
    (
        "Cloudflare's JSON",
        403,
        '{"title": "Error 1020: Access denied", "status": 403, "cloudflare_error": true}',
        {},
        "blocked",
        "Cloudflare",
    ),
    (
        "a rule of somebody's own at Cloudflare",
        403,
        '{"success": false}',
        {"server": "cloudflare"},
        "blocked",
        "Cloudflare",
    ),
    (
        "Akamai's JSON",
        403,
        '{"detail": "no", "reference": "18.2d.17"}',
        {"server": "AkamaiGHost"},
        "blocked",
        "Akamai",
    ),
    (
        "DataDome's JSON",
        403,
        '{"url": "https://geo.captcha-delivery.com/captcha/?x"}',
        {},
        "blocked",
        "DataDome",
    ),
    ("plain permalinks", 404, "<h1>Not Found</h1>", {}, "api_not_found", "no API"),
    ("too many, as a page", 429, "<h1>Slow down</h1>", {}, "rate_limited", ""),
    ("bad gateway", 502, "<h1>502 Bad Gateway</h1><hr>nginx", {}, "server_error", "502"),
    (
        "WordPress without its database",
        500,
        "<title>Database Error</title><h1>Error establishing a database connection</h1>",
        {},
        "server_error",
        "Database Error: Error establishing a database connection",
    ),
    ("Cloudflare's own 5xx", 522, "error code: 522", {}, "server_error", "522"),
    ("a 500 without a body", 500, "", {}, "server_error", "500"),
    ("a teapot", 418, "I'm a teapot", {}, "invalid_response", "418"),
    ("moved", 301, "", {"location": "https://www.example.com/x?key=1"}, "redirect", "www.example"),
    ("to a login", 302, "", {"location": "/wp-login.php?redirect_to=x"}, "redirect", "login page"),
    ("moved nowhere", 302, "", {}, "redirect", "nowhere"),
    ("to no address", 302, "", {"location": "http://[::x"}, "redirect", "no address"),
]


def test_the_platforms_own_json_is_left_to_the_platform() -> None:
    for body, status in (
        ({"code": "woocommerce_rest_cannot_view", "message": "maintenance"}, 401),
        ({"code": "rest_forbidden", "message": "captcha"}, 403),
        ({"name": "Captcha pump", "description": "akamai"}, 200),
        ([{"message": "captcha"}], 200),
    ):
        assert answers.document(response(json.dumps(body), status), WOOCOMMERCE) == body


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "says"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_answered_instead_is_told_apart(
    status: int, body: bytes | str, headers: dict[str, str], kind: str, says: str
) -> None:
    with pytest.raises(StoreError) as caught:
        answers.document(response(body, status, **headers), WOOCOMMERCE)
    assert caught.value.error_type == kind
    assert says in caught.value.message
    assert caught.value.status == status
    assert len(caught.value.message) < 300


def test_a_message_quotes_no_query_and_no_key() -> None:
    location = "https://x.example/?consumer_key=ck_0123&consumer_secret=cs_4567&oauth_signature=abc"
    with pytest.raises(StoreError) as caught:
        answers.document(response("", 302, location=location), WOOCOMMERCE)
    shown = f"{caught.value.message} {WOOCOMMERCE.redact.line(location)}"
    for secret in ("ck_0123", "cs_4567", "oauth_signature=abc"):
        assert secret not in shown


def test_a_page_that_asks_for_a_password_is_a_login_page_whatever_the_platform() -> None:
    page = '<html><form action="/x"><input type="password" name="p"></form></html>'
    with pytest.raises(StoreError, match="login page") as caught:
        answers.document(response(page))
    assert caught.value.error_type == "redirect"


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_are_json_or_one_of_our_errors(body: bytes, status: int) -> None:
    try:
        answers.document(response(body, status))
    except StoreError as error:
        caught = error
        assert caught.message


@given(st.data())
def test_a_cut_document_is_never_taken_for_a_whole_one(data: st.DataObject) -> None:
    whole = json.dumps({"total": "100.00", "items": [1, 2, 3], "name": "Pump"})
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(StoreError):
        answers.document(response(whole[:cut]))
