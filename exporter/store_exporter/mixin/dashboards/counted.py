"""The number of errors in the chosen time."""

from __future__ import annotations

from functools import reduce

from ...errors import ERROR_TYPES
from ...metrics.catalogue import operations
from .. import promql
from ..promql import one_of, quote, total
from ..rules import longterm
from .scales import over_time
from .variables import (
    ALL_OPERATIONS,
    OPERATION_MATCH,
    OPERATION_ONLY,
    READ_ERRORS,
    SOME_OPERATIONS,
    STORE_MATCH,
    UNREAD_ERRORS,
)

LATEST = "70m"
"""Longer than the delay of the recorded growth of counters."""

BEHIND = (
    "Over more than three hours the last six minutes may be missing, and over more than two days "
    "the last 67."
)
"""A sentence about the end of the recorded errors. Figures of days of chosen stores or operations
are read from hourly records."""


def errors(labels: tuple[str, ...], faults: tuple[str, ...]) -> str:
    """Errors of some faults in the chosen time, by labels.

    Args:
        labels: the labels of the result. `fault` needs `error_type`, from which it follows.
        faults: the faults whose errors are counted.

    For a short time it is the growth of the applications' own counters. For a longer time it is
    their growth recorded every five minutes, which is as exact, and ends up to six minutes ago;
    for days of single operations it is the growth recorded every hour. See `longterm.SKIPPED`.
    """
    types: dict[str, list[str]] = {
        fault: [each.name for each in ERROR_TYPES.values() if each.fault.value == fault]
        for fault in faults
    }
    every = one_of("error_type", [each for of_fault in types.values() for each in of_fault])
    left = tuple(label for label in labels if label != "fault")
    recorded = _recorded(left, every)
    if "fault" in labels:
        recorded = reduce(_with_fault, types.items(), recorded)
    return f"({_grown(labels, faults, READ_ERRORS, '$__range')} or {recorded})"


def _recorded(labels: tuple[str, ...], *matchers: str) -> str:
    """The same for a long time, read from the smallest number of series."""

    def of_all_time(found: str) -> str:
        return f"sum_over_time({promql.over(found, '$__range')})"

    if not {"org", "domain"} & set(labels):
        return over_time(
            labels, longterm.TOGETHER, READ_ERRORS, *matchers, *OPERATION_ONLY, each=of_all_time
        )
    of_operations = longterm.TOGETHER.of_stores
    chosen = (READ_ERRORS, *matchers, *OPERATION_MATCH)
    if "operation" in labels:
        return total(labels, of_all_time(of_operations(*chosen)))
    every = of_all_time(
        promql.named(longterm.STORE_ERRORS, READ_ERRORS, ALL_OPERATIONS, *matchers, *STORE_MATCH)
    )
    some = of_all_time(of_operations(SOME_OPERATIONS, *chosen))
    return f"({total(labels, every)} or {total(labels, some)})"


def latest_errors(labels: tuple[str, ...], faults: tuple[str, ...]) -> str:
    """Errors of the last minutes, which the recorded series that `errors` reads do not have yet."""
    return _grown(labels, faults, UNREAD_ERRORS, LATEST)


def _grown(labels: tuple[str, ...], faults: tuple[str, ...], when: str, window: str) -> str:
    name = operations.OPERATION_ERRORS.name
    read = promql.named(name, when, one_of("fault", faults), *OPERATION_MATCH)
    return total(labels, f"increase({promql.over(read, window)})")


def _with_fault(expression: str, fault: tuple[str, list[str]]) -> str:
    name, types = fault
    types_ = quote("|".join(types))
    return f'label_replace({expression}, "fault", "{name}", "error_type", {types_})'
