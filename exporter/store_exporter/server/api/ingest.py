"""`POST /api/v1/operations`: applications in any language report the calls that they made."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from hashlib import blake2b
from itertools import islice
from typing import Any

from aiohttp import web

from ...ingest.body import calls_in
from ...ingest.calls import Tenant
from ...ingest.error_classes import ErrorClasses, comparable_names
from ...ingest.intake import Decide, Effect, Intake, TooMuchError
from ...ingest.ledger import MarkKey
from ...ingest.ledger_file import LedgerError
from ...ingest.reader import CallReader
from ...metrics.catalogue.exporter import INGESTED
from ...platforms import base
from ...stores.model import Store
from ..bodies import Bodies
from ..endpoints import ApiError
from ..exporter import Exporter
from ..security.access import OrgAccess

log = logging.getLogger(__name__)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SLICE = 200
"""Calls that are read between two looks at anything else."""
_MOST_UNMAPPED = 20


class Ingest:
    """Takes batches of calls.

    Args:
        exporter: whose recorder counts them, and which stores there are.
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
        # Together, so that a flood of batches leaves the loop to others after each slice.
        self._reading = asyncio.Lock()

    async def operations(self, request: web.Request) -> dict[str, Any]:
        """Count a batch of calls and answer which of them were not."""
        org = self._access.org(request, "ingest")
        key = key_of(request)
        async with self._bodies.read(request, org) as body:
            whose = self._tenants.of(org)
            async with self._reading:
                reader = await self._read(whose, body, request.content_type)
            document = _document(reader)
            if not reader.accepted:
                tell(self._exporter, org, "refused", len(reader.refusals))
                raise ApiError(400, "none of the calls can be counted", more=document)
            batch = _CallBatch(reader, org, key, body)
            await counted(self._exporter.intake, batch.keys, batch.decide)
            outcome = "duplicate" if batch.duplicate else "counted"
            tell(self._exporter, org, outcome, reader.accepted)
            tell(self._exporter, org, "refused", len(reader.refusals))
        document["duplicate"] = batch.duplicate
        if not batch.duplicate:
            # The answer is sent first: what is counted is saved, and this is for people to read.
            asyncio.get_running_loop().call_soon(self._remember, reader)
        return document

    def _remember(self, reader: CallReader) -> None:
        """Put what failed or was slow among the recent calls, by the labels that are counted."""
        _log(reader)
        recorder, calls = self._exporter.recorder, self._exporter.calls
        for call in (*reader.failed, *reader.slowest()):
            labels = (call.org, call.domain, call.platform, call.operation)
            counted = recorder.operation(*labels).labels
            if counted != labels:
                org, domain, platform, operation = counted
                call = replace(  # noqa: PLW2901 - the same call, as it is counted
                    call, org=org, domain=domain, platform=platform, operation=operation
                )
            calls.add(call)

    async def _read(self, tenant: Tenant, body: bytes, content_type: str) -> CallReader:
        reader = CallReader(tenant)
        found = calls_in(body, content_type)
        while some := list(islice(found, _SLICE)):
            reader.read(some)
            await asyncio.sleep(0)
        return reader


def key_of(request: web.Request) -> str | None:
    """Return by which key its sender knows what is sent, so that it counts once.

    Raises:
        ApiError: it is no such key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        message = "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces"
        raise ApiError(400, message)
    return key


class _CallBatch:
    """A batch that was read, and whether it was counted before."""

    def __init__(self, reader: CallReader, org: str, key: str | None, body: bytes) -> None:
        self._additions = reader.additions()
        self._mark = None if key is None else MarkKey(org, "batch", key)
        self._body = body
        self.keys = () if self._mark is None else (self._mark,)
        self.duplicate = False

    async def decide(self, known: Mapping[MarkKey, str]) -> Effect:
        """Count it, unless its key says that it is counted already.

        Raises:
            ApiError: the key is that of another batch.
        """
        if self._mark is None:
            return Effect(self._additions)
        fingerprint = blake2b(self._body, digest_size=16).hexdigest()
        before = known.get(self._mark)
        if before is None:
            return Effect(self._additions, {self._mark: fingerprint})
        if before != fingerprint:
            raise ApiError(422, "another batch was sent with this Idempotency-Key")
        self.duplicate = True
        return Effect()


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


async def counted(intake: Intake, keys: tuple[MarkKey, ...], decide: Decide) -> None:
    """Count what was reported.

    Raises:
        ApiError: it cannot be saved or is too much, and nothing of it is counted.
    """
    try:
        await intake.count(keys, decide)
    except TooMuchError as error:
        raise ApiError(400, f"{error}; nothing was counted") from None
    except LedgerError as error:
        if error.full:
            raise ApiError(507, "the disk is full; nothing was counted") from None
        message = "what was sent cannot be saved now; nothing was counted"
        raise ApiError(503, message, {"Retry-After": "5"}) from None


def tell(exporter: Exporter, org: str, outcome: str, count: int) -> None:
    """Count what became of reported operations."""
    exporter.recorder.inc(INGESTED, (org, outcome), count)


def _document(reader: CallReader) -> dict[str, Any]:
    return {
        "accepted": reader.accepted,
        "refused": [asdict(refusal) for refusal in sorted(reader.refusals)],
        "unknown_error_classes": sorted(reader.unmapped)[:_MOST_UNMAPPED],
    }


def _log(reader: CallReader) -> None:
    if not log.isEnabledFor(logging.DEBUG):
        return
    for call in reader.failed:
        if not call.message:
            continue
        extra = {
            "org": call.org,
            "store": call.domain,
            "platform": call.platform,
            "operation": call.operation,
            "error_type": call.error_type,
            "reported": call.message,
            "trace_id": call.trace_id,
        }
        log.debug("a reported call failed", extra=extra)
