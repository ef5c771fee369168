"""Requests to Shopify as plans: one GraphQL document, sent within the rate limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...contract import Response
from ...errors import StoreError
from ...net import documents as answers
from ...net.plans import Pause, Plan, Request
from ..kit import connection
from ..kit.connection import Send
from ..kit.fields import Fields
from . import graphql
from .auth import GRANT, Tokens
from .bucket import Bucket
from .ids import opaque
from .queries import document

PAGE = 100
MAX_PAGES = 50
_CHEAPEST = "Shop"


class Page(NamedTuple):
    """One page of a connection: its nodes, and where the next one begins; None for the last."""

    items: list[Any]
    after: str | None
    connection: Fields


class Nodes(NamedTuple):
    """What was read of a connection: its nodes, whether that is all, and its last page."""

    items: list[Any]
    complete: bool
    page: Fields


def path(api: str, version: str) -> str:
    """Return the path of one of the two APIs, admin or storefront."""
    prefix = "/admin" if api == "admin" else ""
    return f"{prefix}/api/{version}/graphql.json"


def api_of(path: str) -> str | None:
    """Return which of the two APIs a path belongs to, None for neither."""
    if not path.endswith("/graphql.json"):
        return None
    return "admin" if "/admin/api/" in path else "storefront"


def body(api: str, name: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the JSON that asks for a document; variables that are None are left out."""
    given = {key: value for key, value in (variables or {}).items() if value is not None}
    return {"query": document(api, name), "operationName": name, "variables": given}


def read_answer(response: Response) -> graphql.Result:
    """Turn an HTTP answer into the result of its query.

    Raises:
        StoreError: as `graphql.read` and `answers.document` do, or by HTTP status.
    """
    if response.status in graphql.STATUSES and response.status != 200:
        kind, message = graphql.STATUSES[response.status]
        raise StoreError(kind, message, status=response.status)
    document_ = answers.document(response)
    if response.status >= 500:
        message = f"Shopify answered with HTTP {response.status}"
        raise StoreError("server_error", message, status=response.status)
    if response.status >= 400:
        message = f"Shopify refuses the request with HTTP {response.status}"
        raise StoreError("invalid_request", message, status=response.status)
    return graphql.read(document_)


