"""What every mount answers: metrics to GET and HEAD, and 405 to other methods."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from ..metrics.exposition import render
from ..metrics.families import Family

_logger = logging.getLogger(__name__)

_PLAIN = "text/plain; charset=utf-8"


class Source(Protocol):
    """What has families to show: a recorder."""

    def families(self) -> Iterable[Family]:
        """Return the present state."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, headers, and the body in pieces."""

    status: HTTPStatus
    headers: dict[str, str]
    chunks: list[bytes] = field(default_factory=list)


def answer(
    source: Source | None, method: str, accept: str | None, accept_encoding: str | None
) -> Answer:
    """Answer a request. Never raises: a failure is logged and becomes a 500 without details.

    Args:
        source: whose families; the default recorder's where there is none.
        method: the request's method.
        accept: its `Accept` header, if any.
        accept_encoding: its `Accept-Encoding` header, if any.
    """
    if method not in ("GET", "HEAD"):
        allowed = plain(HTTPStatus.METHOD_NOT_ALLOWED)
        return Answer(allowed.status, {**allowed.headers, "Allow": "GET, HEAD"}, allowed.chunks)
    try:
        response = render(_or_default(source).families(), accept, accept_encoding)
    except Exception:
        _logger.exception("rendering the metrics failed")
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR)
    chunks = [] if method == "HEAD" else response.chunks
    return Answer(HTTPStatus.OK, response.headers, chunks)


def plain(status: HTTPStatus) -> Answer:
    """Return an answer that says nothing but its status."""
    body = f"{status.value} {status.phrase}\n".encode()
    return Answer(status, {"Content-Type": _PLAIN, "Content-Length": str(len(body))}, [body])


def _or_default(source: Source | None) -> Source:
    if source is not None:
        return source
    from ..metrics.recorder import default

    return default()
