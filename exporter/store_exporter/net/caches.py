"""Recognises responses of caches by their headers. No I/O.

Page caches, CDNs and reverse proxies each have their own header for it. A response that was made
earlier or for another client does not prove that a store is up, nor what it contains.
"""

from __future__ import annotations

import math
import re
import secrets
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache

from ..contract import Response
from ..errors import StoreError
from .plans import Request

UNCACHED: Mapping[str, str] = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
"""Headers with which a request demands a fresh response; `Pragma` is for caches of HTTP/1.0."""

_OF_CACHE = re.compile(
    r"(cache($|-status$|-hits?$|-lookup$|-result$|-fetch(-status)?$|-remote$|-age$|-detail$)"
    r"|[^a-z]cached$)"
)
"""Endings of the names of such headers, such as `x-litespeed-cache`, `cf-cache-status`, `x-cache`,
`x-proxy-cache`, `x-cache-hits`, `x-srcache-fetch-status` or `x-hcdn-cache-status`."""
_MORE = (
    *("x-ac", "x-varnish-cache", "x-served-from-cache", "server-timing", "x-drupal-cache"),
    *("x-wp-cached-call", "x-nananana", "swift-performance", "swiftperformance", "x-breeze"),
    # The last two are those of WordPress.com and Ezoic.
    *("x-swift-performance", "x-rocket-nginx-serving-static", "x-nc", "x-ezoic-cdn"),
)
"""Names beyond that pattern."""
_WITHIN = re.compile(r"object|redis|memcache|op-?cache|opcode|apcu|sql|query|dns|transient|^x-qm")
"""Names of caches that the store itself uses to produce a response."""
_ORDERS = re.compile(r"(^|[^a-z])(do[-_]?)?(skip|no|not|un|never|non|bypass)[-_]?cached?$")
"""Names of headers which say that nothing was or may be cached."""
_SERVED = {"hit", "stale", "updating", "hits", "cached", "served", "prerender"}
"""Words for a cached response. `REVALIDATED` and `REFRESH_HIT` mean a request to the store."""
_FETCHED = {
    *("refresh", "refreshed", "revalidated", "refreshhit", "miss", "bypass", "expired", "dynamic"),
    # "Hit for pass" means that this address is never cached.
    *("no", "not", "pass"),
    # Tencent's CDN uses this word if the store itself responded.
    "upstream",
}
_NONE = {"no", "none", "off", "disabled", "false", "null", "bypass", "miss", "skip"}
"""Values of headers that name a cache if no cache served the response."""
_YES = {"1", "true", "yes", "on"}
_IS_QUESTION = re.compile(r"cache-hit$|from-cache$|[^a-z]cached$|serving-static$")
"""Names of headers whose value is yes or no."""
_TRACE = re.compile(r"(rack|symfony)-cache$")
_TRACED = {"valid", "invalid", "store"}
"""The word in a trace for a cache that requested the response from the store."""
_STALE = re.compile(r"(^|,)\s*11[0-3]\b")
"""Warnings that only caches give (RFC 7234, 5.5)."""
_QUOTED = re.compile(r'"(?:\\.?|[^"\\])*(?:"|\Z)', re.DOTALL)
"""Quoted text. Without a closing quote it extends to the last character, so that it is read only
once."""
_STANDARD = re.compile(r";\s*hit(\s*=\s*\?1)?\s*([;,]|$)")
_LONGEST_NAME = 64
"""The most characters of a cache header's name. Results are remembered by name."""
_SAME_SECOND = 2.0
_REMEMBERED = 3600.0
"""Seconds after the last sign of a silent cache until it is assumed to be gone."""


def cache_hit(headers: Mapping[str, str]) -> str | None:
    """Return the header that shows that a response came from a cache; None without one.

    Args:
        headers: names in lower case.
    """
    for name, value in headers.items():
        if len(name) > _LONGEST_NAME or not _is_of_cache(name):
            continue
        # Squid may have looked for a response without serving it; x-cache says so.
        if name == "x-cache-lookup" and "x-cache" in headers:
            continue
        if _says_so(name, value.lower()):
            return f"{name}: {value[:60]}"
    return None


def _says_so(name: str, value: str) -> bool:
    if name in _OTHERWISE:
        return _OTHERWISE[name](value)
    if name == "cache-status" and ";" in value:
        return _STANDARD.search(_QUOTED.sub("x", value)) is not None
    if _TRACE.search(name):
        words = set(re.findall(r"[a-z]+", value))
        return bool(words & (_SERVED | {"fresh"})) and not words & (_FETCHED | _TRACED)
    if _IS_QUESTION.search(name) and value.strip() in _YES:
        return True
    # Each of several caches in a row adds a part; one hit is enough.
    return any(
        _is_hit(part)
        for part in value.split(",")
        if name != "server-timing" or not _WITHIN.search(part)
    )


def _is_above_zero(value: str) -> bool:
    found = re.fullmatch(r"\s*\d{1,12}(\.\d+)?\s*", value)
    return found is not None and float(found[0]) > 0


def _is_older(value: str) -> bool:
    return any(_is_above_zero(part) for part in value.split(","))


