"""WooCommerce's errors say who must act."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store_exporter.contract import Response
from store_exporter.errors import ERROR_TYPES, Fault, StoreError
from store_exporter.platforms.woocommerce.responses import READER

RECORDINGS = Path(__file__).parents[2] / "recordings" / "woocommerce-11.0.1"
URL = "https://shop.example.com/wp-json/wc/v3/orders"
STORE_API = "https://shop.example.com/wp-json/wc/store/v1/cart"
RECORDED = {
    "error_bad_parameter": "invalid_request",
    "error_basic_auth_over_http": "unauthorized",
    "error_no_auth": "unauthorized",
    "error_no_route": "api_not_found",
    "error_order_not_found": "not_found",
    "error_product_not_found": "not_found",
    "error_read_only_key": "forbidden",
    "error_wrong_key": "unauthorized",
    "error_wrong_secret": "unauthorized",
    "cart_add_out_of_stock": "out_of_stock",
    "cart_add_too_many": "out_of_stock",
    "cart_add_unknown_product": "not_found",
    "cart_add_without_token_or_nonce": "invalid_state",
    "cart_apply_coupon_expired": "invalid_coupon",
    "cart_apply_coupon_unknown": "invalid_coupon",
    "cart_remove_unknown_item": "not_found",
}


def recorded(name: str) -> Response:
    response = json.loads((RECORDINGS / f"{name}.json").read_text())["response"]
    body = json.dumps(response["body"]).encode()
    return Response(response["status"], response["headers"], body, URL)


def made(status: int, body: Any, url: str = URL) -> Response:
    return Response(status, {}, json.dumps(body).encode(), url)


def test_every_recorded_error_is_in_the_table() -> None:
    failed = {
        path.stem
        for path in RECORDINGS.glob("*.json")
        if json.loads(path.read_text())["response"]["status"] >= 400
    }
    assert failed == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_error_has_its_type(name: str) -> None:
    with pytest.raises(StoreError) as caught:
        READER.read(recorded(name))
    assert caught.value.error_type == RECORDED[name]
    assert "&quot;" not in caught.value.message
    assert caught.value.code
    assert caught.value.status


NOTICES = (
    b"<br />\n<b>Notice</b>:  Undefined index: a in <b>/srv/x.php</b> on line <b>3</b><br />\n",
    b'Warning: cannot read {"b": 1} in /srv/x.php on line 3\n\n',
    b"<!-- debug -->",
)


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_error_has_its_type_also_where_php_printed_notices_before_it(
    name: str, notice: bytes
) -> None:
    response = recorded(name)
    with pytest.raises(StoreError) as caught:
        READER.read(replace(response, body=notice + response.body))
    assert caught.value.error_type == RECORDED[name]


@pytest.mark.parametrize(
    "body",
    [
        b'<script>var a = {"code": "x"}</script><h1>Forbidden</h1>',
        b'Forbidden. Ray: {"code": "firewall"}',
        b'{"code": "rest_forbidden", "message": "cut',
    ],
)
def test_what_nobody_but_a_web_server_says_remains_its_refusal(body: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        READER.read(Response(403, {}, body, URL))
    assert caught.value.error_type == "blocked"


def test_faults_are_those_of_the_reference() -> None:
    faults = {name: ERROR_TYPES[kind].fault for name, kind in RECORDED.items()}
    assert faults["cart_add_out_of_stock"] is Fault.CUSTOMER
    assert faults["error_product_not_found"] is Fault.CUSTOMER
    assert faults["error_wrong_key"] is Fault.CONFIG
    assert faults["error_read_only_key"] is Fault.CONFIG
    assert faults["error_no_route"] is Fault.CONFIG
    assert faults["error_bad_parameter"] is Fault.APP


def test_all_types_in_the_tables_are_of_the_closed_list() -> None:
    assert set(READER.codes.values()) | set(READER.statuses.values()) <= set(ERROR_TYPES)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."},
            "not_found",
        ),
        (
            500,
            {"code": "woocommerce_rest_invalid_order_id", "message": "x", "data": 404},
            "not_found",
        ),
        (500, {"code": "internal_server_error", "message": "<p>Critical</p>"}, "server_error"),
        (500, {"code": "a_plugins_own", "message": "x", "data": 500}, "server_error"),
        (403, {"code": "woocommerce_rest_cannot_view", "message": "Sorry"}, "forbidden"),
        (400, {"code": "rate_limit_exceeded", "message": "Too many"}, "rate_limited"),
        (401, {"code": "rest_not_logged_in", "message": "Sorry"}, "unauthorized"),
        (404, {"code": "a_plugins_own", "message": "x"}, "api_not_found"),
        (410, {"code": "wp_die", "message": "This site is no longer available."}, "api_not_found"),
        (400, {"code": 7, "message": ["x"]}, "invalid_request"),
        (429, {"error": "slow down"}, "rate_limited"),
        (418, {}, "blocked"),
        (502, [], "server_error"),
        (503, "closed", "server_error"),
        (404, None, "api_not_found"),
    ],
)
def test_the_code_decides_before_the_status(status: int, body: Any, kind: str) -> None:
    with pytest.raises(StoreError) as caught:
        READER.read(made(status, body))
    assert caught.value.error_type == kind


UNSEEN = ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
REFUSED = "woocommerce_rest_authentication_error"


@pytest.mark.parametrize(
    ("scheme", "code", "said", "words"),
    [
        ("https", *UNSEEN, "drop the Authorization header"),
        ("http", *UNSEEN, "drop the query"),
        ("http", REFUSED, "Invalid signature - it does not match.", "changes the host"),
        ("http", REFUSED, "Consumer key is invalid.", ""),
    ],
)
def test_a_key_that_is_refused_may_be_right(scheme: str, code: str, said: str, words: str) -> None:
    """A server before the store may change a request; WooCommerce 11.0.1 says so behind nginx."""
    error = {"code": code, "message": said, "data": {"status": 401}}
    with pytest.raises(StoreError) as caught:
        READER.read(replace(made(401, error), url=f"{scheme}://a.example/wp-json/wc/v3/orders"))
    assert (caught.value.error_type, caught.value.code) == ("unauthorized", code)
    assert said in caught.value.message
    assert words in caught.value.message
    assert words or caught.value.message == said


@pytest.mark.parametrize("url", [URL, STORE_API])
def test_a_wordpress_without_woocommerce_is_distinguished_from_a_wrong_address(url: str) -> None:
    """As WordPress 6.8 says it in German where the plugin is not active."""
    said = "Es wurde keine Route gefunden, die mit der URL und der Request-Methode identisch ist."
    with pytest.raises(StoreError, match=r"activate the plugin WooCommerce.*keine Route") as caught:
        READER.read(made(404, {"code": "rest_no_route", "message": said}, url))
    assert caught.value.error_type == "api_not_found"


def test_the_key_of_somebody_who_may_not_manage_the_shop_says_whose_it_has_to_be() -> None:
    """As WooCommerce 11.0.1 refuses the key of an author or a customer."""
    body = {"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 403}}
    with pytest.raises(StoreError, match=r"owner of the key.*shop manager.*Sorry\.") as caught:
        READER.read(made(403, body))
    assert (caught.value.error_type, caught.value.code) == ("forbidden", body["code"])


@pytest.mark.parametrize(
    ("code", "data", "kind"),
    [
        ("rest_no_route", {"status": 404}, "api_not_found"),
        ("woocommerce_rest_cannot_view", {"status": "401"}, "unauthorized"),
        ("woocommerce_rest_cannot_view", 403, "forbidden"),
        ("a_plugins_own", None, "invalid_response"),
    ],
)
def test_an_error_with_a_status_of_success_is_an_error(code: str, data: Any, kind: str) -> None:
    body = {"code": code, "message": "No", "data": data}
    with pytest.raises(StoreError) as caught:
        READER.read(made(200, body))
    assert caught.value.error_type == kind


def test_a_resource_that_happens_to_have_a_code_is_none() -> None:
    coupon = {"code": "save10", "amount": "10.00", "message": "Welcome"}
    assert READER.read(made(200, coupon)) == coupon


def test_messages_are_short_and_without_markup_and_secrets() -> None:
    message = "<p>Key ck_0123456789 &quot;x&quot; is <b>bad</b></p>" + "x" * 5000
    with pytest.raises(StoreError) as caught:
        READER.read(made(401, {"code": "woocommerce_rest_c", "message": message}))
    assert caught.value.message.startswith('Key <masked> "x" is bad')
    assert len(caught.value.message) <= 301


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Der API-Schlüssel hat keine Leserechte.", "forbidden"),
        ("La clave de API no tiene permisos de lectura.", "forbidden"),
        ("提供されたAPIキーには読み取り権限がありません。", "forbidden"),
        ("Der Kundenschlüssel ist ungültig.", "unauthorized"),
        ("La clé secrète du client est erronée.", "unauthorized"),
        ("Invalid timestamp.", "unauthorized"),
    ],
)
def test_a_key_without_permission_is_distinguished_from_a_bad_one_in_any_language(
    message: str, kind: str
) -> None:
    body = {"code": "woocommerce_rest_authentication_error", "message": message}
    with pytest.raises(StoreError) as caught:
        READER.read(made(401, body))
    assert caught.value.error_type == kind


@pytest.mark.parametrize(("signed", "is_late"), [(1_700_000_000, False), (1_700_003_600, True)])
def test_a_signature_that_clocks_make_invalid_is_no_fault_of_the_key(
    signed: int, is_late: bool
) -> None:
    """WooCommerce says so in the shop's language."""
    body = {"code": "woocommerce_rest_authentication_error", "message": "Ungültig."}
    url = f"{URL.replace('https:', 'http:')}?oauth_timestamp={signed}"
    refused = made(401, body, url)
    dated = replace(refused, headers={**refused.headers, "date": "Tue, 14 Nov 2023 22:13:20 GMT"})
    with pytest.raises(StoreError) as caught:
        READER.read(dated)
    said = caught.value.message
    assert ("are 3600 s apart" in said and "(Ungültig.)" in said) is is_late
    assert caught.value.error_type == "unauthorized"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "woocommerce_rest_missing_nonce", "invalid_state"),
        (403, "woocommerce_rest_invalid_nonce", "invalid_state"),
        (403, "woocommerce_rest_cart_coupon_error", "invalid_coupon"),
    ],
)
def test_what_the_store_refuses_for_its_own_reasons_closes_no_api(
    status: int, code: str, kind: str
) -> None:
    """WooCommerce 7.8 and 8.2 refuse a change of a cart without a nonce in this way."""
    with pytest.raises(StoreError) as caught:
        READER.read(made(status, {"code": code, "message": "No.", "data": None}, STORE_API))
    assert (caught.value.error_type, caught.value.message) == (kind, "No.")


