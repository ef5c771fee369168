"""Which redirects may be followed: only to the same host, and only for reading. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urldefrag, urljoin, urlsplit

from ..contract import Response
from ..errors import StoreError
from .marks import GENERIC, Marks
from .plans import RedirectError
from .url import host_name

MOST = 10
"""The most redirects that are followed in a row; a circle is noticed at once."""
Origin = tuple[str, str, int]
"""Scheme, host and port."""

_PORTS = {"http": 80, "https": 443}
_STATUSES = frozenset({301, 302, 303, 307, 308})
_REFRESH = re.compile(r"\s*[0-4](?:\.\d*)?\s*[;,]\s*url\s*=\s*[\"']?([^\"']+)[\"']?", re.IGNORECASE)
"""A `Refresh` header that redirects at once; WordPress sends it behind Microsoft's server."""
_COOKIE = re.compile(r"(?:^|, )([^\s=;,]+=[^;,]*)")
_MOST_COOKIES = 4096
"""The most characters of cookies that are sent back."""


def origin(url: str) -> Origin:
    """Return scheme, host and port of an http or https address without credentials.

    Any other address is invalid_request.

    Raises:
        StoreError: invalid_request, it is not an http or https address, or contains credentials.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise StoreError("invalid_request", "not an address") from None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        raise StoreError("invalid_request", "not an http or https address")
    return parts.scheme, host_name(host), _PORTS[parts.scheme] if port is None else port


class Trail:
    """The addresses that one request was redirected to.

    Args:
        method: the request's method; only GET and HEAD are sent again.
        url: the request's address with its query.
        marks: the platform's marks, with the generic ones.
    """

    def __init__(self, method: str, url: str, marks: Marks = GENERIC) -> None:
        self._method = method
        self._url = url
        self._marks = marks
        self._seen = {url}
        self._cookies: dict[str, str] = {}

    def next(self, response: Response) -> str | None:
        """Return the target of a redirect that may be requested with the same headers.

        Credentials are sent only to the same host and port, or to the same host if https replaces
        http. None if the response is no redirect.

        Raises:
            RedirectError: it leads to another host, to a login page or a page that sets up a new
                site, from https to http, nowhere, in a circle, or too often.
            StoreError: blocked, it leads to a test of visitors.
        """
        location = location_of(response)
        if location is None:
            return None
        target = _permitted(self._method, self._url, location, response, self._marks)
        if target == self._url and response.status not in _STATUSES:
            # A page that reloads itself again and again.
            return None
        for name, value in _cookies(response.headers):
            self._cookies[name] = value
        path = urlsplit(target).path[:80]
        if target in self._seen:
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            message = f"the store redirects in a circle, to {path} again"
            raise RedirectError(message, response, target, cookies=cookies[:_MOST_COOKIES])
        if len(self._seen) > MOST:
            message = f"the store redirects more than {MOST} times, the last time to {path}"
            raise RedirectError(message, response, target)
        self._seen.add(target)
        self._url = target
        return target


def location_of(response: Response) -> str | None:
    """Return the target of a redirect as written in the response; None without one."""
    if response.status in _STATUSES:
        return response.headers.get("location")
    refresh = response.headers.get("refresh") if response.status == 200 else None
    match = _REFRESH.fullmatch(refresh) if refresh else None
    return match[1].strip() if match else None


def _cookies(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    found = _COOKIE.findall(headers.get("set-cookie", ""))
    return [(name, value) for name, _, value in (pair.partition("=") for pair in found)]


def _permitted(method: str, url: str, location: str, response: Response, marks: Marks) -> str:
    try:
        target = urldefrag(urljoin(url, location)).url
        there = origin(target)
    except (ValueError, StoreError):
        raise _refused(response, "", "to something that is not an address") from None
    parts = urlsplit(target)
    where = f"{there[0]}://{parts.netloc}{parts.path}"[:120]
    here = origin(url)
    if marks.leads_to_test(parts.path):
        message = f"the request is redirected to a test of visitors: {where}"
        raise StoreError("blocked", message, status=response.status)
    if what := marks.leads_to_setup(parts.path):
        raise _refused(response, target, f"to {what}: {where}")
    if marks.leads_to_login(f"{parts.path}?{parts.query}"):
        raise _refused(response, target, f"to a login page: {where}")
    remedy = f"set url to {there[0]}://{parts.netloc}, if that is the store"
    if there[1] != here[1]:
        raise _refused(response, target, f"to another host: {where}: {remedy}")
    if there != here and (here[0], there[0]) != ("http", "https"):
        if there[0] != here[0]:
            raise _refused(response, target, f"from https to http: {where}")
        raise _refused(response, target, f"to another port: {where}: {remedy}")
    if method not in ("GET", "HEAD"):
        raise _refused(response, target, f"{method} to {where}")
    return target


def _refused(response: Response, target: str, message: str) -> RedirectError:
    return RedirectError(f"the store redirects {message}", response, target)
