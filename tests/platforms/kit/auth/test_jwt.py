"""What a token says of itself."""

from __future__ import annotations

import pytest

from store_exporter.platforms.kit.auth import jwt


@pytest.mark.parametrize(
    "token",
    ["", "a.b", "a.!!.c", "a.e30.c", "a.WzFd.c", "a.eyJleHAiOiJ4In0.c", "a.eyJleHAiOjFlOTl9.c"],
)
def test_a_token_that_says_nothing_has_no_end(token: str) -> None:
    assert jwt.expiry(token) is None
