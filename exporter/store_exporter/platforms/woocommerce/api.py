"""Requests to WooCommerce as plans: one resource, a list in pages, facts that rarely change."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...contract import Response
from ...errors import StoreError
from ...net import caches
from ...net.plans import Plan, Request
from ..kit import connection, lists
from ..kit.connection import Send
from ..kit.fields import Fields
from ..kit.lists import Rows
from . import errors
from .auth import needs_key

if TYPE_CHECKING:
    from .connection import Connection

V3 = "/wp-json/wc/v3"
ANALYTICS = "/wp-json/wc-analytics"
STORE = "/wp-json/wc/store/v1"
PAGE = 100
"""The most that WooCommerce puts on a page."""
FULL = {"dp": "8"}
"""Asks for amounts as they are stored, whatever number of decimals the shop displays."""
_VARIED = "_fresh"
"""Parameter that WooCommerce does not know and that makes each request's address its own."""
_REFUSED = b"woocommerce_rest_authentication_error"
MAX_PAGES = 10
"""Pages that one operation reads at most, whatever the store says there are."""
SUMMING = 120.0
"""Seconds that an operation may take which adds up orders."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its items unread, and what the store says of all pages, if it does."""

    name: str
    items: list[Any]
    total: int | None
    pages: int | None
    response: Response

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Fields]:
        """Yield the items.

        Raises:
            StoreError: invalid_response, at an item that is no object.
        """
        for index, item in enumerate(self.items):
            yield Fields(item, f"{self.name}[{index}]")


