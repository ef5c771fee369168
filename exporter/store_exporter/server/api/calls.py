"""`/api/v1/calls`: the latest failures of an org's stores, and its slowest operations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from aiohttp import web

from ...calls.call import Call
from ...metrics.guard import clean
from ..endpoints import ApiError, number
from ..exporter import Exporter
from ..security.access import OrgAccess

MAX_LIMIT = 1000
_FILTERS = ("operation", "error_type", "fault", "kind")


class CallsApi:
    """Shows the recent calls of a token's org."""

    def __init__(self, exporter: Exporter, access: OrgAccess) -> None:
        self._exporter = exporter
        self._access = access

    async def listed(self, request: web.Request) -> dict[str, Any]:
        """Answer the failures, newest first, and the slowest."""
        org = self._access.org(request, "read")
        domain = self._domain(org, clean(request.query.get("domain", "")))
        wanted = {name: clean(request.query.get(name, "")) or None for name in _FILTERS}
        limit = number(request, "limit", 100, MAX_LIMIT)
        book = self._exporter.calls

        def documents(calls: Sequence[Call]) -> list[dict[str, Any]]:
            filters = [item for item in wanted.items() if item[1] is not None]
            found = (c for c in calls if all(getattr(c, name) == value for name, value in filters))
            return [book.shown(call).document() for call in islice(found, limit)]

        def both() -> dict[str, Any]:
            return {
                "calls": documents(book.read(org, domain)),
                "slowest": documents(book.slowest(org, domain)),
            }

        return {
            **await asyncio.to_thread(both),
            "since": datetime.fromtimestamp(book.since, UTC).isoformat(timespec="seconds"),
            "filters": {"domain": domain, **wanted, "limit": limit},
        }

    def _domain(self, org: str, domain: str) -> str | None:
        """Return the domain asked for: one of the org's stores, or one that its calls have.

        Raises:
            ApiError: it is neither.
        """
        if not domain:
            return None
        store = self._exporter.inventory.find(org, domain)
        if store is not None:
            return store.domain
        if self._exporter.calls.knows(org, domain):
            return domain
        raise ApiError(404, "there is no store of this domain")
