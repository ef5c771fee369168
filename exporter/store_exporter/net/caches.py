"""Whether a response came out of a cache, by its headers. No I/O.

Page caches, CDNs and reverse proxies each say so in a header of their own. A response that was
made for somebody else, or a while ago, proves neither that a store is alive nor what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from functools import lru_cache

from ..contract import Response
from ..errors import StoreError

UNCACHED: Mapping[str, str] = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
"""Headers by which a request asks for a fresh answer; `Pragma` is for caches of HTTP/1.0."""

_TELLING = re.compile(r"cache($|-status$|-hits?$|-lookup$|-result$|-fetch(-status)?$)")
"""What the names of headers end with that tell it, such as `x-litespeed-cache`, `cf-cache-status`,
`x-cache`, `x-proxy-cache`, `x-cache-hits`, `x-srcache-fetch-status` or `x-hcdn-cache-status`."""
_MORE = (
    *("x-ac", "x-varnish-cache", "x-served-from-cache", "server-timing", "x-drupal-cache"),
    *("x-wp-cached-call", "x-nananana", "swiftperformance", "x-swift-performance", "x-breeze"),
)
"""Names beyond that pattern."""
_WITHIN = re.compile(r"object|redis|memcache|op-?cache|opcode|apcu|sql|query|dns|transient|^x-qm")
"""Names of caches that the store itself asks while it makes a response."""
_SERVED = {"hit", "stale", "updating", "hits", "cached", "served"}
"""Words by which they say so. `REVALIDATED` and `REFRESH_HIT` asked the store first."""
_ASKED = {"refresh", "revalidated", "refreshhit", "miss", "bypass", "expired", "dynamic", "no"}
_SAME_SECOND = 2.0
_STANDARD = re.compile(r";\s*hit(\s*[;,=]|\s*$)")


def cache_hit(headers: Mapping[str, str]) -> str | None:
    """Return the header that says that a response came from a cache; None without one.

    Args:
        headers: names in lower case.
    """
    for name, value in headers.items():
        if _says_so(name, value.lower()):
            return f"{name}: {value[:60]}"
    return None


def _says_so(name: str, value: str) -> bool:
    if name == "age":
        return value.strip().isdecimal() and int(value[:12]) > 0
    if name == "cache-status":
        return _STANDARD.search(value) is not None
    if name == "x-varnish":
        # Two numbers: this request's, and that of the request whose response was kept.
        return len(value.split()) == 2 and value.replace(" ", "").isdecimal()
    if not _tells(name):
        return False
    # Several caches in a row each add a part, and one that kept the response is enough.
    return any(_is_hit(part) for part in value.split(",") if not _WITHIN.search(part))


@lru_cache(maxsize=1024)
def _tells(name: str) -> bool:
    """Whether a header of this name tells of a cache."""
    return name in _MORE or bool(_TELLING.search(name) and not _WITHIN.search(name))


def _is_hit(part: str) -> bool:
    words = set(re.findall(r"[a-z]+", part))
    counted = part.strip()
    if counted.isdecimal():
        return int(counted[:12]) > 0
    return bool(words & _SERVED) and not words & _ASKED


def refuse_cached(response: Response) -> None:
    """Refuse a response that came out of a cache.

    Raises:
        StoreError: invalid_response, which says by what header it was seen.
    """
    header = cache_hit(response.headers)
    if header is not None:
        message = (
            f"the answer came from a cache ({header}), not from the store: "
            "exclude the store's API from caching"
        )
        raise StoreError("invalid_response", message, status=response.status)


def refuse_repeated(
    known: MutableMapping[str, tuple[str, float]],
    name: str,
    response: Response,
    now: float,
    headers: Sequence[str] = ("date",),
) -> None:
    """Refuse a response that repeats an earlier one, from a cache that does not say so.

    Args:
        known: by what the last responses were known, and when they came; this one is added.
        name: of what was asked for.
        response: the response.
        now: Unix time.
        headers: by which two responses of the store are told apart, the most certain first.

    Raises:
        StoreError: invalid_response, which says by what header it was seen.
    """
    header = next((made for made in headers if response.headers.get(made)), None)
    if header is None:
        return
    value = response.headers[header]
    last, came = known.get(name, ("", now))
    if value == last and now - came >= _SAME_SECOND:
        message = (
            f"the answer is the one of {now - came:.0f} s ago ({header}: {value[:40]}), out of a "
            "cache that does not say so: exclude the store's API from caching"
        )
        raise StoreError("invalid_response", message, status=response.status)
    known[name] = (value, now)
