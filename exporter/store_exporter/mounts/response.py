"""How every mount responds: metrics to GET and HEAD, and 405 to other methods."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, runtime_checkable

from ..metrics.births import Look
from ..metrics.exposition import render
from ..metrics.families import Source
from ..metrics.scrapers import Scraper

_logger = logging.getLogger(__name__)

_PLAIN = "text/plain; charset=utf-8"


@runtime_checkable
class Scraped(Source, Protocol):
    """A source that shows new series at zero to each scraper: a recorder."""

    def scrape(self, scraper: Scraper) -> Look:
        """Take a look for a scraper."""

    def last_look(self, timeout: float) -> bool:
        """Wait until every scraper has received everything."""


def _nothing() -> None:
    """Do nothing: no scraper needs to be told that the response was sent."""


@dataclass(frozen=True, slots=True)
class MetricsRequest:
    """An HTTP request: its method, two of its headers, and the scraper that it comes from."""

    method: str
    accept: str | None = None
    accept_encoding: str | None = None
    scraper: Scraper | None = None


@dataclass(frozen=True, slots=True)
class MetricsResponse:
    """An HTTP response: status, headers, and the body in pieces.

    Attributes:
        sent: to be called when all of it was sent, and only then.
    """

    status: HTTPStatus
    headers: dict[str, str]
    chunks: list[bytes] = field(default_factory=list)
    sent: Callable[[], None] = _nothing


def respond(source: Source | None, request: MetricsRequest) -> MetricsResponse:
    """Respond to a request. Never raises: a failure is logged and becomes a 500 without details.

    Args:
        source: a recorder; by default the process's own.
        request: the request.
    """
    if request.method not in ("GET", "HEAD"):
        return plain(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD")
    is_head = request.method == "HEAD"
    sent = _nothing
    try:
        source = _or_default(source)
        if request.scraper is None or is_head or not isinstance(source, Scraped):
            families = source.families()
        else:
            look = source.scrape(request.scraper)
            families, sent = look.families, look.complete
        response = render(
            families,
            request.accept,
            request.accept_encoding,
            classic=request.scraper is None or request.scraper.classic,
        )
    except Exception:
        _logger.exception("rendering the metrics failed")
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR)
    return MetricsResponse(
        HTTPStatus.OK, response.headers, [] if is_head else response.chunks, sent
    )


def last_look(timeout: float, *, source: Source | None = None) -> bool:
    """Wait at the end of a process until the scrapers have received everything.

    Call it when all work is done, while the metrics are still served. It blocks; in a coroutine,
    call it by `asyncio.to_thread`.

    Args:
        timeout: seconds to wait at most; two scrape intervals are always enough.
        source: a recorder; by default the process's own.

    Returns:
        Whether every active scraper, and at least one, has received everything.
    """
    source = _or_default(source)
    return isinstance(source, Scraped) and source.last_look(timeout)


def plain(status: HTTPStatus, **more: str) -> MetricsResponse:
    """Return a response with only its status as text; `more` are further headers."""
    body = f"{status.value} {status.phrase}\n".encode()
    headers = {"Content-Type": _PLAIN, "Content-Length": str(len(body)), **more}
    return MetricsResponse(status, headers, [body])


def _or_default(source: Source | None) -> Source:
    if source is not None:
        return source
    from ..metrics.recorder import default

    return default()
