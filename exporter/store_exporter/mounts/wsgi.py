"""For WSGI applications: Flask, Django, Bottle, Pyramid and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..metrics.families import Source
from .response import respond

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def make_wsgi_app(source: Source | None = None) -> WsgiApp:
    """Return a WSGI application that answers every path with the metrics.

    Args:
        source: a recorder; the process' own by default.
    """

    def metrics_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        result = respond(
            source,
            environ["REQUEST_METHOD"],
            environ.get("HTTP_ACCEPT"),
            environ.get("HTTP_ACCEPT_ENCODING"),
        )
        status = f"{result.status.value} {result.status.phrase}"
        start_response(status, list(result.headers.items()))
        return result.chunks

    return metrics_app
