"""Asks a Prometheus what an org's operations did over past days.

Queries are built here, from values of the configuration and the catalogue only, and every
selector in them is pinned to one org.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import aiohttp

from ..metrics.catalogue import operations as catalogue
from .analytics import Filters, Key, OperationUsage

TIMEOUT = 15.0
MAX_BYTES = 10 * 1024 * 1024
MAX_SERIES = 50_000

_BY = "domain, platform, operation"


class PrometheusError(Exception):
    """Prometheus gave no usable answer; the message says why, without its address."""


def selector(filters: Filters) -> str:
    """Write the label matchers of what is asked for; the org is always among them."""
    matchers = {"org": filters.org, "domain": filters.domain, "operation": filters.operation}
    written = (f"{name}={_quoted(value)}" for name, value in matchers.items() if value is not None)
    return "{" + ",".join(written) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def growth(selector: str, days: int, *, extrapolates: bool = True) -> str:
    """Write by how much each counter grew over the last days, to the unit.

    Prometheus' `increase` extrapolates from the samples to the ends of the window, at a distant end
    by half the mean interval between samples. With an end that is distant from any sample, that is
    1 part in 2(n-1) of what n samples show, and so can be taken off again. At the beginning it adds
    nothing to a series that begins at zero, as ours do. Source: `extrapolatedRate` in Prometheus'
    promql/functions.go.

    Args:
        selector: the series.
        days: how many.
        extrapolates: whether the database does; VictoriaMetrics does not.
    """
    if not extrapolates:
        return f"increase({selector}[{days}d])"
    window = f"{selector}[{3 * days}d] offset -{2 * days}d"
    samples = f"count_over_time({window})"
    return f"increase({window}) * ({samples} - 1) / ({samples} - 0.5)"


def queries(filters: Filters, *, extrapolates: bool = True) -> dict[str, str]:
    """Return the PromQL for calls, errors and mean seconds, by what they find.

    Args:
        filters: what is asked for.
        extrapolates: whether the database is Prometheus or works like it; VictoriaMetrics neither
            extrapolates nor has its functions of native histograms.
    """
    where, days = selector(filters), filters.days

    def grown(name: str) -> str:
        return growth(f"{name}{where}", days, extrapolates=extrapolates)

    def summed(name: str) -> str:
        return f"sum by ({_BY}) (increase({name}{where}[{days}d]))"

    duration = catalogue.OPERATION_DURATION.name
    # Both are extrapolated alike, so their ratio is not.
    mean = f"{summed(f'{duration}_sum')} / {summed(f'{duration}_count')}"
    if extrapolates:
        # Native histograms where they are scraped, classic ones elsewhere.
        mean = f"histogram_avg({summed(duration)}) or {mean}"
    return {
        "total": f"sum by ({_BY}) ({grown(catalogue.OPERATIONS.name)})",
        "errors": f"sum by ({_BY}, error_type) ({grown(catalogue.OPERATION_ERRORS.name)})",
        "mean": mean,
    }


async def usage(url: str, filters: Filters) -> dict[Key, OperationUsage]:
    """Return what the org's operations did.

    Raises:
        PrometheusError: it did not answer in time, or not with figures.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            asked = queries(filters, extrapolates=await _extrapolates(session, url))
            answers = await asyncio.gather(*(_ask(session, url, q) for q in asked.values()))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise PrometheusError(f"Prometheus did not answer: {type(error).__name__}") from None
    found: dict[Key, OperationUsage] = {}
    for name, answer in zip(asked, answers, strict=True):
        for labels, value in answer:
            key = tuple(labels.get(label, "") for label in ("domain", "platform", "operation"))
            entry = found.setdefault((key[0], key[1], key[2]), OperationUsage())
            if name == "errors":
                entry.failed(labels.get("error_type", ""), value)
            elif name == "total":
                entry.total += value
            elif math.isfinite(value):
                entry.seconds = value * entry.total
    return found


async def _extrapolates(session: aiohttp.ClientSession, url: str) -> bool:
    """Tell by an answer whether it is Prometheus': VictoriaMetrics' counts series in each one."""
    document = await _document(session, url, "vector(1)")
    return not (isinstance(document, dict) and "seriesFetched" in document.get("stats", ()))


async def _ask(
    session: aiohttp.ClientSession, url: str, query: str
) -> list[tuple[dict[str, str], float]]:
    document = await _document(session, url, query)
    try:
        return [(row["metric"], float(row["value"][1])) for row in document["data"]["result"]]
    except (ValueError, LookupError, TypeError):
        raise PrometheusError("Prometheus did not answer with figures") from None


async def _document(session: aiohttp.ClientSession, url: str, query: str) -> Any:
    form = {"query": query, "timeout": f"{TIMEOUT:g}s", "limit": str(MAX_SERIES)}
    async with session.post(f"{url}/api/v1/query", data=form, allow_redirects=False) as answer:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > MAX_BYTES:
                raise PrometheusError("Prometheus answered more than can be read")
        if answer.status != 200:
            raise PrometheusError(f"Prometheus answered with status {answer.status}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise PrometheusError("Prometheus did not answer with figures") from None