class Api(connection.Api):
    """A shop's APIs for the time of one operation or run.

    Args:
        shop: the connection to it.
        send: sends each request.
        deadline: seconds for all of it, waiting for the rate limit included.
        version: API version, such as `2026-10`.
        tokens: of both APIs.
        bucket: the Admin API's rate limit; tells what was spent of it and what is left.
    """

    def __init__(
        self,
        shop: connection.Connection[Any],
        send: Send,
        *,
        deadline: float,
        version: str,
        tokens: Tokens,
        bucket: Bucket,
    ) -> None:
        super().__init__(shop, send, deadline=deadline)
        self.version = version
        self.bucket = bucket
        self._tokens = tokens
        self._introduced = False

    def admin(
        self,
        name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        first: int | None = None,
        writes: bool = False,
        hurry: bool = False,
    ) -> Plan[Fields]:
        """Run a document of `admin.graphql` and return its data; it waits for the rate limit.

        Args:
            name: of the document.
            variables: that it takes.
            first: items wanted, where it takes `$first`; fewer are asked for where they would cost
                more than a single query may.
            writes: whether sending it twice would not do the same as sending it once.
            hurry: whether to ask at once, as liveness must; being refused is an error then.

        Raises:
            ThrottledError: in a hurry only; the rate limit is used up.
            TooDearError: one item costs more than a query may.
            StoreError: of the request, or as the answer says; partial data is an error.
        """
        if not hurry and not self._introduced and self.bucket.must_learn:
            # What the bucket holds is in every answer, so the cheapest question comes first.
            self._introduced = True
            yield from self._spend(_CHEAPEST, None, 1, 0.0)
        while True:
            size = 1 if first is None else self.bucket.page(name, first)
            claim = self.bucket.claim(name, size)
            if claim.wait > 0 and not hurry:
                yield self._pause(claim.wait)
                continue
            asked = variables if first is None else {**(variables or {}), "first": size}
            try:
                return (yield from self._spend(name, asked, size, claim.points, writes=writes))
            except graphql.TooDearError as error:
                self.bucket.refused(name, error, size)
            except graphql.ThrottledError as error:
                # Refused before it ran, so that even a mutation may be sent again.
                if hurry:
                    raise
                yield self._pause(error.wait)

    def storefront(
        self,
        name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        writes: bool = False,
        hurry: bool = False,
    ) -> Plan[Fields]:
        """Run a document of `storefront.graphql` and return its data; otherwise as `admin`."""
        while True:
            try:
                result = yield from self._send("storefront", name, variables, writes=writes)
            except graphql.ThrottledError as error:
                if hurry:
                    raise
                yield self._pause(error.wait)
            else:
                return data_of(result, name)

    def _pause(self, seconds: float) -> Pause:
        if self.monotonic() + seconds >= self.ends:
            raise StoreError("rate_limited", "Shopify's rate limit leaves no room in time")
        return Pause(seconds)

    def _spend(
        self,
        name: str,
        variables: Mapping[str, Any] | None,
        size: int,
        points: float,
        *,
        writes: bool = False,
    ) -> Plan[Fields]:
        """Send a query to the Admin API and settle what it cost."""
        cost: graphql.Cost | None = None
        try:
            result = yield from self._send("admin", name, variables, writes=writes)
            cost = result.cost
        except graphql.ThrottledError as error:
            cost = error.cost
            raise
        finally:
            self.bucket.settle(name, points, cost, size)
        return data_of(result, name)

    def _send(
        self, api: str, name: str, variables: Mapping[str, Any] | None, *, writes: bool
    ) -> Plan[graphql.Result]:
        if api == "admin" and self._tokens.expired:
            yield from self._ask_for_token()
        request = Request(
            "POST",
            self.url + path(api, self.version),
            json=body(api, name, variables),
            idempotent=not writes,
        )
        try:
            return read_answer((yield from self.exchange(request)))
        except StoreError as error:
            if api == "admin" and error.error_type == "unauthorized":
                self._tokens.forget()
            raise

    def _ask_for_token(self) -> Plan[None]:
        app = self._tokens.app
        if app is not None:
            request = Request("POST", self.url + GRANT, json=app.request, idempotent=True)
            self._tokens.take((yield from self.exchange(request)))

    def page(
        self,
        name: str,
        root: str | Callable[[Fields], Fields],
        variables: Mapping[str, Any],
        first: int,
        after: str | None,
        *,
        storefront: bool = False,
    ) -> Plan[Page]:
        """Read one page of a connection.

        Args:
            name: of the document, which takes `$first` and `$after`.
            root: the field of its data that holds the connection, or what finds it there.
            variables: the others that it takes.
            first: nodes wanted; there may be fewer on the page.
            after: where the page begins; None for the first.
            storefront: whether it is a document of the Storefront API.

        Raises:
            StoreError: also invalid_response, the page is no page or its cursor does not move.
        """
        paged = {**variables, "after": after}
        if storefront:
            data = yield from self.storefront(name, {**paged, "first": first})
        else:
            data = yield from self.admin(name, paged, first=first)
        connection = data.child(root) if isinstance(root, str) else root(data)
        return Page(rows(connection), next_cursor(connection, after), connection)

    def nodes(
        self,
        name: str,
        root: str | Callable[[Fields], Fields],
        variables: Mapping[str, Any],
        *,
        limit: int,
        storefront: bool = False,
    ) -> Plan[Nodes]:
        """Read a connection, in as many pages as it takes but at most fifty.

        Args:
            name: of the document; it and the others are as in `page`.
            root: see there.
            variables: see there.
            limit: nodes wanted.
            storefront: see there.
        """
        found: list[Any] = []
        after: str | None = None
        for _ in range(MAX_PAGES):
            size = min(PAGE, limit - len(found))
            page = yield from self.page(name, root, variables, size, after, storefront=storefront)
            found += page.items
            after = page.after
            if after is None or len(found) >= limit:
                break
        return Nodes(found[:limit], after is None and len(found) <= limit, page.connection)

    def all_nodes(
        self, name: str, root: str, variables: Mapping[str, Any], *, limit: int
    ) -> Plan[list[Any]]:
        """Read a whole connection.

        Raises:
            StoreError: also response_too_large, it has more nodes than the limit.
        """
        found: list[Any] = []
        after: str | None = None
        while True:
            size = min(PAGE, limit + 1 - len(found))
            page = yield from self.page(name, root, variables, size, after)
            found += page.items
            after = page.after
            if len(found) > limit:
                raise StoreError("response_too_large", f"{root}: there are more than {limit}")
            if after is None:
                return found
            if not page.items:
                raise StoreError("invalid_response", f"{root}: an empty page is not the last")

    def shop(self) -> Plan[Fields]:
        """Return the shop's name, currency and time zone, asked for once an hour."""
        return self.facts.get("shop", self._shop)

    def _shop(self) -> Plan[Fields]:
        return (yield from self.admin("Shop")).child("shop")

    def currency(self) -> Plan[str]:
        """Return the code of the shop's currency."""
        return (yield from self.shop()).currency("currencyCode")

    def zone(self) -> Plan[tzinfo]:
        """Return the time zone of the shop's calendar."""
        name = (yield from self.shop()).text("ianaTimezone")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = f"the shop's time zone {name[:40]!r} is not known here"
            raise StoreError("invalid_response", message) from None


def rows(connection: Fields) -> list[Any]:
    """Return the nodes of a connection as they are, null ones included.

    Raises:
        StoreError: invalid_response, there is no list of them.
    """
    nodes = connection.raw("nodes")
    if not isinstance(nodes, list):
        raise StoreError("invalid_response", f"{connection.where}: nodes is not a list")
    return nodes


def next_cursor(connection: Fields, previous: str | None) -> str | None:
    """Return where the next page begins, None when there is none.

    Raises:
        StoreError: invalid_response, the cursor does not move: the same page would come for ever.
    """
    page = connection.child("pageInfo")
    if not page.flag("hasNextPage"):
        return None
    cursor = opaque(page, "endCursor")
    if cursor == previous:
        raise StoreError("invalid_response", f"{connection.where}: the cursor does not move")
    return cursor


def data_of(result: graphql.Result, name: str) -> Fields:
    """Return the data; an error beside it fails the operation, as part of the data is missing."""
    if result.errors:
        raise result.errors[0]
    return Fields(result.data, name)
