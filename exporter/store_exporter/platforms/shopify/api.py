"""Requests to Shopify as plans: one GraphQL document, sent within the rate limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...contract import Response
from ...errors import StoreError
from ...net.plans import Pause, Plan, Request
from ..kit import connection, graphql
from ..kit.bucket import Bucket, Cost, ThrottledError, TooDearError
from ..kit.connection import Send
from ..kit.fields import Fields
from ..kit.graphql import NodePage, Nodes, QueryFile
from . import responses, versions
from .auth import GRANT, Tokens

DOCUMENTS = {api: QueryFile(__package__, f"{api}.graphql") for api in ("admin", "storefront")}
"""What is asked of the two APIs."""
_CHEAPEST = "Shop"
_MOST_REFUSALS = 5
"""Refusals in a row of one query that do not tell what is missing, after which it is given up."""


def path(api: str, version: str) -> str:
    """Return the path of one of the two APIs, admin or storefront."""
    prefix = "/admin" if api == "admin" else ""
    return f"{prefix}/api/{version}/graphql.json"


def api_of(path: str) -> str | None:
    """Return which of the two APIs a path belongs to, None for neither."""
    if not path.endswith("/graphql.json"):
        return None
    return "admin" if "/admin/api/" in path else "storefront"


class Api(connection.Api):
    """A shop's APIs for the time of one operation or run.

    Args:
        shop: the connection to it.
        send: sends each request.
        deadline: seconds for all of it, waiting for the rate limit included.
        version: API version, such as `2026-10`.
        tokens: of both APIs.
        bucket: the Admin API's rate limit; tells what was spent of it and what is left.

    Attributes:
        served: the API version that answered last, where answers tell it; Shopify answers by
            another one than was asked for when that one has ended.
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
        self.version = self.served = version
        self.bucket = bucket
        self._tokens = tokens

    def admin(
        self,
        name: str,
        variables: Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None = None,
        *,
        first: int | None = None,
        writes: bool = False,
        hurry: bool = False,
        beside: list[StoreError] | None = None,
    ) -> Plan[Fields]:
        """Run a document of `admin.graphql` and return its data; it waits for the rate limit.

        Args:
            name: of the document.
            variables: that it takes; `$first` is added to them, or they are made for a number of
                items.
            first: items wanted, where it is for many; fewer are asked for where they would cost
                more than a single query may.
            writes: whether sending it twice would not do the same as sending it once.
            hurry: whether to ask at once, as liveness must; being refused is an error then.
            beside: takes the errors beside partial data, which are errors unless given.

        Raises:
            ThrottledError: in a hurry only; the rate limit is used up.
            TooDearError: one item costs more than a query may.
            StoreError: of the request, or as the answer says; partial data is an error.
        """
        if not hurry and name != _CHEAPEST and self.bucket.must_learn:
            # What the bucket holds is in every answer, so the cheapest question comes first.
            yield from self.shop()
        refusals = 0
        while True:
            size = 1 if first is None else self.bucket.page(name, first)
            claim = self.bucket.claim(name, size)
            if claim.wait > 0 and not hurry:
                yield self._pause(claim.wait)
                continue
            if callable(variables):
                asked: Mapping[str, Any] | None = variables(size)
            else:
                asked = variables if first is None else {**(variables or {}), "first": size}
            try:
                result = yield from self._spend(name, asked, size, claim.points, writes=writes)
                return responses.data_of(result, name, beside)
            except TooDearError as error:
                self.bucket.refused(name, error, size)
            except ThrottledError as error:
                # Refused before it ran, so that even a mutation may be sent again.
                refusals += 1
                if hurry or (error.cost is None and refusals >= _MOST_REFUSALS):
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
            except ThrottledError as error:
                if hurry:
                    raise
                yield self._pause(error.wait)
            else:
                return responses.data_of(result, name)

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
    ) -> Plan[responses.GraphqlResult]:
        """Send a query to the Admin API and settle what it cost."""
        cost: Cost | None = None
        try:
            result = yield from self._send("admin", name, variables, writes=writes)
            cost = result.cost
            self.bucket.silent = cost is None
        except ThrottledError as error:
            cost = error.cost
            raise
        finally:
            self.bucket.settle(name, points, cost, size)
        return result

    def _send(
        self, api: str, name: str, variables: Mapping[str, Any] | None, *, writes: bool
    ) -> Plan[responses.GraphqlResult]:
        if api == "admin" and self._tokens.expired:
            yield from self._ask_for_token()
        request = Request(
            "POST",
            self.url + path(api, self.version),
            json=DOCUMENTS[api].body(name, variables),
            idempotent=not writes,
        )
        try:
            response = yield from self.exchange(request)
            self._note_version(response)
            return responses.read(response, self.now())
        except StoreError as error:
            if api == "admin" and error.error_type == "unauthorized":
                self._tokens.forget()
            raise

    def _note_version(self, response: Response) -> None:
        """Remember by which version the answer was made, where it tells one."""
        told = response.headers.get("x-shopify-api-version", "")
        if versions.is_version(told):
            self.served = told

    def _ask_for_token(self) -> Plan[None]:
        app = self._tokens.app
        if app is not None:
            request = Request("POST", self.url + GRANT, json=app.request, idempotent=True)
            self._tokens.receive((yield from self.exchange(request)))

    def page(
        self,
        name: str,
        root: str | Callable[[Fields], Fields],
        variables: Mapping[str, Any],
        first: int,
        after: str | None,
        *,
        beside: list[StoreError] | None = None,
        storefront: bool = False,
    ) -> Plan[NodePage]:
        """Read one page of a connection.

        Args:
            name: of the document, which takes `$first` and `$after`.
            root: the field of its data that holds the connection, or what finds it there.
            variables: the others that it takes.
            first: nodes wanted; there may be fewer on the page.
            after: where the page begins; None for the first.
            beside: as in `admin`.
            storefront: whether it is a document of the Storefront API.

        Raises:
            StoreError: also invalid_response, the page is no page or its cursor does not move.
        """
        paged = {**variables, "after": after}
        if storefront:
            data = yield from self.storefront(name, {**paged, "first": first})
        else:
            data = yield from self.admin(name, paged, first=first, beside=beside)
        try:
            connection = data.child(root) if isinstance(root, str) else root(data)
            return graphql.page(connection, after)
        except StoreError:
            if beside:
                raise beside[-1] from None
            raise

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
        ask = partial(self.page, name, root, variables, storefront=storefront)
        return graphql.nodes(ask, limit)

    def all_nodes(
        self, name: str, root: str, variables: Mapping[str, Any], *, limit: int
    ) -> Plan[list[Any]]:
        """Read a whole connection.

        Raises:
            StoreError: also response_too_large, it has more nodes than the limit.
        """
        return graphql.all_nodes(partial(self.page, name, root, variables), root, limit)

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
