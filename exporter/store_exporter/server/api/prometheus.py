"""Queries a Prometheus for the statistics of an org's operations over past days.

Queries are built only here. Names that applications chose are quoted, and every selector contains
the org.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from functools import partial

import aiohttp

from ...metrics.catalogue import operations as catalogue
from ...mixin.promql import equal, select
from ...mixin.rules import longterm
from .analytics import Filters, Findings, Key, OperationUsage
from .coverage import Coverage, CoverageQueries
from .query_api import BROKEN, LATE, MAX_WARNINGS, PARTIAL, PrometheusError, QueryResponse, ask

TIMEOUT = 15.0
"""Seconds for all queries of one request together."""
COUNTER_DAYS = 90
"""Days up to which the counters themselves are queried; for more days, the recorded hourly sums
are."""
MAX_FIGURE = 2.0**53
"""The highest plausible count of calls, and mean of seconds."""

_BY = ", ".join(catalogue.OPERATION_LABELS)


def selector(filters: Filters) -> str:
    """Return the label matchers of a request, always including the org."""
    matchers = {"org": filters.org, "domain": filters.domain, "operation": filters.operation}
    written = (equal(name, value) for name, value in matchers.items() if value is not None)
    # U+FFFD replaces characters that no label can contain. Unescaped, PromQL takes it for broken
    # UTF-8.
    return select("", *written).replace("\ufffd", "\\ufffd")


def growth(selector: str, days: int, *, extrapolates: bool = True, part: str = "") -> str:
    """Return an expression for the exact growth of each counter over the last days.

    Prometheus' `increase` extrapolates from the samples to the ends of the window, at a distant end
    by half the mean interval between samples. With an end that is distant from any sample, the
    extrapolation adds 1 part in 2(n-1) to the growth between n samples, and so can be removed
    again. At the beginning it adds nothing to a series that begins at zero, as ours do. Source:
    `extrapolatedRate` in Prometheus' promql/functions.go.

    Args:
        selector: the series.
        days: the number of days.
        extrapolates: whether the database does; VictoriaMetrics does not.
        part: for native histograms, the part whose growth is meant: `sum` or `count`.
    """
    if not extrapolates:
        return f"increase({selector}[{days}d])"
    window = f"{selector}[{3 * days}d] offset -{2 * days}d"
    samples = f"count_over_time({window})"
    increase = f"histogram_{part}(increase({window}))" if part else f"increase({window})"
    return f"{increase} * ({samples} - 1) / ({samples} - 0.5)"


def queries(filters: Filters, *, extrapolates: bool = True) -> dict[str, str]:
    """Return the PromQL for calls, errors and mean seconds, by the name of the figure.

    Args:
        filters: of the request.
        extrapolates: whether the database is Prometheus or works like it. VictoriaMetrics does not
            extrapolate, and lacks the functions for native histograms.
    """
    where, days = selector(filters), filters.days

    def grown(name: str) -> str:
        return growth(f"{name}{where}", days, extrapolates=extrapolates)

    duration = catalogue.OPERATION_DURATION.name

    def observed(part: str) -> str:
        """Sum over each series: native histograms if they are scraped, otherwise classic ones."""
        found = grown(f"{duration}_{part}")
        if extrapolates:
            found = f"{growth(f'{duration}{where}', days, part=part)} or {found}"
        return f"sum by ({_BY}) ({found})"

    return {
        "total": f"sum by ({_BY}) ({grown(catalogue.OPERATIONS.name)})",
        "errors": f"sum by ({_BY}, error_type) ({grown(catalogue.OPERATION_ERRORS.name)})",
        "mean": f"{observed('sum')} / {observed('count')}",
    }


def hourly(filters: Filters) -> bool:
    """Return whether the recorded hourly sums are read instead of the counters."""
    return filters.days > COUNTER_DAYS


def hourly_queries(filters: Filters) -> dict[str, str]:
    """Return the same queries for the recorded hourly sums, which have fewer samples."""
    where = selector(filters)

    def summed(name: str, *more: str) -> str:
        by = ", ".join((*catalogue.OPERATION_LABELS, *more))
        return f"sum by ({by}) (sum_over_time({name}{where}[{filters.days}d]))"

    calls = summed(longterm.HOURLY_CALLS)
    return {
        "total": calls,
        "errors": summed(longterm.HOURLY_ERRORS, "error_type"),
        "mean": f"{summed(longterm.HOURLY_SECONDS)} / {calls}",
    }


async def usage(url: str, filters: Filters, now: float) -> Findings:
    """Return the statistics of the org's operations at a Unix time, and since when there is data.

    `url` is the base address of a Prometheus, or of a database with the same API.

    Raises:
        PrometheusError: it did not respond in time, or not with figures.
    """
    years = hourly(filters)
    calls = longterm.HOURLY_CALLS if years else catalogue.OPERATIONS.name
    every = f"{calls}{selector(Filters(filters.org))}"
    coverage = CoverageQueries(every, filters.days, now, hourly=years)
    try:
        async with asyncio.timeout(TIMEOUT), aiohttp.ClientSession() as session:
            send = partial(ask, session, url, seconds=TIMEOUT)
            parts = await send("query_range", coverage.parts())
            by_name = (
                hourly_queries(filters)
                if years
                else queries(filters, extrapolates=not parts.victoria_metrics)
            )
            ends = coverage.ends(parts)
            figures, moments = await asyncio.gather(
                asyncio.gather(*(send("query", {"query": text}) for text in by_name.values())),
                asyncio.gather(*(send("query_range", each) for each in ends)),
            )
    except TimeoutError:
        raise PrometheusError(LATE, late=True) from None
    except (aiohttp.ClientError, OSError) as error:
        raise PrometheusError(f"Prometheus did not respond: {type(error).__name__}") from None
    usages = _usages(filters, dict(zip(by_name, figures, strict=True)))
    return _findings(usages, coverage.read(parts, moments), [parts, *figures, *moments])


def _usages(filters: Filters, responses: Mapping[str, QueryResponse]) -> dict[Key, OperationUsage]:
    found: dict[Key, OperationUsage] = {}
    for name, response in responses.items():
        for series in response.series:
            labels = [series.labels.get(label, "") for label in catalogue.OPERATION_LABELS]
            if not filters.matches(labels):
                raise PrometheusError("Prometheus returned figures that were not requested")
            entry = found.setdefault((labels[1], labels[2], labels[3]), OperationUsage())
            value = series.points[-1][1]
            # Without calls there is no mean: it was zero divided by zero.
            if name == "mean" and math.isnan(value):
                continue
            if not 0 <= value <= MAX_FIGURE:
                raise PrometheusError(BROKEN)
            if name == "errors":
                entry.failed(series.labels.get("error_type", ""), value)
            elif name == "total":
                entry.total += value
            else:
                entry.seconds = value * entry.total
    return found


def _findings(
    usages: Mapping[Key, OperationUsage], coverage: Coverage, responses: Sequence[QueryResponse]
) -> Findings:
    incomplete = any(response.partial for response in responses)
    warnings = dict.fromkeys(text for response in responses for text in response.warnings)
    if incomplete:
        warnings[PARTIAL] = None
    if coverage.gaps:
        warnings[f"there is no data for {coverage.gaps / 3600:.1f} hours within that time"] = None
    return Findings(
        usages=usages,
        start=coverage.start,
        end=coverage.end,
        complete=not coverage.missing and not incomplete,
        partial=incomplete,
        warnings=list(warnings)[-MAX_WARNINGS:],
    )
