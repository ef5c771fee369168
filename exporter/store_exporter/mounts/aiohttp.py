"""For aiohttp applications."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..metrics.families import Source
from ..metrics.scrapers import Scraper, scraper_of
from .connections import is_open
from .response import MetricsRequest, respond

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from aiohttp import web


def add_metrics_route(
    app: web.Application, path: str = "/metrics", *, source: Source | None = None
) -> None:
    """Serve the metrics at a path of an aiohttp application.

    They are rendered in a thread of asyncio's pool, so that other requests do not wait.

    Args:
        app: the application, before it has started.
        path: the path of the metrics.
        source: a recorder; by default the process's own.
    """
    import asyncio

    from aiohttp import web

    async def metrics(request: web.Request) -> web.StreamResponse:
        accept = request.headers.getall("Accept", [])
        encoding = request.headers.getall("Accept-Encoding", [])
        received = MetricsRequest(
            request.method, ",".join(accept), ",".join(encoding), who_asks(request)
        )
        result = await asyncio.to_thread(respond, source, received)
        response = web.StreamResponse(status=result.status.value, headers=result.headers)
        if await send(request, response, result.chunks):
            result.sent()
        return response

    app.router.add_route("*", path, metrics)


async def send(request: web.Request, response: web.StreamResponse, chunks: Sequence[bytes]) -> bool:
    """Send a response, and return whether the client has received it, as far as can be known.

    A short response to a client that has given up is lost without an error. So the connection is
    checked before the last piece: until then, only a client that has given up closes it.

    Args:
        request: the request; the response to HEAD has no body.
        response: status and headers, not prepared yet.
        chunks: the body in pieces.
    """
    if request.method == "HEAD":
        chunks = ()
    try:
        await response.prepare(request)
        for chunk in chunks[:-1]:
            await response.write(chunk)
        has_all = request.transport is not None and _is_open(request.transport)
        for chunk in chunks[-1:]:
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:
        return False
    return has_all


def who_asks(request: web.Request) -> Scraper | None:
    """Return the scraper that sent a request; None if it is not a scrape."""
    transport = request.transport
    peer = transport.get_extra_info("peername") if transport is not None else None
    return scraper_of(
        request.headers.get,
        request.query_string,
        peer,
        is_open=None if transport is None else partial(_is_open, transport),
    )


def _is_open(transport: asyncio.BaseTransport) -> bool:
    connection = transport.get_extra_info("socket")
    return not transport.is_closing() and (connection is None or is_open(connection))
