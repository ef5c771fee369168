"""How every mount responds: metrics to GET and HEAD, and 405 to other methods."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from http import HTTPStatus

from ..metrics.exposition import render
from ..metrics.families import Source

_logger = logging.getLogger(__name__)

_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class MetricsResponse:
    """An HTTP response: status, headers, and the body in pieces."""

    status: HTTPStatus
    headers: dict[str, str]
    chunks: list[bytes] = field(default_factory=list)


def respond(
    source: Source | None, method: str, accept: str | None, accept_encoding: str | None
) -> MetricsResponse:
    """Respond to a request. Never raises: a failure is logged and becomes a 500 without details.

    Args:
        source: whose families; the default recorder's where there is none.
        method: the request's method.
        accept: its `Accept` header, if any.
        accept_encoding: its `Accept-Encoding` header, if any.
    """
    if method not in ("GET", "HEAD"):
        allowed = plain(HTTPStatus.METHOD_NOT_ALLOWED)
        return MetricsResponse(
            allowed.status, {**allowed.headers, "Allow": "GET, HEAD"}, allowed.chunks
        )
    try:
        exposition = render(_or_default(source).families(), accept, accept_encoding)
    except Exception:
        _logger.exception("rendering the metrics failed")
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR)
    chunks = [] if method == "HEAD" else exposition.chunks
    return MetricsResponse(HTTPStatus.OK, exposition.headers, chunks)


def plain(status: HTTPStatus) -> MetricsResponse:
    """Return a response that says nothing but its status."""
    body = f"{status.value} {status.phrase}\n".encode()
    return MetricsResponse(
        status, {"Content-Type": _PLAIN, "Content-Length": str(len(body))}, [body]
    )


def _or_default(source: Source | None) -> Source:
    if source is not None:
        return source
    from ..metrics.recorder import default

    return default()
