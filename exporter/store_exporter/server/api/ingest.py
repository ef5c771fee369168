"""Calls that applications report: to be counted, or only to be shown.

`POST /api/v1/operations` counts them. `POST /api/v1/calls` is for applications whose figures are
scraped or pushed; it only shows single calls to people who look for the cause of a failure.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b
from itertools import islice
from typing import Any

from aiohttp import web

from ...calls.call import Call
from ...ingest.body import calls_in
from ...ingest.calls import Tenant
from ...ingest.intake import Effect
from ...ingest.ledger import MarkKey
from ...ingest.reader import CallReader
from ...turns import in_turns
from ..endpoints import ApiError
from .receiving import Receiver

log = logging.getLogger(__name__)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SLICE = 100
"""Calls that are processed between two readings of the clock."""
_MOST_UNMAPPED = 20


class Ingest(Receiver):
    """Receives batches of calls."""

    async def operations(self, request: web.Request) -> dict[str, Any]:
        """Count a batch of calls and return which of them were refused."""
        org = self._access.org(request, "ingest")
        key = key_of(request)
        async with self._bodies.read(request, org) as body:
            whose = self._tenants.of(org)
            async with self._reading.turn(org):
                reader = await self._read(whose, body, request.content_type)
            document = _document(reader)
            if not reader.accepted:
                self.record(org, "refused", len(reader.refusals))
                raise ApiError(400, "none of the calls can be counted", more=document)
            batch = _CallBatch(reader, org, key, body)
            await self.count(batch.keys, batch.decide)
            outcome = "duplicate" if batch.duplicate else "counted"
            self.record(org, outcome, reader.accepted)
            self.record(org, "refused", len(reader.refusals))
        document["duplicate"] = batch.duplicate
        if not batch.duplicate:
            # After the response: the counts are saved, and the recent calls are only for people to
            # read.
            asyncio.get_running_loop().call_soon(self._remember, reader)
        return document

    async def calls(self, request: web.Request) -> dict[str, Any]:
        """Remember calls that are counted elsewhere, each once; return which were refused."""
        org = self._access.org(request, "ingest")
        async with self._bodies.read(request, org) as body, self._reading.turn(org):
            reader = await self._read(self._tenants.of(org), body, request.content_type)
        document = _document(reader)
        if not reader.accepted:
            raise ApiError(400, "none of the calls is valid", more=document)
        book = self._exporter.calls
        known: dict[tuple[str, str], set[Call]] = {}
        async for call in in_turns((*reader.failed(), *reader.succeeded())):
            store = call.org, call.domain
            if store not in known:
                known[store] = book.of(*store)
            if call not in known[store]:
                book.add(call)
        return document

    def _remember(self, reader: CallReader) -> None:
        """Add failed and slow calls to the recent calls, with the labels of the counted series."""
        _log(reader)
        recorder, calls = self._exporter.recorder, self._exporter.calls
        for call in (*reader.failed(), *reader.slowest()):
            labels = (call.org, call.domain, call.platform, call.operation)
            counted = recorder.operation(*labels).labels
            if counted != labels:
                org, domain, platform, operation = counted
                call = call._replace(  # noqa: PLW2901 - the same call, relabelled
                    org=org, domain=domain, platform=platform, operation=operation
                )
            calls.add(call)

    async def _read(self, tenant: Tenant, body: bytes, content_type: str) -> CallReader:
        reader = CallReader(tenant)
        found = calls_in(body, content_type)
        async for _ in in_turns(iter(lambda: reader.read(islice(found, _SLICE)), False)):
            pass
        return reader


def key_of(request: web.Request) -> str | None:
    """Return the sender's idempotency key, by which a batch counts once.

    Raises:
        ApiError: the key is not valid.
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
        """Count the batch, unless its key was counted already; no other batch may have that key."""
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


def _document(reader: CallReader) -> dict[str, Any]:
    return {
        "accepted": reader.accepted,
        "refused": [asdict(refusal) for refusal in sorted(reader.refusals)],
        "unknown_error_classes": sorted(reader.unmapped)[:_MOST_UNMAPPED],
    }


def _log(reader: CallReader) -> None:
    if not log.isEnabledFor(logging.DEBUG):
        return
    for call in reader.failed():
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
