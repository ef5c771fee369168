"""Statistics of an org's operations, as JSON for its application.

`stats` covers every operation that passes the filters. `limit` only limits the number of rows in
`metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ...errors import ERROR_TYPES, Fault
from ...metrics.catalogue import operations as catalogue
from ...metrics.families import HistogramValue
from ...metrics.recorder import Recorder

DAY = 86_400
"""Seconds."""

PROCESS_ONLY = (
    "these are calls that the exporter has counted itself: of applications, those that they report "
    "to it; prometheus_url in its configuration adds the past, and applications that are scraped"
)
"""A warning: no Prometheus is configured, so only this process's own counts are known."""

Key = tuple[str, str, str]
"""Domain, platform and operation."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The figures to return. Domain and operation may be any text; only the org is trusted.

    Attributes:
        domain: one store, which need not be configured if the org's applications report it; or all.
        operation: one operation, from the catalogue or the application's own; or all.
        days: how many past days, if the source has past days.
    """

    org: str
    domain: str | None = None
    operation: str | None = None
    days: int = 7
    limit: int = 100

    def matches(self, labels: Sequence[str]) -> bool:
        """Whether a series with the labels org, domain, platform and operation passes."""
        org, domain, _, operation = labels[:4]
        return (
            org == self.org
            and self.domain in (None, domain)
            and self.operation in (None, operation)
        )


@dataclass(slots=True)
class OperationUsage:
    """The number of calls of one operation, their total duration, and their failures."""

    total: float = 0.0
    seconds: float = 0.0
    errors: dict[str, float] = field(default_factory=dict)

    def add(self, other: OperationUsage) -> None:
        """Add another operation's figures."""
        self.total += other.total
        self.seconds += other.seconds
        for error_type, count in other.errors.items():
            self.failed(error_type, count)

    def failed(self, error_type: str, count: float) -> None:
        """Add failed calls."""
        self.errors[error_type] = self.errors.get(error_type, 0.0) + count


@dataclass(frozen=True, slots=True)
class Findings:
    """Figures, and how complete they are.

    Attributes:
        usages: by domain, platform and operation.
        start: Unix time in seconds of the org's first data in the requested days; None without
            data.
        end: the same of the last data.
        complete: whether there is data for all of the requested days.
        partial: whether a part of the data could not be read, so that all figures are lower bounds.
        warnings: why the data is not complete, and other remarks.
    """

    usages: Mapping[Key, OperationUsage]
    start: float | None
    end: float | None
    complete: bool
    partial: bool = False
    warnings: Sequence[str] = ()


_COUNTED = (catalogue.OPERATIONS, catalogue.OPERATION_ERRORS, catalogue.OPERATION_DURATION)


def from_recorder(recorder: Recorder, filters: Filters, now: float) -> Findings:
    """Return what this process has counted since it started."""
    found: dict[Key, OperationUsage] = {}
    beginnings: list[float] = []
    for family in recorder.families():
        if family.metric not in _COUNTED:
            continue
        for (labels, value), begun in zip(family.series, family.created_times(), strict=False):
            if labels[0] == filters.org and begun is not None:
                beginnings.append(begun)
            if filters.matches(labels):
                usage = found.setdefault((labels[1], labels[2], labels[3]), OperationUsage())
                if isinstance(value, HistogramValue):
                    usage.seconds += value.sum
                elif family.metric is catalogue.OPERATION_ERRORS:
                    usage.failed(labels[4], value)
                else:
                    usage.total += value
    start = min(beginnings, default=None)
    complete = start is not None and start <= now - filters.days * DAY
    warnings = () if complete else (PROCESS_ONLY,)
    return Findings(found, start, None if start is None else now, complete, warnings=warnings)


def report(findings: Findings, filters: Filters, source: str) -> dict[str, Any]:
    """Return the response: rows of the busiest operations, statistics of all, and the filters."""
    usages = findings.usages
    everything = OperationUsage()
    by_operation: Counter[str] = Counter()
    for (_, _, operation), usage in usages.items():
        everything.add(usage)
        by_operation[operation] += round(usage.total)
    busiest = sorted(usages.items(), key=lambda item: (-item[1].total, item[0]))
    rows = [
        {"domain": domain, "platform": platform, "operation": operation}
        | _figures(usage, findings.partial)
        for (domain, platform, operation), usage in busiest[: filters.limit]
    ]
    stats = _figures(everything, findings.partial)
    return {
        "metrics": rows,
        "stats": {**stats, "operations_by_type": dict(by_operation.most_common())},
        "from": _written(findings.start),
        "until": _written(findings.end),
        "complete": findings.complete,
        "warnings": list(findings.warnings),
        "filters": {
            "domain": filters.domain,
            "operation": filters.operation,
            # A process has only counted since it started; only Prometheus has past days.
            "days": filters.days if source == "prometheus" else None,
            "limit": filters.limit,
        },
        "source": source,
    }


def _written(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(round(moment), UTC).isoformat()


def _figures(usage: OperationUsage, partial: bool) -> dict[str, Any]:
    total = round(usage.total)
    # If data is missing, errors may be missing, and a rate of the rest would look too good.
    success = None if partial else success_rate(usage.total, usage.errors.items())
    mean = round(usage.seconds / usage.total * 1000, 1) if total and not partial else None
    errors = sorted(usage.errors.items(), key=lambda item: (-item[1], item[0]))
    return {
        "total_operations": total,
        "success_rate": success,
        "avg_duration_ms": mean,
        "errors_by_type": {name: round(count) for name, count in errors if round(count)},
    }


def success_rate(total: float, errors: Iterable[tuple[str, float]]) -> float | None:
    """Return the percentage of calls in which the store worked as it should; None without calls.

    A rightful refusal (fault `customer`) counts as success. A call that the caller cancelled does
    not count at all.
    """
    failed = cancelled = 0.0
    for name, count in errors:
        fault = ERROR_TYPES[name].fault if name in ERROR_TYPES else Fault.APP
        if fault is Fault.CANCELLED:
            cancelled += count
        elif fault is not Fault.CUSTOMER:
            failed += count
    counted = total - cancelled
    if round(counted) <= 0:
        return None
    return round(min(max(1 - failed / counted, 0.0), 1.0) * 100, 2)
