"""`/runbooks/<alert>`: what an alert means and what to do, where its message's button leads."""

from __future__ import annotations

import asyncio
from functools import cache

from aiohttp import web

from .html import page_response, tag
from .markdown import html


async def folder(_: web.Request) -> web.Response:
    """Lead from the address that is configured, which has no slash, to the list."""
    return web.Response(status=302, headers={"Location": "runbooks/"})


async def index(_: web.Request) -> web.Response:
    """List all runbooks."""
    back = tag("nav", tag("a", "Stores", href="../"))
    return page_response("Runbooks", back, html((await _pages())["README"]))


async def show(request: web.Request) -> web.Response:
    """Show the runbook of one alert."""
    text = (await _pages()).get(request.match_info["name"].removesuffix(".md"))
    if text is None:
        raise web.HTTPNotFound
    back = tag("nav", tag("a", "Stores", href="../"), tag("a", "All runbooks", href="./"))
    return page_response(request.match_info["name"], back, html(text))


async def _pages() -> dict[str, str]:
    # Few look at them, and all alerts and rules are imported to write them.
    return await asyncio.to_thread(_written)


@cache
def _written() -> dict[str, str]:
    from ...mixin.documentation import runbook

    return runbook.pages()
