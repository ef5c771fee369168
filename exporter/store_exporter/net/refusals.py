"""What answers mean that web servers, firewalls and CDNs give by a status or number, as data."""

from __future__ import annotations

import re

PLAIN_TO_TLS = (
    "the plain http request was sent to https port",
    "speaking plain http to an ssl-enabled server port",
    "client sent an http request to an https server",
)
"""What nginx, Apache and programs in Go answer to plain HTTP at a port that speaks TLS."""
WANTS_CERTIFICATE = ("no required ssl certificate was sent", "the ssl certificate error")
"""What nginx answers to who shows no certificate of a client, or a wrong one."""

REFUSING = (202, 400, 401, 403, 405, 406, 409, 415, 429, 451, 503)
"""Statuses with which firewalls and CDNs refuse a request, besides 200."""
FIREWALLS = frozenset({418, 428, 430, 444, 468, 493, 999})
"""Statuses with which only firewalls answer an API's client: Huawei Cloud, Akamai, SafeLine, 360,
WebKnight, and rules that people write for nginx."""

_NUMBER = re.compile(r"(?:error code: |\"error_code\": ?|cf-error-code\">|>error )(1[0-9]{3})\b")
_NOT_FOUND = "Cloudflare does not find the store's server: correct its DNS records there"
_NOT_TAKEN = "Cloudflare does not serve this name: add it to the store's account there"
CLOUDFLARE: dict[str, tuple[str, str]] = {
    "1000": ("server_error", _NOT_FOUND),
    "1001": ("server_error", _NOT_FOUND),
    "1003": ("invalid_response", "Cloudflare wants a host name and no IP address in the url"),
    "1004": ("server_error", _NOT_FOUND),
    "1013": ("invalid_response", "Cloudflare got one name by TLS and another by HTTP"),
    "1014": ("server_error", _NOT_TAKEN),
    "1015": ("rate_limited", "a limit that the store set at Cloudflare is reached"),
    "1016": ("server_error", _NOT_FOUND),
    "1018": ("server_error", _NOT_TAKEN),
    "1033": ("server_error", "the store's tunnel to Cloudflare is down: start cloudflared again"),
    "1101": ("server_error", "a worker that the store runs at Cloudflare failed"),
    "1102": ("server_error", "a worker that the store runs at Cloudflare used too much time"),
}
"""Error type and meaning by Cloudflare's own number, of those that are no refusal.
https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/
"""


def of_cloudflare(source: str) -> tuple[str, str] | None:
    """Return the error type and words of a number of Cloudflare's; None for a refusal or none.

    Args:
        source: a page, a line or JSON, in lower case.
    """
    match = _NUMBER.search(source)
    if match is None or match[1] not in CLOUDFLARE:
        return None
    error_type, words = CLOUDFLARE[match[1]]
    return error_type, f"{words} (error {match[1]})"
