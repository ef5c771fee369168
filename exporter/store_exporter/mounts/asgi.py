"""For ASGI applications: Starlette, FastAPI, Quart, Django's asgi.py and others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ..metrics.families import Source
from .response import MetricsResponse, respond

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def make_asgi_app(source: Source | None = None) -> MetricsApp:
    """Return an ASGI application that answers every path with the metrics.

    Args:
        source: a recorder; the process' own by default.
    """
    return MetricsApp(source)


class MetricsApp:
    """An ASGI application. Made by `make_asgi_app`.

    An object and not a function, because Starlette's routes take functions for handlers of its
    own kind. Rendering runs in a thread of asyncio's pool, so that it holds up no other request.
    """

    __slots__ = ("_source",)

    def __init__(self, source: Source | None) -> None:
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or take part in the server's start and end.

        Raises:
            ValueError: a connection that is not HTTP.
        """
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"metrics are served by HTTP, not by {scope['type']}")
        # Imported when a loop runs already, so that it costs the import of this package nothing.
        import asyncio

        headers = _headers(scope)
        method, accept = scope["method"], headers.get(b"accept")
        encoding = headers.get(b"accept-encoding")
        result = await asyncio.to_thread(respond, self._source, method, accept, encoding)
        await _respond(send, result)


def _headers(scope: Scope) -> dict[bytes, str]:
    """Return the request's headers; what is repeated is one list, as HTTP means it."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        found[name.lower()] = f"{found[name.lower()]},{text}" if name.lower() in found else text
    return found


async def _respond(send: Send, result: MetricsResponse) -> None:
    headers = [(n.lower().encode("ascii"), v.encode("ascii")) for n, v in result.headers.items()]
    await send({"type": "http.response.start", "status": result.status.value, "headers": headers})
    for chunk in result.chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Say yes to start and end, where this application stands alone in its server."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
