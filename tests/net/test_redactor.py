"""Secrets do not come through, in whatever form somebody else wrote them."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.net.redactor import MASK, Redactor
from store_exporter.platforms import base
from store_exporter.platforms.base import redactor_of
from store_exporter.stores.model import Secret, Store

VALUES = st.text(st.characters(codec="utf-8"), min_size=4, max_size=30)
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=60)


def hiding(*values: str) -> Redactor:
    return Redactor(Secret(value) for value in values)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=5), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_survives_in_any_text(values: list[str], before: str, after: str) -> None:
    cleaned = hiding(*values)(before + after.join(values) + after)
    for value in values:
        # The mask itself, or a join of what is left, may spell a short secret by chance.
        if value not in MASK and value not in before + after:
            assert value not in re.sub(rf"{MASK}|\\u[0-9a-f]{{4}}", "\ud800", cleaned)


FORMS: Mapping[str, Callable[[str], str]] = {
    "plainly": str,
    "in JSON": lambda value: json.dumps(value)[1:-1],
    "in Python": lambda value: repr(value)[1:-1],
    "in a page": html.escape,
    "in an address": quote,
    "in a query": quote_plus,
    "wholly percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded in lower case": lambda value: re.sub(
        "%..", lambda found: found.group().lower(), quote(value, safe="")
    ),
}


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None)
@given(value=VALUES)
def test_a_secret_is_found_in_every_form(form: str, value: str) -> None:
    written = FORMS[form](value)
    if len(written) >= 4:
        assert hiding(value)(f"ä {written} ä") == f"ä {MASK} ä"


@settings(deadline=None)
@given(
    secret=PRINTABLE.filter(lambda value: len(value) >= 8),
    before=st.text(max_size=12),
    after=st.text(max_size=4),
)
def test_a_secret_is_found_within_base64(secret: str, before: str, after: str) -> None:
    around = f"{before}:{secret}{after}".encode(errors="replace")
    for encoded in (b64encode(around).decode(), urlsafe_b64encode(around).decode()):
        left = hiding(secret)(f"x/{encoded}")
        assert MASK in left
        # Not more than what stood around it, and the bits that it shared a character with.
        assert len(left.replace(MASK, "")) <= 2 + len(encoded) - (len(secret) * 4 // 3 - 3)


def test_base64_of_anything_else_stays() -> None:
    text = f"the digest {b64encode(b'nothing to hide here').decode()}="
    assert hiding("a secret of ours")(text) == text


SECRET = "q8Zr-1vXk-77Ta-wLmP"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {SECRET[:9]}", f"key {MASK}"),
        (f"key {SECRET[:9]}… is wrong", f"key {MASK}… is wrong"),
        (f"key {SECRET[:9]}... is wrong", f"key {MASK}... is wrong"),
        (f"key {SECRET[:15]}' is wrong", f"key {MASK}' is wrong"),
        (f"key {SECRET[:7]}", f"key {SECRET[:7]}"),
        (f"key {SECRET[:9]} is wrong", f"key {SECRET[:9]} is wrong"),
    ],
)
def test_a_secret_that_was_cut_off_is_masked_where_enough_is_left(text: str, expected: str) -> None:
    assert hiding(SECRET)(text) == expected


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=100))
def test_a_text_without_secrets_does_not_change(text: str) -> None:
    if not re.search("(?i)basic|bearer|oauth|://", text):
        assert Redactor()(text) == text
        assert hiding("abc", "")(text) == text


def test_a_secret_that_begins_with_another_is_masked_whole() -> None:
    assert hiding("abcd", "abcdef")("x abcdef abcd") == f"x {MASK} {MASK}"


def test_secrets_of_before_are_not_forgotten() -> None:
    redact = hiding("old-secret")
    redact.add([Secret("new-secret")], [r"\bnumber-\d+"])
    redact.add([Secret("third-secret")])
    assert redact("old-secret new-secret number-1") == f"{MASK} {MASK} {MASK}"


def test_what_a_tenant_is_shown_of_its_own_words_confirms_no_guess() -> None:
    redact = hiding("another-tenants-token", "hunter2")
    guesses = "another-tenan… another-tenants-to hunter2"
    assert redact.of_tenant(guesses) == guesses
    assert redact.of_tenant("another-tenants-token a:\x1b Bearer abcdefgh") == (
        f"{MASK} a:\\u001b {MASK}"
    )


LOOKS = {
    "woocommerce": ("ck_aaaabbbb", "cs_0123456789"),
    "shopify": (
        "shpat_0a1b2c3d",
        "shpss_0a1b2c3d",
        "X-Shopify-Storefront-Access-Token: 0123456789abcdef",
        '"client_secret": "0123456789abcdef"',
        "sig1=:c2lnbmF0dXJlb2ZvbmVzaG9w:",
    ),
}
ANYBODYS = (
    "Authorization: Basic dXNlcjpwYXNz",
    "Bearer abc.def-ghi",
    "?oauth_signature=Zm9v%3D",
    "https://user:hunter22@proxy.example.com",
)


def test_of_each_platform_credentials_are_tried() -> None:
    missing = set(base.built_in()) - LOOKS.keys()
    assert not missing, f"add to LOOKS how credentials of {', '.join(missing)} look in an error"


@pytest.mark.parametrize(
    ("platform", "text"),
    [(name, text) for name in base.built_in() for text in (*LOOKS.get(name, ()), *ANYBODYS)],
)
def test_what_looks_like_a_credential_is_masked_whosever_it_is(platform: str, text: str) -> None:
    told = redactor_of(Store("acme", "a", platform, "https://a")).line(text)
    assert MASK in told
    assert not re.search("aaaabbbb|0123456789|0a1b2c3d|dXNlcjpwYXNz|abc.def|Zm9v|hunter22", told)


def test_a_line_is_one_short_line_and_is_masked_before_it_is_cut() -> None:
    assert Redactor().line("a\n b\t" + "x" * 1000, 10) == "a b xxxxxx…"
    assert hiding(SECRET).line(f"12345 {SECRET}", 10) == "12345 <mas…"
    assert Redactor().line("") == ""


@pytest.mark.parametrize("character", "\0\x1b\r\x7f\x85\u202e\u2066\u200f\u2028\ufeff\ud800\udfff")
def test_what_steers_a_terminal_or_turns_the_writing_is_escaped(character: str) -> None:
    text = f"a{character}b\tc\nd"
    assert Redactor()(text) == f"a\\u{ord(character):04x}b\tc\nd"


def test_an_escape_in_a_line_of_json_is_still_json() -> None:
    line = json.dumps({"msg": "a\u202eb"}, ensure_ascii=False)
    assert json.loads(Redactor()(line)) == {"msg": "a\u202eb"}


def test_a_thousand_secrets_cost_no_more_than_one() -> None:
    redact = hiding(*(f"secret-number-{number:04d}-of-many" for number in range(1000)))
    assert redact("no secret-number-9999-of-few, but secret-number-0042-of-many").endswith(MASK)
