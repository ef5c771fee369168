"""For ASGI applications: Starlette, FastAPI, Quart, Django's asgi.py and others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from ..metrics.families import Source
from ..metrics.scrapers import scraper_of
from .response import MetricsRequest, MetricsResponse, respond

_NOTICE = 0.001
"""Seconds within which a server notices that a client has closed the connection."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def make_asgi_app(source: Source | None = None) -> MetricsApp:
    """Return an ASGI application that responds to every path with the metrics.

    Args:
        source: a recorder; by default the process's own.
    """
    return MetricsApp(source)


class MetricsApp:
    """An ASGI application, created by `make_asgi_app`.

    It is an object and not a function, because Starlette's routes treat functions as handlers of
    its own kind. Metrics are rendered in a thread of asyncio's pool, so that other requests do not
    wait.
    """

    __slots__ = ("_source",)

    def __init__(self, source: Source | None) -> None:
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request, or to the start and the end of the server.

        Raises:
            ValueError: a connection that is not HTTP.
        """
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"metrics are served by HTTP, not by {scope['type']}")
        # Imported here, so that importing this package does not import it.
        import asyncio

        gone = asyncio.ensure_future(_gone(receive))
        try:
            # After a stall, requests of scrapers that have given up wait here too.
            await asyncio.wait([gone], timeout=_NOTICE)
            request = _request(scope, is_there=not gone.done())
            result = await asyncio.to_thread(respond, self._source, request)
            await _respond(send, result)
            # A response to a client that has closed the connection is lost without an error. The
            # server notices that in the next turn of the loop, and reports it only to `_gone`.
            await asyncio.wait([gone], timeout=_NOTICE)
            has_all = not gone.done()
            last = result.chunks[-1] if result.chunks else b""
            await send({"type": "http.response.body", "body": last, "more_body": False})
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
    """Return the request's headers; the values of a repeated one are joined, as HTTP defines."""
    found: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


async def _gone(receive: Receive) -> None:
    """Return when the client has closed the connection, or when the server cannot report it."""
    with suppress(Exception):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _respond(send: Send, result: MetricsResponse) -> None:
    """Send everything but the last piece; only a client that gives up closes before that one."""
    headers = [(n.lower().encode("ascii"), v.encode("ascii")) for n, v in result.headers.items()]
    await send({"type": "http.response.start", "status": result.status.value, "headers": headers})
    for chunk in result.chunks[:-1]:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge startup and shutdown when this is the server's only application."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
