"""How the exporter's probes and collectors ask Shopify: read-only, within a share of its limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...contract import Context
from ...errors import StoreError
from ...metrics.catalogue import health
from ...metrics.families import Sample
from ..kit.fields import Fields
from . import graphql
from .api import body, data_of, next_cursor, path, read_answer, rows
from .auth import GRANT, Tokens, access
from .bucket import Bucket
from .versions import DEFAULT

_MEMORY = "rate limit"
_TOKENS = "tokens"
_CHEAPEST = "Shop"
_PAGE = 100
DEFAULT_SHARE = 0.25
"""Part of the rate limit that monitoring may use, unless configured."""


@dataclass(slots=True)
class Usage:
    """What all runs against a shop share: the rate limit, and what they took of it.

    Attributes:
        bucket: decides when a query may be sent.
        requested: points that queries were judged to cost.
        actual: points that they did cost.
        latest: the latest state of the rate limit; None before the first answer.
        shown: `requested` and `actual` as they were last shown.
    """

    bucket: Bucket
    requested: float = 0.0
    actual: float = 0.0
    latest: graphql.Cost | None = None
    shown: tuple[float, float] = (0.0, 0.0)

    def take(self, cost: graphql.Cost | None) -> None:
        """Add up what an answer tells."""
        if cost is None:
            return
        self.latest = cost
        if cost.actual is not None:
            self.requested += cost.requested
            self.actual += cost.actual

    def samples(self) -> list[Sample]:
        """Return the state of the rate limit and what was taken of it, if answers have told."""
        if self.latest is None:
            return []
        (requested, actual), self.shown = self.shown, (self.requested, self.actual)
        return [
            Sample(health.API_BUCKET_AVAILABLE, self.latest.available),
            Sample(health.API_BUCKET_MAXIMUM, self.latest.maximum),
            Sample(health.API_COST, self.requested, {"kind": "requested"}, requested),
            Sample(health.API_COST, self.actual, {"kind": "actual"}, actual),
        ]


def _tokens(context: Context) -> Tokens:
    """Return the shop's tokens; a token that the shop gave is kept until it ends."""
    credentials = dict(context.store.credentials)
    known = context.memory.get(_TOKENS)
    if known is None or known[0] != credentials:
        storefront = credentials.get("storefront_token")
        known = (credentials, Tokens(access(credentials), storefront, context.monotonic))
        context.memory[_TOKENS] = known
    tokens: Tokens = known[1]
    return tokens


class Monitor:
    """The APIs of one shop, for one run of a probe or collector.

    Args:
        context: whose shop is asked, over whose HTTP.
        hurry: whether to ask without waiting for the share, as liveness must.
    """

    def __init__(self, context: Context, *, hurry: bool = False) -> None:
        store = context.store
        self._context = context
        self._hurry = hurry
        self._introduced = hurry
        self._version = str(store.settings.get("api_version") or DEFAULT)
        self._tokens = _tokens(context)
        share = float(store.settings.get("budget_share") or DEFAULT_SHARE)
        fresh = Usage(Bucket(context.monotonic, share))
        self.usage: Usage = context.memory.setdefault(_MEMORY, fresh)

    @property
    def version(self) -> str:
        """The API version in use."""
        return self._version

    async def admin(
        self, name: str, variables: Mapping[str, Any] | None = None, *, first: int | None = None
    ) -> Fields:
        """Run a document of `admin.graphql` within the share and return its data.

        Args:
            name: of the document.
            variables: that it takes.
            first: items wanted, where it takes `$first`; there may be fewer on a page.

        Raises:
            StoreError: of the request, or as the answer says; partial data is an error, and so is
                a query that would cost more than the whole share.
        """
        bucket = self.usage.bucket
        if not self._introduced and not bucket.known:
            # What the bucket holds is in every answer, so the cheapest question comes first.
            self._introduced = True
            await self._ask(_CHEAPEST, {}, 1, 0.0)
        while True:
            size = 1 if first is None else bucket.page(name, first)
            claim = bucket.claim(name, size)
            if claim.wait > 0 and not self._hurry:
                await self._context.sleep(claim.wait)
                continue
            asked = variables or {}
            try:
                return await self._ask(
                    name, asked if first is None else {**asked, "first": size}, size, claim.points
                )
            except graphql.TooDearError as error:
                bucket.refused(name, error, size)
            except graphql.ThrottledError as error:
                # The run's own deadline ends this; liveness has to say it at once.
                if self._hurry:
                    raise
                await self._context.sleep(error.wait)

    async def storefront(self, name: str, variables: Mapping[str, Any] | None = None) -> Fields:
        """Run a document of `storefront.graphql` and return its data."""
        return data_of(await self._send("storefront", name, variables), name)

    async def _ask(
        self, name: str, variables: Mapping[str, Any], size: int, points: float
    ) -> Fields:
        cost: graphql.Cost | None = None
        try:
            result = await self._send("admin", name, variables)
            cost = result.cost
        except graphql.ThrottledError as error:
            cost = error.cost
            raise
        finally:
            self.usage.bucket.settle(name, points, cost, size)
            self.usage.take(cost)
        return data_of(result, name)

    async def _send(
        self, api: str, name: str, variables: Mapping[str, Any] | None
    ) -> graphql.Result:
        http, url = self._context.http, self._context.store.url
        if api == "admin" and self._tokens.expired and self._tokens.app is not None:
            grant = await http.request("POST", url + GRANT, json=self._tokens.app.request)
            self._tokens.take(grant)
        answer = await http.request(
            "POST",
            url + path(api, self._version),
            headers=self._tokens.headers(api),
            json=body(api, name, variables),
        )
        try:
            return read_answer(answer)
        except StoreError as error:
            if api == "admin" and error.error_type == "unauthorized":
                self._tokens.forget()
            raise

    async def page(
        self, name: str, root: str, variables: Mapping[str, Any], first: int, after: str | None
    ) -> tuple[list[Any], str | None]:
        """Read one page of a connection.

        Returns:
            The nodes, and where the next page begins; None when there is none.

        Raises:
            StoreError: also invalid_response, the page is no page or its cursor does not move.
        """
        data = await self.admin(name, {**variables, "after": after}, first=first)
        connection = data.child(root)
        return rows(connection), next_cursor(connection, after)

    async def nodes(
        self, name: str, root: str, variables: Mapping[str, Any], *, limit: int
    ) -> list[Any]:
        """Read a whole connection.

        Raises:
            StoreError: also response_too_large, it has more nodes than the limit.
        """
        found: list[Any] = []
        after: str | None = None
        while True:
            nodes, after = await self.page(
                name, root, variables, min(_PAGE, limit + 1 - len(found)), after
            )
            found += nodes
            if len(found) > limit:
                raise StoreError("response_too_large", f"{root}: there are more than {limit}")
            if after is None:
                return found
            if not nodes:
                raise StoreError("invalid_response", f"{root}: an empty page is not the last")
