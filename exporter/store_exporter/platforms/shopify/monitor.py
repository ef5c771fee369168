"""How the exporter's probes and collectors ask Shopify: read-only, within a share of its limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from ...metrics.catalogue import health
from ...metrics.families import Sample
from ...probing.contract import Context
from ..fields import Fields
from . import graphql
from .api import body, path, read_answer, rows
from .auth import Tokens
from .bucket import Bucket
from .versions import DEFAULT

_BUCKET = "shopify.bucket"
_SPENT = "shopify.spent"
_STATUS = "Shop"


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
        self._version = str(store.settings.get("api_version") or DEFAULT)
        self._tokens = Tokens(
            store.url,
            store.credentials["admin_token"],
            store.credentials.get("storefront_token"),
        )
        share = float(store.settings.get("budget_share") or 0.25)
        self._bucket: Bucket = context.memory.setdefault(_BUCKET, Bucket(time.monotonic, share))
        self._spent: list[float] = context.memory.setdefault(_SPENT, [0.0, 0.0])
        self.costs: list[graphql.Cost] = []

    @property
    def version(self) -> str:
        """The API version in use."""
        return self._version

    @property
    def spent(self) -> tuple[float, float]:
        """Points that queries of all runs were judged to cost, and did cost."""
        return self._spent[0], self._spent[1]

    async def admin(self, name: str, variables: Mapping[str, Any] | None = None) -> Fields:
        """Run a document of `admin.graphql` within the share and return its data.

        Raises:
            StoreError: of the request, or as the answer says; partial data is an error.
        """
        if not self._hurry and not self._bucket.known:
            # What the bucket holds is in every answer, so the cheapest question comes first.
            await self._ask(_STATUS, None)
        while True:
            claim = self._bucket.claim(name)
            if claim.wait <= 0 or self._hurry:
                try:
                    return await self._ask(name, variables, claim.points)
                except graphql.ThrottledError as error:
                    # The run's own deadline ends this; liveness has to say it at once.
                    if self._hurry:
                        raise
                    await asyncio.sleep(error.wait)
            else:
                await asyncio.sleep(claim.wait)

    async def storefront(self, name: str, variables: Mapping[str, Any] | None = None) -> Fields:
        """Run a document of `storefront.graphql` and return its data."""
        return (await self._send("storefront", name, variables))[0]

    async def _ask(
        self, name: str, variables: Mapping[str, Any] | None, points: float = 0.0
    ) -> Fields:
        cost: graphql.Cost | None = None
        try:
            data, cost = await self._send("admin", name, variables)
        except graphql.ThrottledError as error:
            cost = error.cost
            raise
        finally:
            self._bucket.settle(name, points, cost)
            if cost is not None:
                self.costs.append(cost)
                self._spent[0] += cost.requested
                self._spent[1] += cost.actual or 0.0
        return data

    async def _send(
        self, api: str, name: str, variables: Mapping[str, Any] | None
    ) -> tuple[Fields, graphql.Cost | None]:
        url = self._context.store.url + path(api, self._version)
        answer = await self._context.http.request(
            "POST", url, headers=self._tokens.headers(url), json=body(api, name, variables)
        )
        result = read_answer(answer)
        if result.errors:
            raise result.errors[0]
        return Fields(result.data, name), result.cost

    async def nodes(
        self, name: str, root: str, variables: Mapping[str, Any], *, size: int, pages: int
    ) -> tuple[list[Any], bool]:
        """Read a connection by its cursor.

        Returns:
            The nodes, and whether there are no more of them.
        """
        found: list[Any] = []
        after: str | None = None
        for _ in range(pages):
            data = await self.admin(name, {**variables, "first": size, "after": after})
            connection = data.child(root)
            found += rows(connection)
            page = connection.child("pageInfo")
            cursor = page.text("endCursor") if page.flag("hasNextPage") else None
            if cursor is None:
                return found, True
            if cursor == after:
                break
            after = cursor
        return found, False

    def samples(self) -> list[Sample]:
        """Return what the answers of this run told of the rate limit."""
        if not self.costs:
            return []
        latest = self.costs[-1]
        return [
            Sample(health.API_BUCKET_AVAILABLE, latest.available),
            Sample(health.API_BUCKET_MAXIMUM, latest.maximum),
        ]
