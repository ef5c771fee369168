"""For ASGI applications: Starlette, FastAPI, Quart, Django's asgi.py and others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from ..metrics.families import Source
from ..metrics.scrapers import scraper_of
from .response import MetricsRequest, MetricsResponse, respond

_NOTICE = 0.001
"""Seconds in which a server notices that a client has gone."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def make_asgi_app(source: Source | None = None) -> MetricsApp:
    """Return an ASGI application that responds to every path with the metrics.

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

        gone = asyncio.ensure_future(_gone(receive))
        try:
            # After a standstill the requests of scrapers that gave up wait, too.
            await asyncio.wait([gone], timeout=_NOTICE)
            request = _request(scope, is_there=not gone.done())
            result = await asyncio.to_thread(respond, self._source, request)
            await _respond(send, result)
            # What is sent to a client that has gone is lost without an error. The server notices
            # when the loop comes round, and says so here only.
            await asyncio.wait([gone], timeout=_NOTICE)
            has_all = not gone.done()
            await send({"type": "http.response.body", "body": _last(result), "more_body": False})
            if has_all:
                result.sent()
        finally:
            gone.cancel()


def _request(scope: Scope, *, is_there: bool) -> MetricsRequest:
    headers = _headers(scope)
    query = scope.get("query_string", b"").decode("latin-1")
    scraper = scraper_of(headers.get, query, scope.get("client"))
    return MetricsRequest(
        scope["method"],
        headers.get("accept"),
        headers.get("accept-encoding"),
        scraper if is_there else None,
    )


def _headers(scope: Scope) -> dict[str, str]:
    """Return the request's headers; what is repeated is one list, as HTTP means it."""
    found: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


async def _gone(receive: Receive) -> None:
    """Return when the client has gone, or the server does not tell."""
    with suppress(Exception):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _respond(send: Send, result: MetricsResponse) -> None:
    """Send everything but the last piece, without which a client has no reason to close."""
    headers = [(n.lower().encode("ascii"), v.encode("ascii")) for n, v in result.headers.items()]
    await send({"type": "http.response.start", "status": result.status.value, "headers": headers})
    for chunk in result.chunks[:-1]:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


def _last(result: MetricsResponse) -> bytes:
    return result.chunks[-1] if result.chunks else b""


async def _lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge startup and shutdown when this is the server's only application."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
