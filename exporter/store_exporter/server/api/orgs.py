"""`/api/v1` for applications: the health and analytics of the token's org.

The bearer token determines the org. A domain of another org is treated as if it did not exist.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from ...metrics.catalogue.operations import OPERATION_NAMES
from ...metrics.guard import clean
from ...probing.state.leases import Labels, LeaseError
from ...stores.model import Store
from ...turns import in_turns
from ..endpoints import ApiError, limit, number, place_of, store_of, stores_of
from ..exporter import Exporter
from ..places import Places
from ..security.tokens import OrgAccess
from . import prometheus, reports
from .analytics import Filters, Findings, from_recorder, report
from .query_api import PrometheusError
from .reports import Report

log = logging.getLogger(__name__)

MAX_ANALYTICS = 12
"""Concurrent requests for analytics; each sends six queries to Prometheus."""
MAX_ANALYTICS_OF_ORG = 4
MAX_DAYS = 730


class JsonApi:
    """The JSON API over one exporter."""

    def __init__(self, exporter: Exporter, access: OrgAccess) -> None:
        self._exporter = exporter
        self._access = access
        self._places = Places(MAX_ANALYTICS, MAX_ANALYTICS_OF_ORG)
        # One request at a time for each org: several for thousands of stores would be a burden.
        self._looking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def health(self, request: web.Request) -> dict[str, Any]:
        """Return the health of the org's stores."""
        org = self._access.org(request, "read")
        stores = stores_of(self._exporter, org, request)
        async with self._looking[org]:
            found = await self._reports(org, stores)
        awaited = not request.query.get("domain") and self._exporter.awaits(org)
        return reports.health_document(stores, found, awaited=awaited)

    async def _reports(self, org: str, stores: Sequence[Store]) -> list[Report | None]:
        """Return the health of these stores, whichever exporter watches them; None if unknown."""
        exporter = self._exporter
        shared: Mapping[Labels, str] = {}
        if not all(map(exporter.watching.watches, stores)):
            try:
                shared = await exporter.watching.lease_holder.reports(org)
            except LeaseError as error:
                log.warning("the reports of other exporters about stores cannot be read: %s", error)
        now = time.time()
        return [
            reports.own(exporter.status(store))
            if exporter.watching.watches(store)
            else reports.read(shared.get(store.labels), now)
            async for store in in_turns(stores)
        ]

    async def analytics(self, request: web.Request) -> dict[str, Any]:
        """Return the statistics of the org's operations."""
        org = self._access.org(request, "read")
        filters = Filters(
            org=org,
            domain=self._any_domain(request, org),
            operation=clean(request.query.get("operation", "")) or None,
            days=number(request, "days", 7, MAX_DAYS),
            limit=limit(request),
        )
        with place_of(org, self._places):
            source, findings = await self._findings(filters)
        self._check_known(filters, findings)
        return report(findings, filters, source)

    async def _findings(self, filters: Filters) -> tuple[str, Findings]:
        config = self._exporter.config
        url = config.prometheus_url
        if prometheus.hourly(filters):
            url = config.prometheus_years_url or url
        now = time.time()
        if url is None:
            recorder = self._exporter.recorder
            return "process", await asyncio.to_thread(from_recorder, recorder, filters, now)
        try:
            return "prometheus", await prometheus.usage(url, filters, now)
        except PrometheusError as error:
            raise ApiError(504 if error.late else 502, str(error)) from None

    def _check_known(self, filters: Filters, findings: Findings) -> None:
        """Refuse an unknown name, if no data is missing; a known name without calls passes.

        Names are known from the configuration and the catalogue.
        """
        if findings.usages or findings.partial:
            return
        if filters.domain is not None:
            store_of(self._exporter, filters.org, filters.domain)
        if filters.operation is not None and filters.operation not in OPERATION_NAMES:
            raise ApiError(404, "there is no operation of this name")

    def _any_domain(self, request: web.Request, org: str) -> str | None:
        """Return the requested domain: an org's store, or any text that its calls may have."""
        domain = clean(request.query.get("domain", ""))
        store = self._exporter.inventory.find(org, domain)
        return domain or None if store is None else store.domain
