"""How the exporter's probes and collectors ask WooCommerce: read-only, authorized, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ...contract import Context, Response
from ...errors import StoreError
from ...stores.model import Secret, Store
from ..kit.fields import Fields
from . import errors
from .auth import Credentials

V3 = "/wp-json/wc/v3"
ANALYTICS = "/wp-json/wc-analytics"
STORE_API = "/wp-json/wc/store/v1"
PAGE = 100
"""The most that WooCommerce puts on a page."""

_COUNT = re.compile(r"\d{1,12}")


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list: its items unread, and how many match in all, if the store says so."""

    path: str
    items: list[Any]
    total: int | None
    response: Response

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Fields]:
        """Yield the items.

        Raises:
            StoreError: invalid_response, at an item that is no object.
        """
        for index, item in enumerate(self.items):
            yield Fields(item, f"{self.path}[{index}]")


class Rest:
    """The REST API of one store.

    Args:
        context: whose store is asked, over whose HTTP.
    """

    def __init__(self, context: Context) -> None:
        self._http = context.http
        self._url = context.store.url
        self._credentials = credentials(context.store, context)

    async def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
    ) -> Response:
        """Send an authorized request and return whatever is answered."""
        url = self._url + path
        query = {name: str(value) for name, value in (params or {}).items()}
        query, headers = self._credentials.authorize(method, url, query)
        return await self._http.request(method, url, params=query, headers=headers, json=json)

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> tuple[Any, Response]:
        """Return one resource, as JSON, and the answer that it came in.

        Raises:
            StoreError: of the request, or as the store's error answer says.
        """
        response = await self.send("GET", path, params)
        return errors.read(response), response

    async def rows(self, path: str, params: Mapping[str, Any]) -> Rows:
        """Return one page of a list.

        Raises:
            StoreError: invalid_response, it is no list; or as `get`.
        """
        body, response = await self.get(path, params)
        if not isinstance(body, list):
            raise StoreError(
                "invalid_response", f"{path} answered with something that is not a list"
            )
        return Rows(path.rpartition("/")[2], body, _count(response.headers, "x-wp-total"), response)

    async def count(self, path: str, params: Mapping[str, Any] | None = None) -> int:
        """Return how many items of a list match, without reading more than one of them.

        Raises:
            StoreError: invalid_response, the store does not say or contradicts itself; or as `get`.
        """
        rows = await self.rows(path, {**(params or {}), "per_page": 1, "_fields": "id"})
        readable = sum(1 for _ in rows)
        if rows.total is None or bool(rows.total) != bool(readable):
            found = rows.response.headers.get("x-wp-total", "missing")[:40]
            raise StoreError(
                "invalid_response", f"{path} has {readable} items, but its X-WP-Total is {found}"
            )
        return rows.total


def credentials(store: Store, context: Context) -> Credentials:
    """Return what proves to the store who asks.

    Raises:
        StoreError: unauthorized, the configuration has no key.
    """
    values = []
    for name in ("consumer_key", "consumer_secret"):
        value = store.credentials.get(name)
        if value is None:
            raise StoreError("unauthorized", f"the configuration has no {name} for {store.domain}")
        values.append(value.reveal() if isinstance(value, Secret) else value)
    in_query = bool(store.settings.get("credentials_in_query", False))
    return Credentials(*values, in_query=in_query, now=context.now)


def server_time(response: Response) -> float | None:
    """Return the store's clock, in Unix seconds, from the Date header; None without a usable one.

    An answer out of a cache has the time at which it was made, so that is not used either.
    """
    if "age" in response.headers:
        return None
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return None


def gmt(when: float) -> str:
    """Return a Unix time as WooCommerce's parameters want it together with `dates_are_gmt`."""
    return datetime.fromtimestamp(max(0, int(when)), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _count(headers: Mapping[str, str], name: str) -> int | None:
    raw = headers.get(name, "").strip()
    return int(raw) if _COUNT.fullmatch(raw) else None
