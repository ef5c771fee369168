"""For aiohttp applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metrics.families import Source
from .response import respond

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

    async def metrics(request: web.Request) -> web.Response:
        accept = request.headers.getall("Accept", [])
        encoding = request.headers.getall("Accept-Encoding", [])
        result = await asyncio.to_thread(
            respond, source, request.method, ",".join(accept), ",".join(encoding)
        )
        # aiohttp gives a body its length itself, and leaves the one of an answer to HEAD alone.
        body = None if request.method == "HEAD" else b"".join(result.chunks)
        return web.Response(status=result.status.value, headers=result.headers, body=body)

    app.router.add_route("*", path, metrics)
