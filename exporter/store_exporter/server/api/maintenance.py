"""`/api/v1/maintenance`: maintenance windows that an org reports for its own stores."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ...config.model.values import duration, duration_text
from ...stores.maintenance import MAX_BEGUN_SECONDS, MAX_REASON, Window, is_reason
from ...stores.model import Store
from ...turns import together
from ..bodies import Bodies
from ..endpoints import ApiError, json_object, needing_state, stores_of, watched_store
from ..exporter import Exporter
from ..security.tokens import OrgAccess
from ..status import window_document

_KEYS = ("domain", "for", "reason")


class MaintenanceApi:
    """Lists, begins and ends maintenance of the stores of a token's org."""

    def __init__(self, exporter: Exporter, access: OrgAccess, bodies: Bodies) -> None:
        self._exporter = exporter
        self._access = access
        self._bodies = bodies

    async def listed(self, request: web.Request) -> dict[str, Any]:
        """Return the windows of the org's stores that are not over."""
        org = self._access.org(request, "read")
        stores = stores_of(self._exporter, org, request)
        with needing_state("nothing was read"):
            begun = await together(self._exporter.maintenance.find, stores)
        found = zip(stores, begun, strict=True)
        return {"maintenance": [one for pair in found for one in self._windows(*pair)]}

    async def begin(self, request: web.Request) -> dict[str, Any]:
        """Begin maintenance of a store now; it replaces an earlier window that was begun."""
        org = self._access.org(request, "maintenance")
        async with self._bodies.read(request, org) as body:
            fields = _read(body)
        store = watched_store(self._exporter, org, fields["domain"])
        try:
            seconds = duration(fields["for"])
        except ValueError as error:
            raise ApiError(400, f"for {error}") from None
        if seconds > MAX_BEGUN_SECONDS:
            longest = duration_text(MAX_BEGUN_SECONDS)
            message = f"for must be at most {longest}; the configuration takes longer ones"
            raise ApiError(400, message)
        reason = fields["reason"]
        if not is_reason(reason):
            raise ApiError(400, f"reason must be one line of at most {MAX_REASON} characters")
        with needing_state("nothing was changed"):
            window = await self._exporter.maintenance.begin(store, seconds, reason)
        return {"domain": store.domain, **window_document(window)}

    async def end(self, request: web.Request) -> dict[str, Any]:
        """End the window that was begun for a store; windows of the configuration stay."""
        org = self._access.org(request, "maintenance")
        domain = request.query.get("domain", "")
        if not domain:
            raise ApiError(400, "domain is missing in the query: ?domain=shop.example.com")
        store = watched_store(self._exporter, org, domain)
        with needing_state("nothing was changed"):
            ended = await self._exporter.maintenance.end(store)
        if not ended:
            message = "no maintenance was started for this store"
            if self._exporter.maintenance.current(store) is not None:
                message += "; its current maintenance is in the configuration"
            raise ApiError(409, message)
        return {"domain": store.domain, "maintenance": self._windows(store)}

    def _windows(self, store: Store, begun: Window | None = None) -> list[dict[str, Any]]:
        return [
            {
                "domain": store.domain,
                **window_document(window),
                "source": "api" if window is begun else "configuration",
            }
            for window in self._exporter.maintenance.windows(store, begun)
        ]


def _read(body: bytes) -> dict[str, str]:
    """Read the JSON document of a request, which has all keys and no others."""
    expected = "the body must be an object with domain, for and reason, each of them a string"
    fields = json_object(body, expected)
    if sorted(fields) != sorted(_KEYS) or not all(isinstance(v, str) for v in fields.values()):
        raise ApiError(400, expected)
    return fields