def _names_two(value: str) -> bool:
    """Whether there are two numbers: this request's, and that of the cached response's request."""
    return len(value.split()) == 2 and value.replace(" ", "").isdecimal()


_OTHERWISE: Mapping[str, Callable[[str], bool]] = {
    "age": _is_older,
    "warning": lambda value: _STALE.search(_QUOTED.sub("x", value)) is not None,
    "x-varnish": _names_two,
    # WordPress page caches name the program that served the cached page.
    "x-cache-handler": lambda value: not set(re.findall(r"[a-z]+", value)) - {"cache"} <= _NONE,
    # The same value with C at its end means that the page was cached just now.
    "cache-provider": lambda value: re.fullmatch(r"cloudways-cache-\w?e", value) is not None,
    "x-powered-cache": lambda value: value.strip() == "php",
    # Huawei Cloud's CDN.
    "x-hcs-proxy-type": _is_above_zero,
}
"""Headers that show a cached response by numbers or by a name, with the pattern."""


@lru_cache(maxsize=1024)
def _is_of_cache(name: str) -> bool:
    if name in _MORE or name in _OTHERWISE:
        return True
    return bool(_OF_CACHE.search(name)) and not (_WITHIN.search(name) or _ORDERS.search(name))


def _is_hit(part: str) -> bool:
    words = set(re.findall(r"[a-z]+", part))
    # Akamai's TCP_REFRESH_FAIL_HIT is an old response, because the store gave no new one.
    is_fetched = bool(words & _FETCHED) and "fail" not in words
    return _is_above_zero(part) or bool(words & _SERVED and not is_fetched)


def refuse_cached(response: Response) -> None:
    """Refuse a response that came from a cache, with the header that showed it.

    Raises:
        StoreError: invalid_response, which names the header that showed it.
    """
    header = cache_hit(response.headers)
    if header is not None:
        message = (
            f"the response came from a cache ({header}), not from the store: "
            "exclude the store's API from caching"
        )
        raise StoreError("invalid_response", message, status=response.status)


def uncached(request: Request, parameter: str) -> Request:
    """Return a request for a fresh response, with an address that no cache has seen.

    `parameter` is a query parameter that the store does not know; it gets a unique value.
    """
    params = {**request.params, parameter: secrets.token_hex(6)}
    return request.carrying(params, {**UNCACHED, **request.headers})


def refuse_kept(request: Request, response: Response, parameter: str) -> None:
    """Refuse a response that came from a cache, also a list from a cache that adds no header.

    Stores repeat the query of a request in the links to a list's other pages (RFC 8288).

    Args:
        request: as `uncached` made it.
        response: the response to it.
        parameter: as there.

    Raises:
        StoreError: invalid_response, the response belongs to another request.
    """
    refuse_cached(response)
    linked = re.search(rf"[?&]{parameter}=([0-9a-f]+)", response.headers.get("link", ""))
    if linked is not None and linked[1] != request.params.get(parameter, linked[1]):
        message = (
            "the response belongs to an earlier request and comes from a cache that does not say "
            "so: exclude the store's API from caching"
        )
        raise StoreError("invalid_response", message, status=response.status)


class PathCache:
    """Whether a store's responses come from a silent cache whose key is the path alone.

    Such a cache stores every response. So if the last response that showed its source came from
    such a cache, responses that do not show it are refused, too. This lasts an hour at most: if
    nothing else is requested from the store, no response would ever show that the cache is gone.
    Safe to share between threads.

    Args:
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until = -math.inf

    def refuse(self, response: Response, foreign: str | None) -> None:
        """Refuse a response that belongs to another request, or may belong to one.

        `foreign` is the part of it that was not requested; "" if it belongs to its request, None if
        nothing shows that.

        Raises:
            StoreError: invalid_response, as the message says.
        """
        if foreign is not None:
            self._until = self._monotonic() + _REMEMBERED if foreign else -math.inf
        if self._monotonic() >= self._until:
            return
        shown = "another response of the store had content that was not requested: both may come"
        if foreign:
            shown = f"the response has {foreign}, which was not requested: it comes"
        message = (
            f"{shown} from a cache that does not say so and knows only the path of a request; "
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
    """Refuse a response that repeats an earlier one, from a cache that adds no header.

    Two requests within a second may get the same date, however late a slow store responds or this
    process reads it. So the second request must have been sent well after the first response
    arrived.

    Args:
        known: how the last responses were recognised, and when they arrived; this one is added.
        name: the name of the requested thing.
        response: the response.
        now: Unix time.
        headers: headers that distinguish two responses of the store, the most reliable first.

    Raises:
        StoreError: invalid_response, which names the header that showed it.
    """
    header = next((made for made in headers if response.headers.get(made)), None)
    if header is None:
        return
    value = response.headers[header]
    last, came = known.get(name, ("", now))
    sent = now - sum(response.phases.values())
    if value == last and sent - came >= _SAME_SECOND:
        message = (
            f"the response is the one of {now - came:.0f} s ago ({header}: {value[:40]}), from a "
            "cache that does not say so: exclude the store's API from caching"
        )
        raise StoreError("invalid_response", message, status=response.status)
    known[name] = (value, now)