@pytest.mark.parametrize(
    "code", ["rest_not_logged_in", "rest_disabled", "rest_cannot_access", "rest_login_required"]
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_request_that_carries_no_key_never_blames_the_key(status: int, code: str) -> None:
    body = {"code": code, "message": "You are not logged in."}
    with pytest.raises(StoreError, match=r"no key: .*exclude wc/store.*You are not") as caught:
        READER.read(made(status, body, STORE_API))
    assert (caught.value.error_type, caught.value.code) == ("blocked", code)


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Forbidden"},
        {"error": "Access denied", "ray": "8f"},
        {"code": "ip_banned", "message": "Your address is not welcome"},
        # Of Disable REST API, Password Protected and Disable WP REST API.
        {"code": "rest_cannot_access", "message": "Only authenticated users can access the API."},
        {"code": "rest_login_required", "message": "REST API restricted to authenticated users."},
        # Of themes; WordPress itself gives this code to a 404.
        {"code": "rest_disabled", "message": "REST API отключен для неавторизованных"},
        {"code": 403, "message": "no"},
        ["no"],
        "no",
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_the_platforms_own_code_is_blocked(status: int, body: Any) -> None:
    with pytest.raises(StoreError) as caught:
        READER.read(made(status, body))
    assert caught.value.error_type == "blocked"


@pytest.mark.parametrize("status", [401, 403, 200])
def test_a_plugin_that_takes_the_key_for_its_own_token_is_no_refusal_of_the_key(
    status: int,
) -> None:
    body = {"code": "jwt_auth_invalid_token", "message": "Wrong number of segments"}
    with pytest.raises(StoreError, match=r"set credentials_in_query.*Wrong number") as caught:
        READER.read(made(status, {**body, "data": {"status": 403}}))
    assert caught.value.error_type == "blocked"


def test_a_key_that_wordpress_takes_for_an_application_password_is_not_known() -> None:
    """Where one is in use, and a plugin asks who is logged in (WordPress 7.1)."""
    body = {"code": "invalid_username", "message": "Unbekannter Benutzername."}
    with pytest.raises(StoreError, match=r"does not know the key.*\(Unbekannter") as caught:
        READER.read(made(401, {**body, "data": {"status": 401}}))
    assert caught.value.error_type == "unauthorized"


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": "wp_die", "message": "Members only.", "data": {"status": "403"}}',
        b'{"code": "acme_closed", "message": "Members only.", "data": {"status": 403}}',
        b"<title>Members only</title><div class='wp-die-message'>Members only.</div>",
    ],
)
def test_a_plugin_by_which_the_store_refuses_visitors_is_no_cdn_before_it(body: bytes) -> None:
    refusal = Response(403, {"server": "cloudflare"}, body, STORE_API)
    with pytest.raises(StoreError, match="a plugin of the store refuses the request") as caught:
        READER.read(refusal)
    assert caught.value.error_type == "blocked"


