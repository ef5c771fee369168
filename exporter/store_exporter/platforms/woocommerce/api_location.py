"""Finds WordPress' API in a store: at /wp-json, unless the store's own pages say otherwise.

WordPress names the address in a header of every page (`Link: <…>; rel="https://api.w.org/"`), and
again in a tag of the page, because some servers and plugins drop that header. The API may be below
another prefix, in index.php if the web server rewrites nothing, or in the query with plain
permalinks. Only the path of that address is used, at the configured host.

A shop may be in a folder of a host whose root is another WordPress. If the folder is gone, that
WordPress responds and names its own API. So an API that is not below the store's path is accepted
only if the store's own page names it, and only as long as it knows the key.
"""

from __future__ import annotations

import html
import math
import re
from urllib.parse import urlsplit, urlunsplit

from ...contract import Response
from ...errors import StoreError
from .auth import needs_key

STORE = "/wc/store"
"""Path of the Store API below `ROOT`; versions from 6.4 on have it at `/wc/store/v1` as well."""
ROOT = "/wp-json"
"""Beginning of the paths that callers pass, wherever the API is."""

_LINK = re.compile(r"<([^<>]{1,500})>\s*;[^<]*?\brel\s*=\s*\"?https://api\.w\.org/", re.IGNORECASE)
_TAG = re.compile(
    rb"<link\b[^<>]{0,500}?\brel=[\"']?https://api\.w\.org/[^<>]{0,600}>", re.IGNORECASE
)
_ADDRESS = re.compile(rb"\bhref=[\"']?([^\"'\s<>]{1,500})", re.IGNORECASE)
_HEAD = 200_000
"""The most bytes of a page in which its head is expected to end."""
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,60}){1,8}")
_MISSING = (200, 301, 302, 307, 308, 403, 404, 405)
_AGAIN_SECONDS = 300.0


class ApiLocation:
    """The location of one store's API.

    Attributes:
        path: path of the API, from the root of the host.
        signed: that path as the store sees it; it differs if a server before it rewrites paths.
        store_path: path of the Store API, below `path`.
        other: address of another WordPress on the host, whose API a missing page named; "" if none.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._url = url
        self.path = self.signed = parts.path + ROOT
        self.store_path = f"{STORE}/v1"
        self.other = ""
        self._usual = self.path
        self._below = parts.path
        self._sought = -math.inf

    @property
    def moved(self) -> bool:
        """Whether the API is not where pretty permalinks put it."""
        return self.path != self._usual

    def address(self, path: str) -> str:
        """Return the address of a path that begins with `ROOT`, or of a page of the store."""
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            return self._url + path
        below = path[len(ROOT) :].replace(f"{STORE}/v1", self.store_path, 1)
        return self._origin + self.path + below

    def is_older(self, response: Response) -> bool:
        """Learn that the store has no numbered Store API; False if it has, or if that is known."""
        lacks = response.status == 404 and b"rest_no_route" in response.body[:500]
        if not lacks or self.store_path == STORE:
            return False
        self.store_path = STORE
        return True

    def address_to_sign(self, url: str) -> str:
        """Return an address as the store sees it when it checks a signature."""
        start = self._origin + self.path
        return self._origin + self.signed + url[len(start) :] if url.startswith(start) else url

    def is_elsewhere(self, response: Response) -> bool:
        """Whether a response to a request for the API did not come from WordPress' API."""
        kind = response.headers.get("content-type", "")
        if "json" in kind or response.body.lstrip()[:1] in (b"{", b"["):
            return False
        return response.status in _MISSING

    def may_be_sought(self, now: float) -> bool:
        """Whether it is time to look for the API, by the seconds of a clock that never jumps."""
        return now - self._sought >= _AGAIN_SECONDS

    def sought(self, now: float) -> None:
        """Record that the API was looked for and is not elsewhere."""
        self._sought = now

    def learn_from(self, response: Response) -> bool:
        """Take the API's location from a page; False if it names none or cannot be trusted.

        Raises:
            StoreError: api_not_found, the store has plain permalinks, with which WooCommerce does
                not look at keys.
        """
        named = _named(response)
        try:
            parts = urlsplit(named) if named else None
        except ValueError:
            return False
        if parts is None:
            return False
        if response.status >= 300 and not parts.path.startswith(f"{self._below}/"):
            root, api_itself, _ = parts.path.partition(ROOT)
            self.other = self._origin + root if api_itself else ""
            return False
        if "rest_route=" in parts.query:
            raise StoreError(
                "api_not_found",
                "the store has plain permalinks, with which WooCommerce's API takes no key: choose "
                "another structure under Settings > Permalinks",
                status=response.status,
            )
        path = parts.path.rstrip("/")
        if path != self.path and _PATH.fullmatch(path):
            self.path = self.signed = path
        return True

    def forget_if_anothers(self, response: Response) -> None:
        """Forget an API that is not below the store's path and does not know the key.

        The next request first tries where pretty permalinks put the API, and may look again.
        """
        is_below = self.path.startswith(f"{self._below}/")
        if not is_below and response.status == 401 and needs_key(response.url):
            self.path = self.signed = self._usual

    def switch_signed_path(self) -> bool:
        """Switch between signing the API's own path and `ROOT`; False if both are the same."""
        if self.path == ROOT:
            return False
        self.signed = ROOT if self.signed == self.path else self.path
        return True


def _named(response: Response) -> str:
    """Return the API's address that a page of WordPress names; "" without one."""
    link = _LINK.search(response.headers.get("link", ""))
    if link is not None:
        return link[1]
    tag = _TAG.search(response.body[:_HEAD])
    address = _ADDRESS.search(tag[0]) if tag is not None else None
    return "" if address is None else html.unescape(address[1].decode("latin-1"))
