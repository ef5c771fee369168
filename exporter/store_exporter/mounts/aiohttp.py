"""For aiohttp applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metrics.families import Source
from ..metrics.scrapers import Scraper, scraper_of
from .response import MetricsRequest, respond

if TYPE_CHECKING:
    from aiohttp import web


def add_metrics_route(
    app: web.Application, path: str = "/metrics", *, source: Source | None = None
) -> None:
    """Serve the metrics at a path of an aiohttp application.

    Rendering runs in a thread of asyncio's pool, so that it holds up no other request.

    Args:
        app: the application, before it has started.
        path: where.
        source: a recorder; the process' own by default.
    """
    import asyncio

    from aiohttp import web

    async def metrics(request: web.Request) -> web.StreamResponse:
        accept = request.headers.getall("Accept", [])
        encoding = request.headers.getall("Accept-Encoding", [])
        asked = MetricsRequest(
            request.method, ",".join(accept), ",".join(encoding), who_asks(request)
        )
        result = await asyncio.to_thread(respond, source, asked)
        response = web.StreamResponse(status=result.status.value, headers=result.headers)
        await response.prepare(request)
        for chunk in result.chunks:
            await response.write(chunk)
        await response.write_eof()
        result.sent()
        return response

    app.router.add_route("*", path, metrics)


def who_asks(request: web.Request) -> Scraper | None:
    """Return the scraper that a request comes from, if it is one."""
    transport = request.transport
    peer = transport.get_extra_info("peername") if transport is not None else None
    return scraper_of(
        request.headers.get,
        request.query_string,
        peer,
        is_open=None if transport is None else lambda: not transport.is_closing(),
    )
