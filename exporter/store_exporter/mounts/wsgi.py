"""For WSGI applications: Flask, Django, Bottle, Pyramid and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..metrics.families import Source
from ..metrics.scrapers import scraper_of
from .response import MetricsRequest, MetricsResponse, respond

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def make_wsgi_app(source: Source | None = None) -> WsgiApp:
    """Return a WSGI application that answers every path with the metrics.

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
    scraper = scraper_of(header, environ.get("QUERY_STRING", ""), peer)
    return MetricsRequest(
        environ["REQUEST_METHOD"], header("accept"), header("accept-encoding"), scraper
    )


def _sending(result: MetricsResponse) -> Iterator[bytes]:
    """Yield the body; a server whose client has gone does not ask for the end."""
    yield from result.chunks
    result.sent()