class Api(connection.Api):
    """The store's API for the time of one operation or run.

    Attributes:
        place: where in the store the API is.
    """

    def __init__(self, connection: Connection, send: Send, *, deadline: float) -> None:
        super().__init__(connection, send, deadline=deadline)
        self.place = connection.place

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> Plan[Response]:
        """Send a request and return whatever is answered.

        Args:
            method: in upper case.
            path: below the store's address; `/wp-json` stands for wherever the API is.
            params: the query; None and empty values are left out.
            json: the body.
            headers: further headers.
            idempotent: whether it may be repeated; GET and PUT may unless said otherwise.

        Raises:
            StoreError: api_not_found, the store has plain permalinks; redirect, it is at https and
                configured with http; whatever a request may raise.
        """
        query = {k: str(v) for k, v in (params or {}).items() if v is not None and v != ""}
        if idempotent is None:
            idempotent = method in ("GET", "PUT")
        url = self.place.address(path)
        is_private = needs_key(url) or path.startswith(STORE)
        if method == "GET" and is_private:
            # A cache that goes by the address alone has never seen this one.
            query[_VARIED] = secrets.token_hex(6)
            headers = {**caches.UNCACHED, **(headers or {})}
        request = Request(method, url, query, headers or {}, json=json, idempotent=idempotent)
        response = yield from self.exchange(request)
        # At most twice: to another place, and there with another signature.
        for _ in range(2):
            if not (yield from self._learned(request, response)):
                break
            request = replace(request, url=self.place.address(path))
            response = yield from self.exchange(request)
        if is_private:
            caches.refuse_cached(response)
        return response

    def _learned(self, request: Request, response: Response) -> Plan[bool]:
        """Learn from an answer where the API is; True if that is worth another request."""
        place = self.place
        keyed = needs_key(request.url)
        if keyed and request.url.startswith("http:") and response.url.startswith("https:"):
            parts = urlsplit(response.url)
            message = f"the store redirects to https: set url to https://{parts.netloc}"
            raise StoreError("redirect", message, status=response.status)
        if place.may_be_elsewhere(response, self.monotonic()):
            if "link" in response.headers:
                return place.learn(response)
            page = yield from self.exchange(Request("HEAD", f"{self.url}/", idempotent=True))
            return place.learn(page)
        # Over http a signature covers the path, which something before the store may rewrite.
        unsigned = keyed and response.status == 401 and request.url.startswith("http:")
        return unsigned and _REFUSED in response.body[:500] and place.sign_otherwise()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[Any]:
        """GET one resource and return its JSON."""
        body, _ = yield from self.ask(path, params)
        return body

    def ask(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[tuple[Any, Response]]:
        """GET one resource; return its JSON and the answer that it came in.

        Raises:
            StoreError: api_not_found, that says so where Analytics is switched off; whatever a
                request may raise.
        """
        response = yield from self.send("GET", path, params)
        try:
            return errors.read(response), response
        except StoreError as error:
            if not path.startswith(ANALYTICS) or error.code != "rest_no_route":
                raise
            message = f"{path} is not there: WooCommerce Analytics is switched off"
            raise StoreError(
                error.error_type, message, status=error.status, code=error.code
            ) from error

    def change(self, path: str, body: Mapping[str, Any]) -> Plan[Any]:
        """PUT members of one resource and return its JSON."""
        response = yield from self.send("PUT", path, json=body)
        return errors.read(response)

    def create(self, path: str, body: Mapping[str, Any]) -> Plan[Any]:
        """POST a new resource and return its JSON; never repeated once it may have arrived."""
        response = yield from self.send("POST", path, json=body)
        return errors.read(response)

    def page(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[Page]:
        """GET one page of a list.

        Raises:
            StoreError: invalid_response, it is no list; whatever a request may raise.
        """
        body, response = yield from self.ask(path, params)
        if not isinstance(body, list):
            raise StoreError("invalid_response", f"{path} is not a list", status=response.status)
        name = path.rpartition("/")[2]
        total, pages = _count(response, "x-wp-total"), _count(response, "x-wp-totalpages")
        return Page(name, body, total, pages, response)

    def count(
        self,
        path: str,
        params: Mapping[str, Any],
        matches: Callable[[Fields], bool],
        members: str,
    ) -> Plan[int]:
        """Return how many items of a list match, without reading more than one of them.

        Args:
            path: of the list.
            params: the query without `per_page`.
            matches: whether an item is one that was asked for.
            members: those of an item that this takes.

        Raises:
            StoreError: invalid_response, the store does not say, contradicts itself or answers
                with what was not asked for; whatever a request may raise.
        """
        page = yield from self.page(path, {**params, "per_page": 1, "_fields": members})
        readable = 0
        for row in page:
            if not matches(row):
                raise unasked(path)
            readable += 1
        if page.total is None or bool(page.total) != bool(readable):
            found = page.response.headers.get("x-wp-total", "missing")[:40]
            raise StoreError(
                "invalid_response", f"{path} has {readable} items, but its X-WP-Total is {found}"
            )
        return page.total

    def rows(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        until: Callable[[Any], bool] | None = None,
    ) -> Plan[Rows]:
        """GET a list, in as many pages as it takes, but not more than `MAX_PAGES`.

        Args:
            path: of the list.
            params: the query without `per_page` and `page`.
            limit: items wanted; all of them, as far as `MAX_PAGES` go, without it.
            until: ends the reading before an item for which it is true.

        Raises:
            StoreError: invalid_response, it is no list; whatever a request may raise.
        """

        def ask(number: int, size: int) -> Plan[Page]:
            return self.page(path, {**(params or {}), "per_page": size, "page": number})

        return lists.numbered(ask, size=PAGE, most=MAX_PAGES, limit=limit, until=until)

    def every(
        self, path: str, params: Mapping[str, Any], what: str, take: Callable[[Fields], None]
    ) -> Plan[int]:
        """GET all of a list of amounts, in full, oldest first; see `lists.taken`.

        Args:
            path: of the list.
            params: the query without `per_page`, `page` and what sorts.
            what: the name of its items.
            take: takes each item.
        """
        query = {**params, **FULL, "dates_are_gmt": "true", "orderby": "id", "order": "asc"}

        def ask(number: int, size: int) -> Plan[Page]:
            return self.page(path, {**query, "per_page": size, "page": number})

        return lists.taken(
            ask, take, what=what, size=PAGE, left=lambda: self.ends - self.monotonic()
        )


def unasked(path: str) -> StoreError:
    """Return the error of a list with items that were not asked for, so that its count is wrong."""
    message = f"{path} answers with what was not asked for: a cache or plugin drops the query"
    return StoreError("invalid_response", message)


def server_time(response: Response) -> float | None:
    """Return the store's clock, in Unix seconds, from the Date header; None without a usable one.

    An answer out of a cache has the time at which it was made, so that is not used either.
    """
    if "age" in response.headers:
        return None
    return _moment(response.headers.get("date", ""))


@lru_cache(maxsize=256)
def _moment(date: str) -> float | None:
    """Return the Unix time of a date; many stores answer in the same second."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def gmt(when: float) -> str:
    """Return a Unix time as WooCommerce's parameters want it together with `dates_are_gmt`."""
    return datetime.fromtimestamp(max(0, int(when)), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _count(response: Response, header: str) -> int | None:
    """Return a total from a header, None when it is missing or no number."""
    raw = response.headers.get(header, "").strip()
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 13 else None
