"""Serving a simulated store over HTTP, with its faults; what is the same on every platform."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .faults import Fault, Faults

LOOPBACK = "127.0.0.1"
_HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request: names of headers are in lower case, of the query the first values."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    scheme: str = "http"
    host: str = "shop.example.com"


@dataclass(slots=True)
class Outgoing:
    """One answer of the store itself: a document that becomes JSON, or a text that stays one."""

    document: Any = None
    text: str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def finished(answer: Outgoing, fault: Fault | None) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer after a fault has changed them."""
    if answer.text is not None:
        headers = {"Content-Type": _HTML, **answer.headers}
        body: bytes | str = answer.text
    else:
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        document = answer.document
        if fault is not None and fault.change is not None:
            document = fault.change(json.loads(json.dumps(document)))
        body = json.dumps(document, ensure_ascii=False)
    status = answer.status
    if fault is not None:
        if fault.body is not None:
            body = fault.body
            headers["Content-Type"] = fault.content_type
        elif fault.status not in (None, status):
            body = f"<html><body><h1>{fault.status}</h1></body></html>"
            headers["Content-Type"] = _HTML
        status = fault.status or status
        headers.update(fault.headers)
    return status, headers, body.encode() if isinstance(body, str) else body


@asynccontextmanager
async def serve(app: web.Application, host: str = LOOPBACK, port: int = 0) -> AsyncIterator[str]:
    """Serve an application until the block ends; yields its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class SimulatedServer(ABC):
    """A store as an HTTP server. Platforms say what it answers; this does the rest.

    The seed is that of the faults that hit some requests only.
    """

    def __init__(self, seed: int) -> None:
        self.faults = Faults(seed)
        self.requests: deque[tuple[str, str]] = deque(maxlen=10_000)
        """Method and path with query of each request, oldest first."""
        self.app = web.Application(client_max_size=1024 * 1024)
        self.app.router.add_route("*", "/{path:.*}", self._serve)

    @abstractmethod
    def respond(self, request: Incoming) -> Outgoing:
        """Return the store's own answer to a request."""

    def settings(self, url: str) -> Mapping[str, str]:
        """Return the settings without which the store is not found at `url`: none."""
        del url
        return {}

    def serve(self, host: str = LOOPBACK, port: int = 0) -> AbstractAsyncContextManager[str]:
        """Serve the store until the block ends; yields its address."""
        return serve(self.app, host, port)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        fault = self.faults.next(request.method, request.path)
        if fault is not None:
            await asyncio.sleep(fault.seconds())
            if fault.drop:
                _hang_up(request)
                return web.Response()
        try:
            body = await request.read()
        except ConnectionError:
            # A client that was told to end hung up; there is nobody to answer.
            return web.Response(status=400)
        incoming = Incoming(
            request.method,
            request.path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            body,
            request.scheme,
            request.host,
        )
        status, headers, answer = finished(self.respond(incoming), fault)
        if fault is None or (fault.truncate is None and fault.trickle is None):
            return web.Response(status=status, headers=headers, body=answer)
        stream = web.StreamResponse(status=status, headers=headers)
        return await _crippled(request, stream, answer, fault)


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _crippled(
    request: web.Request, stream: web.StreamResponse, body: bytes, fault: Fault
) -> web.StreamResponse:
    """Send an answer slowly, or only its beginning, with the length of the whole announced."""
    stream.content_length = len(body)
    await stream.prepare(request)
    end = len(body) if fault.truncate is None else fault.truncate
    if fault.trickle is None:
        await stream.write(body[:end])
    else:
        for position in range(end):
            await stream.write(body[position : position + 1])
            await asyncio.sleep(fault.trickle)
    if end < len(body):
        _hang_up(request)
    return stream
