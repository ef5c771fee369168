"""The HTTP server: which address leads where, and what holds for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from ..config import ConfigError, dump
from . import pages, safety
from .exporter import Exporter
from .metrics import Scrape

log = logging.getLogger(__name__)

EXPORTER = web.AppKey("exporter", Exporter)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(exporter: Exporter, *, telemetry_path: str = "/metrics") -> web.Application:
    """Make the application; it starts and stops the exporter with itself.

    Args:
        exporter: what it shows and controls.
        telemetry_path: where the metrics are.
    """
    app = web.Application(middlewares=[safety.guard], client_max_size=64 * 1024)
    app.on_response_prepare.append(safety.add_headers)
    app[EXPORTER] = exporter
    app.cleanup_ctx.append(_running)
    _add(app, "/", pages.Landing(exporter, telemetry_path))
    _add(app, telemetry_path, Scrape(exporter.recorder))
    _add(app, "/-/healthy", healthy)
    _add(app, "/-/ready", ready)
    _add(app, "/-/reload", reload, methods=("POST", "PUT"))
    _add(app, "/config", config)
    _add(app, "/sd", discovery)
    return app


def _add(
    app: web.Application, path: str, handler: Handler, methods: tuple[str, ...] = ("GET",)
) -> None:
    for method in methods:
        if method == "GET":
            app.router.add_get(path, handler)
        else:
            app.router.add_route(method, path, handler)


async def _running(app: web.Application):  # type: ignore[no-untyped-def]
    await app[EXPORTER].start()
    yield
    await app[EXPORTER].stop()


async def healthy(_: web.Request) -> web.Response:
    """Answer 200 as long as the process can answer at all."""
    return web.Response(text="store-exporter is healthy.\n")


async def ready(request: web.Request) -> web.Response:
    """Answer 200 while stores are probed, 503 before and after."""
    if request.app[EXPORTER].ready:
        return web.Response(text="store-exporter is ready.\n")
    return web.Response(status=503, text="store-exporter is not ready.\n")


async def reload(request: web.Request) -> web.Response:
    """Reload the configuration; 500 with every problem if it has any."""
    try:
        change = await request.app[EXPORTER].reload()
    except ConfigError:
        problems = request.app[EXPORTER].reload_problem
        return web.Response(status=500, text=f"the old configuration stays:\n{problems}\n")
    return web.Response(text=f"reloaded; stores: {change}\n")


async def config(request: web.Request) -> web.Response:
    """Show the configuration in use, with references where secrets are."""
    exporter = request.app[EXPORTER]
    text = await asyncio.to_thread(dump.text, exporter.config)
    return web.Response(text=exporter.redact(text), content_type="text/yaml")


async def discovery(request: web.Request) -> web.Response:
    """List the stores as Prometheus' http_sd expects, ready for `/probe`."""
    groups = [
        {
            "targets": [store.domain],
            "labels": {
                "__param_target": store.domain,
                "org": store.org,
                "domain": store.domain,
                "platform": store.platform,
            },
        }
        for store in request.app[EXPORTER].inventory.stores.values()
    ]
    return web.json_response(groups)
