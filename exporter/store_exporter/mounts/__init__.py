"""Serves an application's metrics to Prometheus, in its web framework or on a separate port.

Each takes one line. docs/exposition.md has examples, also for several worker processes:

    app.add_route("/metrics", make_asgi_app())          # FastAPI; Starlette: Route(...)
    app = DispatcherMiddleware(app, {"/metrics": make_wsgi_app()})   # Flask, any WSGI
    add_metrics_route(app)                              # aiohttp
    serve_metrics(port=9464)                            # any program: a separate thread
"""

from __future__ import annotations

from .aiohttp import add_metrics_route
from .asgi import make_asgi_app
from .response import last_look
from .standalone import MetricsServer, serve_metrics
from .wsgi import make_wsgi_app

__all__ = [
    "MetricsServer",
    "add_metrics_route",
    "last_look",
    "make_asgi_app",
    "make_wsgi_app",
    "serve_metrics",
]
