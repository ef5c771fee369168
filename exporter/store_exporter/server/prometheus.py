"""Asks a Prometheus what an org's operations did over past days.

Queries are built here, from values of the configuration and the catalogue only, and every
selector in them is pinned to one org.
"""

from __future__ import annotations

import asyncio
import json
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


def queries(filters: Filters) -> dict[str, str]:
    """Return the PromQL for calls, errors and seconds, by what they find."""
    where = f"{selector(filters)}[{filters.days}d]"
    total, errors = catalogue.OPERATIONS.name, catalogue.OPERATION_ERRORS.name
    duration = catalogue.OPERATION_DURATION.name
    return {
        "total": f"sum by ({_BY}) (increase({total}{where}))",
        "errors": f"sum by ({_BY}, error_type) (increase({errors}{where}))",
        # Native histograms where they are scraped, classic ones elsewhere.
        "seconds": f"histogram_sum(sum by ({_BY}) (increase({duration}{where})))"
        f" or sum by ({_BY}) (increase({duration}_sum{where}))",
    }


async def usage(url: str, filters: Filters) -> dict[Key, OperationUsage]:
    """Return what the org's operations did.

    Raises:
        PrometheusError: it did not answer in time, or not with figures.
    """
    asked = queries(filters)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
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
            else:
                entry.seconds += value
    return found


async def _ask(
    session: aiohttp.ClientSession, url: str, query: str
) -> list[tuple[dict[str, str], float]]:
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
        document: Any = json.loads(body)
        return [(row["metric"], float(row["value"][1])) for row in document["data"]["result"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise PrometheusError("Prometheus did not answer with figures") from None
