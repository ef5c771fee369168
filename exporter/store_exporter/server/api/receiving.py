"""Shared by the endpoints for reports of applications: the orgs, and counting the reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from ...ingest.calls import Tenant
from ...ingest.error_classes import ErrorClasses
from ...ingest.intake import Decide, TooMuchError
from ...ingest.ledger import MarkKey
from ...ingest.ledger_file import LedgerError
from ...metrics.catalogue.exporter import INGESTED
from ...platforms import base
from ..bodies import Bodies
from ..endpoints import ApiError
from ..exporter import Exporter
from ..security.tokens import OrgAccess


class Tenants:
    """The orgs that may report, from the current configuration."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._config = exporter.config
        self._classes = ErrorClasses(exporter.config.error_classes, base.codes_of)

    def of(self, org: str) -> Tenant:
        """Return the tenant of a configured org."""
        exporter = self._exporter
        config, fleet = exporter.config, exporter.inventory.fleet
        if config is not self._config:
            self._config = config
            self._classes = ErrorClasses(config.error_classes, base.codes_of)

        # The platform of a store whose source has not responded is that of its earlier calls.
        stores = exporter.intake.stores if exporter.awaits(org) else ()
        reported = {domain: platform for owner, domain, platform in stores if owner == org}

        def platform_of(domain: str) -> str | None:
            found = fleet.get(domain)
            if found is None:
                return reported.get(domain) if exporter.awaits(org, domain) else None
            return found.platform if found.org == org else None

        def accepts_unknown(domain: str) -> bool:
            return config.orgs[org].unknown_domains == "accept" or exporter.awaits(org, domain)

        return Tenant(
            org=org,
            platform_of=platform_of,
            accepts_unknown=accepts_unknown,
            platforms=base.names(),
            classes=self._classes,
            now=time.time,
        )


class OrgTurns:
    """Runs one piece of work at a time; orgs take turns when work has to wait.

    So the waiting work of one org, however much it is, delays another org by one piece of it.
    """

    def __init__(self) -> None:
        self._all = asyncio.Lock()
        self._own: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, org: str) -> AsyncIterator[None]:
        """Wait for an org's turn, which lasts until the block ends."""
        own = self._own.get(org)
        if own is None:
            own = self._own[org] = asyncio.Lock()
        # At most one task of each org waits for `_all`, which serves them in order of arrival.
        async with own, self._all:
            yield


class Receiver:
    """Receives the reports of applications, in any format."""

    def __init__(
        self, exporter: Exporter, access: OrgAccess, bodies: Bodies, tenants: Tenants
    ) -> None:
        self._exporter = exporter
        self._access = access
        self._bodies = bodies
        self._tenants = tenants
        # One after the other, so that other requests get the event loop during a flood of reports.
        self._reading = OrgTurns()

    async def count(self, keys: tuple[MarkKey, ...], decide: Decide) -> None:
        """Count a report.

        Raises:
            ApiError: it cannot be saved or is too large; nothing of it is counted.
        """
        try:
            await self._exporter.intake.count(keys, decide)
        except TooMuchError as error:
            raise ApiError(400, f"{error}; nothing was counted") from None
        except LedgerError as error:
            if error.full:
                raise ApiError(507, "the disk is full; nothing was counted") from None
            message = "the report cannot be saved now; nothing was counted"
            raise ApiError(503, message, {"Retry-After": "5"}) from None

    def record(self, org: str, outcome: str, count: int) -> None:
        """Count reported operations by their outcome."""
        self._exporter.recorder.inc(INGESTED, (org, outcome), count)
