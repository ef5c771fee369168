"""The response to a scrape: the requested format and encoding, and the body in pieces."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ..families import Family
from .negotiate import Format, accepts_gzip, choose_format
from .protobuf import render_protobuf
from .text import render_openmetrics, render_text

_RENDERERS: dict[Format, Callable[[Iterable[Family]], Iterator[bytes]]] = {
    Format.TEXT: render_text,
    Format.TEXT_1: render_text,
    Format.OPENMETRICS_0: render_openmetrics,
    Format.OPENMETRICS: render_openmetrics,
    Format.PROTOBUF: render_protobuf,
}


@dataclass(frozen=True, slots=True)
class Exposition:
    """A complete exposition.

    Attributes:
        headers: `Content-Type`, `Content-Length`, `Vary` and, where it applies,
            `Content-Encoding`.
        chunks: the body in pieces, so that nobody needs a second copy to send it.
    """

    headers: dict[str, str]
    chunks: list[bytes]

    @property
    def body(self) -> bytes:
        """The body in one piece."""
        return b"".join(self.chunks)


def render(
    families: Iterable[Family],
    accept: str | None = None,
    accept_encoding: str | None = None,
    *,
    classic: bool = True,
) -> Exposition:
    """Render families as a scraper requests them.

    The whole response is made before any of it is sent, so that a failure becomes a clean error
    instead of half an exposition. It takes long enough for tens of thousands of series to
    belong into a thread in an asynchronous server.

    Args:
        families: what to render.
        accept: the request's `Accept` header; text format 0.0.4 without it.
        accept_encoding: the request's `Accept-Encoding` header; no compression without it.
        classic: whether protobuf carries classic buckets beside native histograms.
    """
    format_ = choose_format(accept)
    renderer = _RENDERERS[format_]
    if format_ is Format.PROTOBUF:
        renderer = partial(render_protobuf, classic=classic)
    headers = {"Content-Type": format_.value, "Vary": "Accept, Accept-Encoding"}
    chunks = renderer(families)
    if accepts_gzip(accept_encoding):
        headers["Content-Encoding"] = "gzip"
        chunks = _gzip(chunks)
    body = list(chunks)
    headers["Content-Length"] = str(sum(map(len, body)))
    return Exposition(headers, body)


def _gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress at level 1: as fast as rendering, and 15 times smaller for text already."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for chunk in chunks:
        if compressed := compressor.compress(chunk):
            yield compressed
    yield compressor.flush()
