"""How many errors there were in the chosen time."""

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
    DETAILED,
    OPERATION_MATCH,
    OPERATION_ONLY,
    SAMPLED,
    SOME_OPERATIONS,
    STORE_MATCH,
)

LATEST = "10m"
"""Longer than what is recorded of the growth of counters is behind them."""


def errors(labels: tuple[str, ...], faults: tuple[str, ...]) -> str:
    """Errors of some faults in the chosen time, by labels.

    Args:
        labels: that are left. `fault` goes with `error_type`, by which it is known.
        faults: whose errors.

    In a short time it is what the applications' own counters grew by. For a long one, what they
    grew by is recorded every five minutes, and to the unit as well, up to six minutes ago.
    """
    types = {fault: _types_of(fault) for fault in faults}
    every = one_of("error_type", [each for of_fault in types.values() for each in of_fault])
    left = tuple(label for label in labels if label != "fault")
    recorded = _recorded(left, every)
    if "fault" in labels:
        recorded = reduce(_with_fault, types.items(), recorded)
    return f"({_grown(labels, faults, DETAILED, '$__range')} or {recorded})"


def _recorded(labels: tuple[str, ...], *matchers: str) -> str:
    """The same of a long time, read from as few series as there are for it."""

    def of_all_time(found: str) -> str:
        return f"sum_over_time({promql.over(found, '$__range')})"

    if not {"org", "domain"} & set(labels):
        return over_time(
            labels, longterm.TOGETHER, SAMPLED, *matchers, *OPERATION_ONLY, each=of_all_time
        )
    some = of_all_time(_chosen(longterm.ERRORS, SAMPLED, *matchers))
    if "operation" in labels:
        return total(labels, some)
    every = of_all_time(
        promql.named(longterm.STORE_ERRORS, SAMPLED, ALL_OPERATIONS, *matchers, *STORE_MATCH)
    )
    some = of_all_time(_chosen(longterm.ERRORS, SAMPLED, SOME_OPERATIONS, *matchers))
    return f"({total(labels, every)} or {total(labels, some)})"


def latest_errors(labels: tuple[str, ...], faults: tuple[str, ...]) -> str:
    """Those of the last minutes, which are not yet in the recorded series that `errors` reads."""
    return _grown(labels, faults, SAMPLED, LATEST)


def _grown(labels: tuple[str, ...], faults: tuple[str, ...], when: str, window: str) -> str:
    read = _chosen(operations.OPERATION_ERRORS.name, when, one_of("fault", faults))
    return total(labels, f"increase({promql.over(read, window)})")


def _chosen(name: str, *matchers: str) -> str:
    return promql.named(name, *matchers, *OPERATION_MATCH)


def _types_of(fault: str) -> list[str]:
    return [each.name for each in ERROR_TYPES.values() if each.fault.value == fault]


def _with_fault(expression: str, fault: tuple[str, list[str]]) -> str:
    name, types = fault
    types_ = quote("|".join(types))
    return f'label_replace({expression}, "fault", "{name}", "error_type", {types_})'