def test_a_plugin_that_counts_requests_limits_them_and_blocks_nobody() -> None:
    style = "<style>" + ".top-accent{height:25px}" * 400 + "</style>"
    page = (
        f"<title>Your access to this site has been limited</title>{style}<p>Block Reason: Exceeded "
        f"the maximum number of requests per minute for crawlers.</p>{' ' * 4000}<p>Generated by "
        "Wordfence</p>"
    )
    with pytest.raises(StoreError, match="Wordfence refuses too many") as caught:
        READER.read(Response(503, {"retry-after": "49"}, page.encode(), URL))
    assert caught.value.error_type == "rate_limited"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (403, "blocked", "the store's plugin acme-lock refuses the request"),
        (503, "maintenance", "closed for now by its plugin acme-lock"),
    ],
)
def test_a_page_that_a_plugin_shows_instead_of_the_shop_names_it(
    status: int, kind: str, words: str
) -> None:
    link = '<link href="https://shop.example.com/wp-content/plugins/acme-lock/lock.css">'
    link += '<link href="https://shop.example.com/wp-content/plugins/woocommerce/a.css">'
    page = f"<title>Acme</title>{link}<p>Please try again later.</p>".encode()
    with pytest.raises(StoreError, match=words) as caught:
        READER.read(Response(status, {"server": "cloudflare"}, page, STORE_API))
    assert caught.value.error_type == kind


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Database Error", "Error establishing a database connection"),
        ("Service unavailable", "Too many connections"),
        ("Acme", "503: Backend fetch failed"),
        ("Resource Limit Is Reached", "Please try again later"),
        ("Acme", "Temporarily unable to service your request due to capacity problems."),
    ],
)
def test_a_failure_is_none_of_a_plugin_whose_files_its_page_uses(title: str, words: str) -> None:
    """A theme's page for errors has the files of what the theme is built with."""
    link = '<link href="https://shop.example.com/wp-content/plugins/elementor/a.css">'
    page = f"<title>{title}</title>{link}<p>{words}</p>".encode()
    with pytest.raises(StoreError) as caught:
        READER.read(Response(503, {}, page, URL))
    assert caught.value.error_type == "server_error"


