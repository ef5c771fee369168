"""`POST /v1/metrics`: OTLP/HTTP for the metrics of the contract in docs/applications.md.

Responses follow the OTLP specification: refused points are reported as a partial success, errors
are a `google.rpc.Status`, and senders repeat only 429, 502, 503 and 504.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from aiohttp import web

from ...extras import missing
from ...ingest.intake import Effect
from ...ingest.ledger import MarkKey
from ...ingest.streams import Figure, StreamError, add, added
from ...metrics.addition import Addition
from ...turns import in_turns
from ..endpoints import ApiError
from .receiving import Receiver

if TYPE_CHECKING:
    from ...ingest.otlp import PointError
    from ...ingest.streams import Point

log = logging.getLogger(__name__)

_MOST_REASONS = 5
_REPEATED = {408: 503, 507: 503}
"""Statuses after which the sender should repeat, as the one that makes it."""


@cache
def _log_once(advice: str) -> None:
    # OpenTelemetry's senders log the status of a response and not its text.
    log.warning("metrics of an application were refused with 501: %s", advice)


class OtlpReceiver(Receiver):
    """Receives OTLP requests."""

    async def metrics(self, request: web.Request) -> web.Response:
        """Count the points of a request; return how many were refused."""
        try:
            from ...ingest import otlp
        except ModuleNotFoundError as error:
            if (advice := missing(error, "receiving by OTLP")) is None:
                raise
            _log_once(advice)
            return web.Response(status=501, text=f"{advice}\n")
        kind = request.content_type
        try:
            push = await self._push(request)
        except ApiError as error:
            status = _REPEATED.get(error.status, error.status)
            body, kind = otlp.status(str(error), kind)
            return web.Response(status=status, body=body, content_type=kind, headers=error.headers)
        body, kind = otlp.response(push.rejected, "; ".join(push.reasons), kind)
        return web.Response(body=body, content_type=kind)

    async def _push(self, request: web.Request) -> _Push:
        from ...ingest import otlp

        org = self._access.org(request, "ingest")
        async with self._bodies.read(request, org) as body:
            digest = blake2b(body, digest_size=16).hexdigest()
            push = _Push(MarkKey(org, "push", digest), otlp.bucket_midpoints())
            async with self._reading.turn(org):
                parsed = await asyncio.to_thread(otlp.parsed, body, request.content_type)
                found = otlp.points(parsed, self._tenants.of(org))
                async for point in in_turns(found):
                    push.add(point)
            if push.points:
                await self.count(push.keys, push.decide)
            self.record(org, "counted", push.counted)
            self.record(org, "refused", push.rejected)
        return push


class _Push:
    """The points of one request, which the mark identifies by its bytes.

    `middles` has a value in seconds inside each bucket of the contract.
    """

    def __init__(self, mark: MarkKey, middles: tuple[float, ...]) -> None:
        self._mark = mark
        self._middles = middles
        self.points: list[Point] = []
        self.rejected = 0
        self.reasons: list[str] = []
        self.counted = 0

    @property
    def keys(self) -> tuple[MarkKey, ...]:
        """The keys of the state that `decide` needs."""
        totals = {point.stream for point in self.points if not point.delta}
        return (self._mark, *totals)

    def add(self, found: Point | PointError) -> None:
        """Accept a point, or record why it is refused."""
        if isinstance(found, Exception):
            self._reject(str(found))
        else:
            self.points.append(found)

    def _reject(self, reason: str) -> None:
        self.rejected += 1
        if reason not in self.reasons and len(self.reasons) < _MOST_REASONS:
            self.reasons.append(reason)

    async def decide(self, known: Mapping[MarkKey, str]) -> Effect:
        """Return what the points add."""
        effect = Effect()
        again = self._mark in known
        if any(point.delta for point in self.points):
            effect.notes[self._mark] = ""
        async for point in in_turns(self.points):
            if point.delta:
                values = None if again else point.values
            else:
                try:
                    before = effect.notes.get(point.stream) or known.get(point.stream)
                    values, note = added(point, before)
                except StreamError as error:
                    self._reject(f"{point.figure.value}: {error}")
                    continue
                if note is not None:
                    effect.notes[point.stream] = note
            if values is not None:
                addition = effect.additions.setdefault(point.labels, Addition())
                add(addition, point, values, self._middles)
                self.counted += values.count if point.figure is Figure.FINISHED else 0
        return effect
