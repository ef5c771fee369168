"""For WSGI applications: Flask, Django, Bottle, Pyramid and others."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..metrics.families import Source
from ..metrics.scrapers import scraper_of
from .connections import is_open
from .response import MetricsRequest, MetricsResponse, respond

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def make_wsgi_app(source: Source | None = None) -> WsgiApp:
    """Return a WSGI application that responds to every path with the metrics.

    Args:
        source: a recorder; the process' own by default.
    """

    def metrics_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        result = respond(source, _request(environ))
        status = f"{result.status.value} {result.status.phrase}"
        start_response(status, list(result.headers.items()))
        return _sending(result)

    return metrics_app


def _request(environ: dict[str, Any]) -> MetricsRequest:
    def header(name: str) -> str | None:
        value: str | None = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        return value

    peer = (environ.get("REMOTE_ADDR", ""), environ.get("REMOTE_PORT", 0))
    scraper = None
    if not _has_gone(environ):
        scraper = scraper_of(header, environ.get("QUERY_STRING", ""), peer)
    return MetricsRequest(
        environ["REQUEST_METHOD"], header("accept"), header("accept-encoding"), scraper
    )


def _has_gone(environ: dict[str, Any]) -> bool:
    """Whether the client has gone by now, where the server shows its connection.

    After a standstill many requests of one scraper wait, of which it gave up on all but the last:
    taken for several scrapers, each would be shown what is new at zero once more. gunicorn shows
    its socket; for wsgiref and werkzeug the body's file is the connection.
    """
    connection: Any = environ.get("gunicorn.socket") or environ.get("wsgi.input")
    try:
        is_socket = stat.S_ISSOCK(os.fstat(connection.fileno()).st_mode)
        return is_socket and not is_open(connection)
    except (AttributeError, TypeError, ValueError, OSError):
        return False


def _sending(result: MetricsResponse) -> Iterator[bytes]:
    """Yield the body; a server whose client has gone does not ask for the end."""
    yield from result.chunks
    result.sent()
