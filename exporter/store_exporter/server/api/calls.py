"""`/api/v1/calls`: an org's latest failures and slowest operations."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from aiohttp import web

from ...calls.call import COLLECTOR, OPERATION, PROBE, Call
from ...errors import ERROR_TYPES, Fault
from ...metrics.guard import clean
from ..endpoints import ApiError, limit, place_of, store_of
from ..exporter import Exporter
from ..places import Places
from ..security.tokens import OrgAccess

MAX_READERS = 4
"""Maximum number of concurrent requests: masking a thousand messages occupies a thread for a
second, and there are few threads."""
MAX_READERS_OF_ORG = 2
_FILTERS: Mapping[str, Collection[str] | None] = {
    "operation": None,
    "error_type": ERROR_TYPES,
    "fault": [*Fault],
    "kind": (OPERATION, PROBE, COLLECTOR),
}
"""The parameters, with their known values; operations may have any value."""


class CallsApi:
    """Returns the recent calls of a token's org."""

    def __init__(self, exporter: Exporter, access: OrgAccess) -> None:
        self._exporter = exporter
        self._access = access
        self._places = Places(MAX_READERS, MAX_READERS_OF_ORG)

    async def listed(self, request: web.Request) -> dict[str, Any]:
        """Return the failures, newest first, and the slowest."""
        org = self._access.org(request, "read")
        domain = self._domain(org, clean(request.query.get("domain", "")))
        wanted = {name: _wanted(request, name) for name in _FILTERS}
        most = limit(request)
        book = self._exporter.calls

        def documents(calls: Sequence[Call]) -> list[dict[str, Any]]:
            filters = [item for item in wanted.items() if item[1] is not None]
            found = (c for c in calls if all(getattr(c, name) == value for name, value in filters))
            return [book.shown(call).document() for call in islice(found, most)]

        def both() -> dict[str, Any]:
            return {
                "calls": documents(book.read(org, domain)),
                "slowest": documents(book.slowest(org, domain)),
            }

        with place_of(org, self._places):
            found = await asyncio.to_thread(both)
        return {
            **found,
            "since": datetime.fromtimestamp(book.since, UTC).isoformat(timespec="seconds"),
            "filters": {"domain": domain, **wanted, "limit": most},
        }

    def _domain(self, org: str, domain: str) -> str | None:
        """Return the requested domain; ApiError if neither the org nor its calls have it."""
        if not domain or self._exporter.calls.knows(org, domain):
            return domain or None
        return store_of(self._exporter, org, domain).domain


def _wanted(request: web.Request, name: str) -> str | None:
    """Return the requested value of one field, if it may have that; None for any."""
    value, known = clean(request.query.get(name, "")) or None, _FILTERS[name]
    if value is not None and known is not None and value not in known:
        raise ApiError(400, f"{name} must be one of: {', '.join(known)}")
    return value
