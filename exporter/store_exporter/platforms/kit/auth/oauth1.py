"""Signs requests with OAuth 1.0a, with a key but no token: RFC 5849, HMAC-SHA256. No I/O."""

from __future__ import annotations

import base64
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

    The method is in upper case, the address in its normal form and without the query, the timestamp
    in Unix seconds. `nonce` is a string that is used once.
    """
    query = {
        **params,
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(timestamp)),
    }
    pairs = "&".join(f"{_encode(name)}={_encode(query[name])}" for name in sorted(query))
    base = f"{method}&{_encode(url)}&{_encode(pairs)}"
    digest = hmac.digest(f"{secret}&".encode(), base.encode(), "sha256")
    return {**query, "oauth_signature": base64.b64encode(digest).decode()}


def _encode(text: str) -> str:
    """Percent-encode as RFC 3986 requires."""
    return quote(text, safe="-_.~")