def test_a_page_with_the_files_of_several_plugins_is_none_of_theirs() -> None:
    links = "".join(f'<link href="/wp-content/plugins/acme-{n}/a.css">' for n in "ab")
    with pytest.raises(StoreError, match="the web server refuses") as caught:
        READER.read(Response(403, {}, f"<title>Acme</title>{links}".encode(), STORE_API))
    assert caught.value.error_type == "blocked"


def test_a_page_of_the_theme_is_none_of_the_one_plugin_that_it_is_built_with() -> None:
    links = "".join(
        f'<link href="/wp-content/{path}/a.css">' for path in ("themes/acme", "plugins/elementor")
    )
    page = f"<title>Acme</title>{links}".encode()
    with pytest.raises(StoreError, match="a plugin of the store refuses") as caught:
        READER.read(Response(403, {"server": "cloudflare"}, page, STORE_API))
    assert caught.value.error_type == "blocked"


def test_a_page_in_the_apis_place_that_says_closed_in_its_heading_is_maintenance() -> None:
    page = (
        b"<html><link href='/wp-content/a.css'><body><h1>Our site is coming soon</h1></body></html>"
    )
    with pytest.raises(StoreError, match="Our site is coming soon") as caught:
        READER.read(Response(200, {}, page, STORE_API))
    assert caught.value.error_type == "maintenance"


@pytest.mark.parametrize(
    "links",
    [
        "<a class='button' href='/shop/'>All tents</a>",
        "<a href='https://shop.example.com/en/product/tent/'>The tent</a>",
        "".join(f"<a href='https://shop.example.com/{x}/'></a>" for x in ("zelte", "wir", "hilfe")),
    ],
)
def test_a_front_in_the_apis_place_that_announces_something_is_no_closed_shop(links: str) -> None:
    page = f"<html><link href='/wp-content/a.css'><h1>Our tents are coming soon</h1>{links}</html>"
    with pytest.raises(StoreError) as caught:
        READER.read(Response(200, {}, page.encode(), STORE_API))
    assert caught.value.error_type == "invalid_response"


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        ({"per_page": "per_page must be between 1 (inclusive) and 20 (inclusive)"}, None),
        ({"per_page": "per_page muss zwischen 1 (einschließlich) und 20 (…) liegen"}, None),
        ({"per_page": "Too many"}, None),
        (["per_page"], None),
        ({"per_page": "per_page must be between 1 and 100 (inclusive)"}, "invalid_request"),
        ({"after": "Invalid date."}, "invalid_request"),
        ([], "invalid_request"),
        (None, "invalid_request"),
    ],
)
def test_a_page_that_a_plugin_does_not_allow_is_too_large_and_no_bug_of_the_caller(
    refused: object, kind: str | None
) -> None:
    body = {
        "code": "rest_invalid_param",
        "message": "Invalid parameter(s): per_page",
        "data": {"status": 400, "params": refused, "details": {}},
    }
    response = replace(recorded("error_bad_parameter"), body=json.dumps(body).encode())
    with pytest.raises(StoreError) as caught:
        READER.read(response)
    assert caught.value.error_type == (kind or "response_too_large")
