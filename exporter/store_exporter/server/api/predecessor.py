"""The predecessor's two endpoints, for pages that still use them: its formats, our figures.

Both return `{"success": true, "data": …}`, with a number wherever the predecessor had one. A
request without a token gets an empty response. The data is the same as that of `/api/v1`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from aiohttp import web

from ...calls.call import OPERATION, Call
from ...metrics.recorder import Recorder
from ...probing.jobs import jobs_of
from ...probing.results.result import Result
from ...stores.model import Store
from ..endpoints import ApiError, number, place_of
from ..exporter import Exporter
from ..places import FullError, Places
from ..security.tokens import OrgAccess
from .calls import MAX_READERS, MAX_READERS_OF_ORG
from .orgs import MAX_DAYS, JsonApi
from .reports import Report

MAX_LIVE = 20
"""Stores that one request probes; for further stores it shows the last results."""
_SECONDS = 10.0
_HEALTH = ("domain", "status", "message", "response_time_ms", "error_type")

_NO_FILTERS = {"domain": None, "operation": None, "days": 7, "limit": 100}
_NO_STATS: Mapping[str, object] = {
    "total_operations": 0,
    "success_rate": 0,
    "avg_duration_ms": 0,
    "operations_by_type": {},
    "errors_by_type": {},
}

Document = dict[str, Any]


class PredecessorApi:
    """Serves the old endpoints, if the configuration enables them."""

    def __init__(self, exporter: Exporter, access: OrgAccess, api: JsonApi) -> None:
        self._exporter = exporter
        self._access = access
        self._api = api
        self._places = Places(MAX_LIVE)
        self._readers = Places(MAX_READERS, MAX_READERS_OF_ORG)

    async def analytics(self, request: web.Request) -> web.Response:
        """Return the statistics of the org's operations, and its latest single calls."""
        return await self._respond(request, self._analytics)

    async def health(self, request: web.Request) -> web.Response:
        """Probe the org's stores and return their health."""
        return await self._respond(request, self._health)

    async def _respond(
        self, request: web.Request, respond: Callable[[web.Request], Awaitable[Document]]
    ) -> web.Response:
        if not self._exporter.config.predecessor_api:
            off = "predecessor_api: true in the configuration enables this address"
            return web.json_response({"success": False, "error": off}, status=404)
        try:
            return web.json_response({"success": True, "data": await respond(request)})
        except ApiError as error:
            document = {"success": False, "error": str(error)}
            return web.json_response(document, status=error.status, headers=error.headers)

    async def _analytics(self, request: web.Request) -> Document:
        found: Document = {"stats": {}, "filters": dict(_NO_FILTERS)}
        calls: list[Document] = []
        if "Authorization" in request.headers:
            found = await self._api.analytics(request)
            org = self._access.org(request, "read")
            with place_of(org, self._readers):
                calls = await asyncio.to_thread(self._calls, org, found["filters"])
            # Without a Prometheus, figures count from the process's start, which the old format
            # cannot express.
            found["filters"]["days"] = number(request, "days", 7, MAX_DAYS)
        return {
            "metrics": calls,
            "stats": {name: found["stats"].get(name) or none for name, none in _NO_STATS.items()},
            "filters": found["filters"],
        }

    def _calls(self, org: str, filters: Document) -> list[Document]:
        """Return the latest remembered calls, newest first, as rows of the old table."""
        book, domain = self._exporter.calls, filters["domain"]
        # The slowest are calls that succeeded.
        found = (*book.read(org, domain), *book.slowest(org, domain))
        newest = sorted(found, key=lambda call: -call.time)
        matching = (
            call
            for call in newest
            if call.kind == OPERATION and filters["operation"] in (None, call.operation)
        )
        return _rows(map(book.shown, islice(matching, filters["limit"])))

    async def _health(self, request: web.Request) -> Document:
        checks: list[Report] = []
        if "Authorization" in request.headers:
            known = (await self._api.health(request))["health_checks"]
            live = [self._live(check) for check in known[:MAX_LIVE]]
            checks = [*await asyncio.gather(*live), *known[MAX_LIVE:]]
        healthy = sum(check["status"] == "healthy" for check in checks)
        worst = "degraded" if healthy or not checks else "critical"
        return {
            "overall_status": "healthy" if healthy == len(checks) else worst,
            "healthy_domains": healthy,
            "total_domains": len(checks),
            "health_checks": [
                {**{name: check[name] for name in _HEALTH},
                 "response_time_ms": check["response_time_ms"] or 0}
                for check in checks
            ],
        }  # fmt: skip

    async def _live(self, known: Report) -> Report:
        """Probe a store now and return its status; the known status if it cannot be probed."""
        store = self._exporter.inventory.stores.get(known["domain"])
        result = None if store is None else await self._probed(store)
        if store is None or result is None:
            return known
        found = {**known, "response_time_ms": round(result.duration * 1000, 1)}
        if not result.ok:
            message = self._exporter.redact.of_tenant(result.message)
            return found | {
                "status": "critical",
                "message": message,
                "error_type": result.error_type,
            }
        last = self._exporter.status(store).liveness
        if known["status"] != "unknown" and last is not None and last.error_type is None:
            return found
        return found | {"status": "healthy", "message": "the API responded", "error_type": None}

    async def _probed(self, store: Store) -> Result | None:
        """Run a store's liveness probe; None if it cannot run or says nothing about the store."""
        job = next((job for job in jobs_of(store) if job.liveness), None)
        if job is None or not self._exporter.watching.watches(store):
            return None
        try:
            with self._places.occupied():
                async with asyncio.timeout(_SECONDS):
                    runner = self._exporter.single(Recorder())
                    result = await runner.run_anyway(job, reserve=False)
        except (FullError, TimeoutError):
            return None
        return None if result.skipped else result


def _rows(calls: Iterable[Call]) -> list[Document]:
    """Return calls as rows of the old table, with the ids by which pages identify them."""
    rows, met = [], Counter[str]()
    for call in calls:
        row = _row(call)
        met[row["id"]] += 1
        # Several calls of one batch may have ended at the same time.
        if met[row["id"]] > 1:
            row["id"] += f"/{met[row['id']]}"
        rows.append(row)
    return rows


def _row(call: Call) -> Document:
    at = datetime.fromtimestamp(call.time, UTC).isoformat(timespec="milliseconds")
    return {
        "id": f"{call.domain}/{call.operation}/{at}",
        "customer_config_id": None,
        "domain": call.domain,
        "operation": call.operation,
        "duration_ms": round(call.duration * 1000),
        "success": call.error_type is None,
        "error_type": call.error_type,
        "error_message": call.message or None,
        "user_agent": None,
        "created_at": at,
    }
