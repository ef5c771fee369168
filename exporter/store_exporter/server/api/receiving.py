"""What the endpoints share to which applications report: their orgs, and counting what was sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import cache

from ...ingest.calls import Tenant
from ...ingest.effects import Decide, TooMuchError
from ...ingest.error_classes import ErrorClasses, comparable_names
from ...ingest.ledger import MarkKey
from ...ingest.ledger_file import LedgerError
from ...metrics.catalogue.exporter import INGESTED
from ...platforms import base
from ...stores.model import Store
from ..bodies import Bodies
from ..endpoints import ApiError
from ..exporter import Exporter
from ..security.access import OrgAccess


@cache
def codes_of(platform: str) -> Mapping[str, str]:
    """Return error types by the codes of a platform, as they are compared."""
    return comparable_names(base.load(platform).codes)


class Tenants:
    """What the configuration in use says of the orgs that report."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._config = exporter.config
        self._classes = ErrorClasses(exporter.config.error_classes, codes_of)

    def of(self, org: str) -> Tenant:
        """Return what is known of an org of the configuration."""
        config, fleet = self._exporter.config, self._exporter.inventory.fleet
        if config is not self._config:
            self._config = config
            self._classes = ErrorClasses(config.error_classes, codes_of)

        def store(domain: str) -> Store | None:
            found = fleet.get(domain)
            return found if found is not None and found.org == org else None

        return Tenant(
            org=org,
            store=store,
            accepts_unknown=config.orgs[org].unknown_domains == "accept",
            platforms=base.names(),
            classes=self._classes,
            now=time.time,
        )


class Receiver:
    """Takes what applications report, in whatever form.

    Args:
        exporter: whose recorder counts it, and which stores there are.
        access: whose a request is.
        bodies: reads what is sent.
        tenants: what is known of the orgs.
    """

    def __init__(
        self, exporter: Exporter, access: OrgAccess, bodies: Bodies, tenants: Tenants
    ) -> None:
        self._exporter = exporter
        self._access = access
        self._bodies = bodies
        self._tenants = tenants
        # One after the other, so that a flood of reports leaves the loop to others in between.
        self._reading = asyncio.Lock()

    async def count(self, keys: tuple[MarkKey, ...], decide: Decide) -> None:
        """Count what was reported.

        Raises:
            ApiError: it cannot be saved or is too much, and nothing of it is counted.
        """
        try:
            await self._exporter.intake.count(keys, decide)
        except TooMuchError as error:
            raise ApiError(400, f"{error}; nothing was counted") from None
        except LedgerError as error:
            if error.full:
                raise ApiError(507, "the disk is full; nothing was counted") from None
            message = "what was sent cannot be saved now; nothing was counted"
            raise ApiError(503, message, {"Retry-After": "5"}) from None

    def tell(self, org: str, outcome: str, count: int) -> None:
        """Count what became of reported operations."""
        self._exporter.recorder.inc(INGESTED, (org, outcome), count)
