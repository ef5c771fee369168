"""`/api/v1/events`: changes of an org's stores, and deployments that the org reports."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ...events.event import MAX_LINK, MAX_TEXT, Event, EventKind
from ...ingest.calls import unix_time
from ...legible import is_line
from ...stores.model import Store
from ..bodies import Bodies
from ..endpoints import ApiError, json_object, limit, needing_state, stores_of, watched_store
from ..exporter import Exporter
from ..security.tokens import OrgAccess
from .ingest import key_of

MAX_AN_HOUR = 60
"""Events that an org may report per hour: each has its own series for a day."""
_AHEAD_SECONDS = 300.0
_AGO_SECONDS = 7 * 86_400.0
_FIELDS = ("domain", "application", "version", "link", "time")


class EventsApi:
    """Lists the events of a token's org, and accepts those that it reports."""

    def __init__(self, exporter: Exporter, access: OrgAccess, bodies: Bodies) -> None:
        self._exporter = exporter
        self._access = access
        self._bodies = bodies
        self._accepted: dict[str, list[float]] = {}

    async def listed(self, request: web.Request) -> dict[str, Any]:
        """Return the events of the org's stores, newest first."""
        org = self._access.org(request, "read")
        stores = stores_of(self._exporter, org, request)
        since, until = _moment(request, "from"), _moment(request, "until")
        if since is not None and until is not None and since >= until:
            raise ApiError(400, "from must be before until")
        kind = request.query.get("kind") or None
        if kind is not None and kind not in list(EventKind):
            raise ApiError(400, f"kind must be one of: {', '.join(EventKind)}")
        most = limit(request)
        with needing_state("nothing was read"):
            found = await self._exporter.changes.of(org, stores)
        chosen = [
            event.document()
            for event in found
            if kind in (None, event.kind)
            and (since is None or event.time >= since)
            and (until is None or event.time < until)
        ]
        filters = {
            "domain": request.query.get("domain") or None,
            "kind": kind,
            "from": request.query.get("from"),
            "until": request.query.get("until"),
            "limit": most,
        }
        return {"events": chosen[:most], "filters": filters}

    async def record(self, request: web.Request) -> dict[str, Any]:
        """Record a reported deployment."""
        org = self._access.org(request, "events")
        key = key_of(request)
        async with self._bodies.read(request, org) as body:
            fields = _read(body)
        domain = fields.get("domain")
        store = None if domain is None else watched_store(self._exporter, org, str(domain))
        event = self._event(org, store, fields, key or "")
        # A monotonic clock: a jump of the system clock must not change the limit.
        now = time.monotonic()
        recent = [at for at in self._accepted.get(org, ()) if at > now - 3600]
        if len(recent) >= MAX_AN_HOUR:
            message = f"an org may report {MAX_AN_HOUR} events an hour"
            raise ApiError(429, message, {"Retry-After": f"{math.ceil(recent[0] + 3600 - now)}"})
        # Counted before it is saved; otherwise, many concurrent requests would all be below the
        # limit.
        self._accepted[org] = [*recent, now]
        is_new = False
        try:
            with needing_state("nothing was remembered"):
                known, is_new = await self._exporter.changes.report(event, store)
        finally:
            if not is_new:
                self._accepted[org] = [at for at in self._accepted[org] if at != now]
        if not is_new and _content(known) != _content(event):
            raise ApiError(422, "another event was sent with this Idempotency-Key")
        return {**known.document(), "duplicate": not is_new}

    def _event(self, org: str, store: Store | None, fields: dict[str, Any], key: str) -> Event:
        at = now = time.time()
        if "time" in fields:
            at = _read_time(fields["time"], "time")
            if not now - _AGO_SECONDS <= at <= now + _AHEAD_SECONDS:
                raise ApiError(400, "time must be within the last seven days")
        labels = store.labels if store is not None else (org, "", "")
        component, version = (self._text(fields, name) for name in ("application", "version"))
        event = Event(
            at,
            *labels,
            EventKind.DEPLOY,
            component,
            after=version,
            link=self._exporter.redact.of_tenant(_link(fields)),
        )
        # An event with a time is the same event whenever it is sent.
        own = "\0".join((str(at), *_content(event))) if "time" in fields else ""
        return replace(event, key=f"key {key}" if key else own)

    def _text(self, fields: dict[str, Any], name: str) -> str:
        text = fields.get(name, "")
        if not isinstance(text, str) or len(text) > MAX_TEXT or not is_line(text):
            raise ApiError(400, f"{name} must be one line of at most {MAX_TEXT} characters")
        return self._exporter.redact.of_tenant(text.strip())


def _read(body: bytes) -> dict[str, Any]:
    """Read the JSON document of a request without unknown fields; a null field counts as absent."""
    expected = f"the body must be an object with none but: {', '.join(_FIELDS)}"
    fields = json_object(body or b"{}", expected)
    if not fields.keys() <= set(_FIELDS):
        raise ApiError(400, expected)
    return {name: value for name, value in fields.items() if value is not None}


def _content(event: Event) -> tuple[str, str, str, str]:
    return event.domain, event.component, event.after, event.link


def _link(fields: dict[str, Any]) -> str:
    link = fields.get("link", "")
    if link == "":
        return ""
    message = f"link must be an http or https address of at most {MAX_LINK} characters, no password"
    if not isinstance(link, str) or len(link) > MAX_LINK or not link.isprintable() or " " in link:
        raise ApiError(400, message)
    try:
        parts = urlsplit(link)
    except ValueError:
        raise ApiError(400, message) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ApiError(400, message)
    return link


def _moment(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    return None if not text else _read_time(text, name)


def _read_time(value: Any, name: str) -> float:
    try:
        if isinstance(value, str) and value.replace(".", "", 1).isdecimal():
            value = float(value)
        return unix_time(value)
    except (ValueError, OverflowError):
        message = f"{name} must be Unix time in seconds, or ISO 8601 with a time zone"
        raise ApiError(400, message) from None
