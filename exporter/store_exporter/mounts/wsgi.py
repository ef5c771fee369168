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
        source: a recorder; by default the process's own.
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
    """Whether the client has closed the connection, if the server shows the connection.

    After a stall, many requests of one scraper wait, and it has given up on all but the last.
    They could be mistaken for several scrapers, and new series would be shown at zero again.
    gunicorn shows its socket; with wsgiref and werkzeug, the file of the body is the connection.
    """
    connection: Any = environ.get("gunicorn.socket") or environ.get("wsgi.input")
    try:
        is_socket = stat.S_ISSOCK(os.fstat(connection.fileno()).st_mode)
        return is_socket and not is_open(connection)
    except (AttributeError, TypeError, ValueError, OSError):
        return False


def _sending(result: MetricsResponse) -> Iterator[bytes]:
    """Yield the body; if the client closes the connection, the server does not read to the end."""
    yield from result.chunks
    result.sent()
