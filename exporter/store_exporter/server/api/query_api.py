"""One query to the API of Prometheus, or of a database with the same API.

A response is used only if it is complete and has the format that the API documents. Its other texts
come from whatever is behind the address, and may name hosts and other tenants. So only PromQL's own
annotations about our query are repeated.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/ and, for `isPartial` and
`seriesFetched`, https://docs.victoriametrics.com/victoriametrics/cluster-victoriametrics/.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import aiohttp

from ...metrics.catalogue import CATALOGUE

MAX_BYTES = 10 * 1024 * 1024
MAX_SERIES = 50_000
MAX_WARNINGS = 10
BROKEN = "Prometheus returned no figures"
LATE = "Prometheus did not respond in time"
PARTIAL = "the database returned a part of its data"

_MAX_WARNING = 200
_MAX_LOGGED = 500
# The API's own list; other values are not repeated.
_ERROR_TYPES = frozenset(
    ("timeout", "canceled", "execution", "bad_data", "internal", "unavailable", "not_found")
)
_NOTE = re.compile(r"PromQL (?:info|warning): (.*?)(?: \(\d+:\d+\))?", re.DOTALL)

log = logging.getLogger(__name__)


class PrometheusError(Exception):
    """Prometheus sent no usable response; the message gives the reason without its address.

    Attributes:
        late: whether it took too long; otherwise the response was broken.
    """

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


@dataclass(frozen=True, slots=True)
class Series:
    """Labels, and points of Unix time in seconds and value; an instant query has one point."""

    labels: Mapping[str, str]
    points: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class QueryResponse:
    """The result of a query.

    Attributes:
        partial: whether the response itself says that something is missing.
        warnings: PromQL's annotations about the query, safe to show to the org.
        victoria_metrics: whether it comes from VictoriaMetrics, which alone reports how many series
            it read.
    """

    series: list[Series]
    partial: bool
    warnings: tuple[str, ...]
    victoria_metrics: bool


async def ask(
    session: aiohttp.ClientSession,
    url: str,
    path: str,
    parameters: Mapping[str, str],
    *,
    seconds: float,
) -> QueryResponse:
    """Send one query.

    Args:
        session: the caller's, which also limits the time.
        url: the base address.
        path: `query` or `query_range`.
        parameters: those of the API, such as `query`.
        seconds: the time after which the database may give up.

    Raises:
        PrometheusError: the response is an error, or is not what the API promises.
        aiohttp.ClientError: there is no response.
    """
    form = {**parameters, "limit": str(MAX_SERIES), "timeout": f"{seconds:g}s"}
    async with session.post(f"{url}/api/v1/{path}", data=form, allow_redirects=False) as response:
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > MAX_BYTES:
                raise PrometheusError("Prometheus returned more than can be read")
    document = _parsed(body)
    if response.status != 200 or document.get("status") != "success":
        _refused(response.status, document)
    return _read(document)


def _parsed(body: bytearray) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _refused(status: int, document: Mapping[str, Any]) -> NoReturn:
    kind = document.get("errorType")
    log.warning(
        "Prometheus refused a query of analytics",
        extra={"status": status, "reason": str(document.get("error", ""))[:_MAX_LOGGED]},
    )
    if status == 504 or (status == 503 and kind in ("timeout", "canceled")):
        raise PrometheusError(LATE, late=True)
    if status == 200 and kind is None:
        raise PrometheusError(BROKEN)
    known = f" ({kind})" if isinstance(kind, str) and kind in _ERROR_TYPES else ""
    raise PrometheusError(f"Prometheus responded with status {status}{known}")


def _read(document: Mapping[str, Any]) -> QueryResponse:
    warnings, foreign = _sorted_out(document.get("warnings"))
    infos, _ = _sorted_out(document.get("infos"))
    stats = document.get("stats")
    fetched = stats.get("seriesFetched") if isinstance(stats, dict) else None
    try:
        series = [_series(row) for row in document["data"]["result"]]
    except (ValueError, LookupError, TypeError, ArithmeticError):
        raise PrometheusError(BROKEN) from None
    # Only False and absent mean that the result is complete. PromQL warns if it omits samples.
    partial = document.get("isPartial", False) is not False or foreign or bool(warnings)
    return QueryResponse(series, partial, (*warnings, *infos), fetched is not None)


def _series(row: Mapping[str, Any]) -> Series:
    labels = row["metric"]
    if not isinstance(labels, dict) or set(map(type, labels.values())) - {str}:
        raise TypeError
    points = [_point(*point) for point in row.get("values") or [row["value"]]]
    return Series(labels, points)


def _point(time: object, value: object) -> tuple[float, float]:
    if not isinstance(value, str) or isinstance(time, bool) or not isinstance(time, int | float):
        raise TypeError
    if not math.isfinite(time):
        raise ValueError
    return float(time), float(value)


def _sorted_out(texts: object) -> tuple[list[str], bool]:
    """Return PromQL's annotations, and whether there are other warnings.

    Other warnings say that a storage behind the API failed or that a result was cut, in words that
    only the operator may read.
    """
    shown: dict[str, None] = {}
    foreign: list[str] = []
    # Something other than a list of texts is still a warning.
    for text in texts if isinstance(texts, list) else filter(None, [texts]):
        note = _NOTE.fullmatch(text) if isinstance(text, str) else None
        if note is None:
            foreign.append(text if isinstance(text, str) else type(text).__name__)
        elif len(shown) < MAX_WARNINGS:
            shown[_plain(note.group(1))] = None
    if foreign:
        log.warning(
            "Prometheus reports a problem with its data", extra={"reason": foreign[0][:_MAX_LOGGED]}
        )
    return list(shown), bool(foreign)


def _plain(text: str) -> str:
    """Return one short line that names only our own metrics."""

    def named(match: re.Match[str]) -> str:
        name = match.group(1)
        base = re.sub(r"_(?:bucket|count|sum)$", "", name)
        return match.group() if name in CATALOGUE or base in CATALOGUE else '"…"'

    line = re.sub(r'"((?:[^"\\]|\\.)*)"?', named, text[: 4 * _MAX_WARNING])
    line = re.sub(r"[a-z]+://\S+", "…", line)
    line = "".join(char if char.isprintable() else " " for char in line)
    return line if len(line) <= _MAX_WARNING else line[: _MAX_WARNING - 1] + "…"
