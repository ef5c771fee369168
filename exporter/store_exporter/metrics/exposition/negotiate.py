"""Content negotiation: the format and the encoding that a scraper requests.

Nothing here fails: an unreadable or unsatisfiable header gets the text format, uncompressed,
as Prometheus' own client libraries do.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

# No scraper sends a longer header; Prometheus sends fewer than 400 characters.
_LONGEST = 4096


class Format(StrEnum):
    """A format, as the value of `Content-Type`."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    TEXT_1 = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
    OPENMETRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = (
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
        "encoding=delimited"
    )


_VERSIONS = {
    "text/plain": {"": Format.TEXT, "0.0.4": Format.TEXT, "1.0.0": Format.TEXT_1},
    "application/openmetrics-text": {
        "": Format.OPENMETRICS,
        "0.0.1": Format.OPENMETRICS_0,
        "1.0.0": Format.OPENMETRICS,
    },
    "text/*": {"": Format.TEXT},
    "*/*": {"": Format.TEXT},
}


def choose_format(accept: str | None) -> Format:
    """Return the format that an `Accept` header prefers; the first one among equals."""
    best, chosen = 0.0, Format.TEXT
    for media_type, parameters, quality in _ranges(accept):
        offered = _offered(media_type, parameters)
        if offered is not None and quality > best:
            best, chosen = quality, offered
    return chosen


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Return whether an `Accept-Encoding` header allows gzip."""
    quality = {name: quality for name, _, quality in _ranges(accept_encoding)}
    return quality.get("gzip", quality.get("*", 0.0)) > 0


def _offered(media_type: str, parameters: dict[str, str]) -> Format | None:
    if media_type == "application/vnd.google.protobuf":
        wanted = ("io.prometheus.client.metricfamily", "delimited")
        requested = (parameters.get("proto", ""), parameters.get("encoding", ""))
        return Format.PROTOBUF if requested == wanted else None
    return _VERSIONS.get(media_type, {}).get(parameters.get("version", ""))


def _ranges(header: str | None) -> Iterator[tuple[str, dict[str, str], float]]:
    if not header or len(header) > _LONGEST:
        return
    for element in header.lower().split(","):
        name, *rest = (part.strip() for part in element.split(";"))
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, parameters, _quality(parameters.pop("q", "1"))


def _quality(value: str) -> float:
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
