"""Each mount behind a real server on a loopback port."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import uvicorn
from aiohttp import web

from store_exporter.metrics.families import Source
from store_exporter.mounts import add_metrics_route, make_asgi_app, make_wsgi_app, serve_metrics
from store_exporter.mounts.wsgi import WsgiApp

Mount = Callable[[Source], AbstractContextManager[str]]
"""Serves a source; gives the address of its metrics."""


@contextmanager
def asgi(source: Source) -> Iterator[str]:
    config = uvicorn.Config(make_asgi_app(source), port=0, log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def startup_then_say_so(sockets: object = None) -> None:
        await startup(sockets)  # type: ignore[arg-type]
        started.set()

    server.startup = startup_then_say_so  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(60)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def wsgi(source: Source) -> Iterator[str]:
    # The validator fails a request where the application breaks a rule of WSGI.
    with serving_wsgi(validator(make_wsgi_app(source))) as port:
        yield f"http://127.0.0.1:{port}/metrics"


@contextmanager
def serving_wsgi(app: WsgiApp) -> Iterator[int]:
    """Serve a WSGI application, one request after the other; gives the port."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the tests' output clean."""

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def aiohttp(source: Source) -> Iterator[str]:
    app = web.Application()
    add_metrics_route(app, source=source)
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/metrics"


@contextmanager
def serving(app: web.Application) -> Iterator[int]:
    """Serve an aiohttp application from a thread; gives the port."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(app)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield runner.addresses[0][1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@contextmanager
def standalone(source: Source) -> Iterator[str]:
    server = serve_metrics(0, source=source)
    try:
        yield f"http://127.0.0.1:{server.port}/metrics"
    finally:
        server.close()


MOUNTS: dict[str, Mount] = {
    "asgi": asgi,
    "wsgi": wsgi,
    "aiohttp": aiohttp,
    "standalone": standalone,
}
