"""Where a store keeps WordPress' API: at /wp-json, unless its own Link header says otherwise.

WordPress names the address in a header of every page (`Link: <…>; rel="https://api.w.org/"`). It is
elsewhere below another prefix, in index.php where the web server rewrites nothing, and in the query
with plain permalinks. Only the path of what it names is used, at the address in the configuration.

A shop may be in a folder of a host whose root is another WordPress, which responds for a folder
that is gone and names its own API. One that is not below the store's path is the store's only if
the store's own page names it, and as long as it knows the key.
"""

from __future__ import annotations

import math
import re
from urllib.parse import urlsplit, urlunsplit

from ...contract import Response
from ...errors import StoreError
from .auth import needs_key

STORE = "/wc/store"
"""Where the Store API is, below `ROOT`; versions from 6.4 on have it at `/wc/store/v1` as well."""
ROOT = "/wp-json"
"""What the paths of requests begin with, wherever the API is."""

_LINK = re.compile(r"<([^<>]{1,500})>\s*;[^<]*?\brel=\"?https://api\.w\.org/")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,60}){1,8}")
_MISSING = (200, 301, 302, 307, 308, 403, 404, 405)
_AGAIN_SECONDS = 300.0


class ApiLocation:
    """Where one store's API is.

    Args:
        url: the store's address.

    Attributes:
        path: of the API, from the root of the host.
        signed: the path as the store sees it; another where something before it rewrites paths.
        store_path: of the Store API, below `path`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._url = url
        self.path = self.signed = parts.path + ROOT
        self.store_path = f"{STORE}/v1"
        self._usual = self.path
        self._below = parts.path
        self._sought = -math.inf

    @property
    def moved(self) -> bool:
        """Whether it is elsewhere than where pretty permalinks put it."""
        return self.path != self._usual

    def address(self, path: str) -> str:
        """Return the address of a path that begins with `ROOT`, or of a page of the store."""
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            return self._url + path
        below = path[len(ROOT) :].replace(f"{STORE}/v1", self.store_path, 1)
        return self._origin + self.path + below

    def is_older(self, response: Response) -> bool:
        """Learn that the store has no numbered Store API; False where that is known."""
        lacks = response.status == 404 and b"rest_no_route" in response.body[:500]
        if not lacks or self.store_path == STORE:
            return False
        self.store_path = STORE
        return True

    def address_to_sign(self, url: str) -> str:
        """Return an address as the store sees it, over which it checks a signature."""
        start = self._origin + self.path
        return self._origin + self.signed + url[len(start) :] if url.startswith(start) else url

    def is_elsewhere(self, response: Response) -> bool:
        """Return whether a response to a request for the API is none of WordPress' API."""
        kind = response.headers.get("content-type", "")
        if "json" in kind or response.body.lstrip()[:1] in (b"{", b"["):
            return False
        return response.status in _MISSING

    def may_be_sought(self, now: float) -> bool:
        """Return whether it is time to look for the API.

        Args:
            now: seconds of a clock that never jumps.
        """
        return now - self._sought >= _AGAIN_SECONDS

    def sought(self, now: float) -> None:
        """Take note that the API was looked for and is not elsewhere."""
        self._sought = now

    def learn_from(self, response: Response) -> bool:
        """Take over where a page says that the API is; False if it does not, or may not know.

        Raises:
            StoreError: api_not_found, the store has plain permalinks, with which WooCommerce does
                not look at keys.
        """
        match = _LINK.search(response.headers.get("link", ""))
        try:
            parts = urlsplit(match.group(1)) if match else None
        except ValueError:
            return False
        if parts is None:
            return False
        if response.status >= 300 and not parts.path.startswith(f"{self._below}/"):
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
        """Forget an API which is not below the store's path and does not know the key.

        The next request goes first to where pretty permalinks put it, and may look again.
        """
        is_below = self.path.startswith(f"{self._below}/")
        if not is_below and response.status == 401 and needs_key(response.url):
            self.path = self.signed = self._usual

    def switch_signed_path(self) -> bool:
        """Sign as if the API were at `ROOT`, or no longer so; False where that is the same."""
        if self.path == ROOT:
            return False
        self.signed = ROOT if self.signed == self.path else self.path
        return True
