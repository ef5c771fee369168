"""Credentials do not come through, in whatever form somebody else wrote them."""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.probing.masking import MASK, masked, masked_lines
from store_exporter.stores.model import Secret, Store


def store(**credentials: str) -> Store:
    secrets = {name: Secret(value) for name, value in credentials.items()}
    return Store("acme", "a", "woocommerce", "https://a", credentials=secrets)


@settings(deadline=None)
@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=60),
    before=st.text(max_size=20),
)
def test_a_secret_is_masked_wherever_it_stands(secret: str, before: str) -> None:
    text = masked_lines(f"{before} {secret} {quote(secret)}", store(key=secret))
    assert secret not in text.replace(MASK, "")


def test_a_basic_authorization_is_masked() -> None:
    one = store(consumer_key="key-of-mine", consumer_secret="secret-of-mine")
    token = b64encode(b"key-of-mine:secret-of-mine").decode()
    assert masked(f"token {token}!", one) == f"token {MASK}!"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic dXNlcjpwYXNz",
        "Bearer abc.def-ghi",
        "ck_aaaabbbb",
        "shpat_0a1b2c3d",
        "?oauth_signature=Zm9v%3D",
    ],
)
def test_what_looks_like_a_credential_is_masked_whosever_it_is(text: str) -> None:
    told = masked(text, store())
    assert MASK in told
    assert re.split("[= ]", text)[-1] not in told


def test_a_message_is_one_short_line() -> None:
    told = masked("a\n b\t" + "x" * 1000, store(), limit=10)
    assert told == "a b xxxxxx…"
