"""Requests signed with OAuth 1.0a, by a key alone and no token: RFC 5849, HMAC-SHA256. No I/O."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def signed_query(
    method: str,
    url: str,
    params: Mapping[str, str],
    *,
    key: str,
    secret: str,
    timestamp: float,
    nonce: str,
) -> dict[str, str]:
    """Return the query of a request with its signature.

    Args:
        method: in upper case.
        url: without the query, in its normal form.
        params: the query, each name once.
        key: the consumer key.
        secret: of the same key.
        timestamp: Unix time in seconds.
        nonce: a string that is used once.
    """
    query = {
        **params,
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(timestamp)),
    }
    # Sorted by the undecorated name, and there is no token, hence the bare "&".
    pairs = "&".join(f"{_encode(name)}={_encode(query[name])}" for name in sorted(query))
    base = f"{method}&{_encode(url)}&{_encode(pairs)}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    query["oauth_signature"] = base64.b64encode(digest).decode()
    return query


def _encode(text: str) -> str:
    """Percent-encode as RFC 3986 has it."""
    return quote(text, safe="-_.~")
