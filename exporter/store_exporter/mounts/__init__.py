"""Shows an application's metrics to Prometheus: in its own web framework or on a port of its own.

Each is one line; docs/exposition.md has the recipes, several worker processes included:

    app.add_route("/metrics", make_asgi_app())          # FastAPI; Starlette: Route(...)
    app = DispatcherMiddleware(app, {"/metrics": make_wsgi_app()})   # Flask, any WSGI
    add_metrics_route(app)                              # aiohttp
    serve_metrics(port=9464)                            # none of them: a thread of its own
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
