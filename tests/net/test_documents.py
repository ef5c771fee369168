"""Answers that are no JSON say what they are."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.errors import StoreError
from store_exporter.net import documents as answers
from store_exporter.platforms.woocommerce.marks import MARKS as WOOCOMMERCE
from tests.net.not_json import CASES
from tests.net.responses import response


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


def test_json_that_can_just_be_read_is_judged_however_deep_it_is_nested() -> None:
    for depth in range(800, 1000):
        nested = response("[" * depth + "]" * depth, 401, content_type="application/json")
        with pytest.raises(StoreError) as caught:
            answers.document(nested)
        assert caught.value.error_type == "blocked"


def test_the_platforms_own_json_is_left_to_the_platform() -> None:
    for body, status in (
        ({"code": "woocommerce_rest_cannot_view", "message": "maintenance"}, 401),
        ({"code": "rest_forbidden", "message": "captcha"}, 403),
        ({"name": "Captcha pump", "description": "akamai"}, 200),
        ([{"message": "captcha"}], 200),
        ({"title": "Website protection plan", "price": "9.99"}, 200),
    ):
        assert answers.document(response(json.dumps(body), status), WOOCOMMERCE) == body


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "says"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_responds_instead_of_the_store_is_distinguished(
    status: int, body: bytes | str, headers: dict[str, str], kind: str, says: str
) -> None:
    with pytest.raises(StoreError) as caught:
        answers.document(response(body, status, **headers), WOOCOMMERCE)
    assert caught.value.error_type == kind
    assert says in caught.value.message
    assert caught.value.status == status
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("502 Bad Gateway", "the store responded with HTTP 502 (Bad Gateway)"),
        ("502", "the store responded with HTTP 502"),
        ("Oops | 502", "the store responded with HTTP 502 (Oops | 502)"),
    ],
)
def test_a_title_that_begins_with_the_status_does_not_say_it_twice(
    title: str, message: str
) -> None:
    with pytest.raises(StoreError) as caught:
        answers.document(response(f"<title>{title}</title><h1>{title}</h1>", 502), WOOCOMMERCE)
    assert caught.value.message == message


def test_what_a_page_of_a_failure_says_without_a_heading_is_quoted() -> None:
    """As WordPress 6.8 shows a fatal error of PHP to visitors."""
    page = (
        '<!DOCTYPE html><html lang="de-DE"><head><title>WordPress &rsaquo; Fehler</title><style>'
        'p{color:red}</style></head><body id="error-page"><div class="wp-die-message"><p>Es gab '
        'einen kritischen Fehler auf deiner Website.</p><p><a href="https://wordpress.org/x">'
        "Erfahre mehr über die Problembehandlung in WordPress.</a></p></div></body></html>"
    )
    with pytest.raises(StoreError, match="Es gab einen kritischen Fehler auf deiner") as caught:
        answers.document(response(page, 500), WOOCOMMERCE)
    assert caught.value.error_type == "server_error"


def test_a_message_quotes_no_query_and_no_key() -> None:
    location = "https://x.example/?consumer_key=ck_0123&consumer_secret=cs_4567&oauth_signature=abc"
    with pytest.raises(StoreError) as caught:
        answers.document(response("", 302, location=location), WOOCOMMERCE)
    shown = f"{caught.value.message} {WOOCOMMERCE.redact.line(location)}"
    for secret in ("ck_0123", "cs_4567", "oauth_signature=abc"):
        assert secret not in shown


def test_a_page_that_asks_for_a_password_is_a_login_page_on_every_platform() -> None:
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


@pytest.mark.parametrize(
    ("declared", "meta", "encoding"),
    [
        ("text/html", "<meta charset='Shift_JIS'>", "shift_jis"),
        ("text/html", '<meta http-equiv="Content-Type" content="text/html; charset = gbk">', "gbk"),
        ("text/html; charset=Shift_JIS", "<meta charset=gbk>", "shift_jis"),
        ("", "<meta charset=no-such-encoding>", "utf-8"),
    ],
)
def test_a_page_names_its_encoding_itself_where_no_header_does(
    declared: str, meta: str, encoding: str
) -> None:
    page = f"<!DOCTYPE html><html><head>{meta}<title>メンテナンス中</title></head></html>"
    error = answers.no_document(response(page.encode(encoding), 503, declared))
    assert (error.error_type, "メンテナンス中" in error.message) == ("maintenance", True)


@pytest.mark.parametrize(
    "page",
    [
        "Fatal error: Uncaught Error: no such class in /x/y.php:3",
        "Fatal error: Uncaught Error: no such class in /x/y.php on line 3",
        "<b>Fatal error</b>:  Uncaught Error: no such class in <b>/x/y.php</b> on line <b>3</b>",
    ],
)
def test_a_failure_of_php_is_known_on_the_first_line_with_the_program_that_failed(
    page: str,
) -> None:
    failed = "a fatal error of PHP in /x/y.php (line 3): Uncaught Error: no such class"
    warned = f"<b>Warning</b>: x in <b>/a.php</b> on line <b>1</b><br />\n{page}"
    for status, source, said in (
        (200, page, f"the page reports {failed}"),
        (200, warned, f"the page reports {failed}"),
        (500, warned, f"the store responded with HTTP 500 ({failed})"),
    ):
        error = answers.no_document(response(source, status), WOOCOMMERCE)
        assert (error.error_type, error.message) == ("server_error", said)


@pytest.mark.parametrize(
    "name", ["Café Humano", "Perché Umano", "Essere Umano", "Eres Humano", "Профилактика"]
)
def test_a_shops_name_is_no_test_of_visitors_and_no_notice(name: str) -> None:
    for status in (200, 503):
        error = answers.no_document(response(f"<html><title>{name}</title>", status))
        assert error.error_type in ("invalid_response", "server_error"), error.message
