"""The addresses that a run may reach: only those of its store."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from ..contract import Response
from ..errors import StoreError
from ..net.marks import GENERIC, Marks
from ..net.plans import RedirectError
from ..stores.model import Store

Origin = tuple[str, str, int]
"""Scheme, host and port."""

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def origin(url: str) -> Origin:
    """Return the origin of a URL.

    Raises:
        StoreError: invalid_request, it is not an http or https URL, or contains credentials.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise StoreError("invalid_request", "not an address") from None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        raise StoreError("invalid_request", "not an http or https address")
    return parts.scheme, host.lower(), _PORTS[parts.scheme] if port is None else port


def origins(store: Store) -> frozenset[Origin]:
    """Return the origins of a store: its url, its domain over https, and the URLs in its settings.

    Invalid URLs are ignored, so they cannot be reached.
    """
    settings = (value for value in store.settings.values() if isinstance(value, str))
    urls = [value for value in settings if value.startswith(("https://", "http://"))]
    found = set()
    for url in (store.url, f"https://{store.domain}", *urls):
        with suppress(StoreError):
            found.add(origin(url))
    return frozenset(found)


def redirect_target(
    method: str, url: str, response: Response, marks: Marks = GENERIC
) -> str | None:
    """Return the target of a redirect that may be followed with the same headers.

    Credentials are sent only to the same host and port, or to the same host if https replaces http.
    Only GET and HEAD are sent again.

    Returns:
        None if the response is not a redirect.

    Raises:
        RedirectError: it leads to another host, to a login page or a set-up page, from https to
            http, or to an invalid address.
        StoreError: blocked, it leads to a bot check.
    """
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or location is None:
        return None
    try:
        target = urljoin(url, location)
        there = origin(target)
    except (ValueError, StoreError):
        raise _refused(response, "", "to something that is no address") from None
    parts = urlsplit(target)
    where = f"{there[0]}://{parts.netloc}{parts.path}"[:120]
    here = origin(url)
    if marks.leads_to_test(parts.path):
        message = f"the request is sent to a test of visitors: {where}"
        raise StoreError("blocked", message, status=response.status)
    if what := marks.leads_to_setup(parts.path):
        raise _refused(response, target, f"to {what}: {where}")
    if marks.leads_to_login(f"{parts.path}?{parts.query}"):
        raise _refused(response, target, f"to a login page: {where}")
    if there[1] != here[1]:
        remedy = f"set url to {there[0]}://{parts.netloc}, if that is the store"
        raise _refused(response, target, f"to another host: {where}: {remedy}")
    if there != here and (here[0], there[0]) != ("http", "https"):
        what = "to another port" if there[0] == here[0] else "from https to http"
        raise _refused(response, target, f"{what}: {where}")
    if method not in ("GET", "HEAD"):
        raise _refused(response, target, f"{method} to {where}")
    return target


def _refused(response: Response, target: str, message: str) -> RedirectError:
    return RedirectError(f"the store redirects {message}", response, target)
