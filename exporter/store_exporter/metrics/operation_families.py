"""The operation metrics as families, from one snapshot, so that they agree with each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import ERROR_TYPES
from .catalogue import Metric
from .catalogue.operations import OPERATION_ERRORS, OPERATIONS, OPERATIONS_IN_PROGRESS
from .exemplars import Exemplars
from .families import Count, Family, HistogramValue, View
from .guard import Labels
from .histogram import Histogram

OperationState = tuple[
    Labels, int, int, Mapping[str, int], Exemplars, Histogram, float, Mapping[str, float]
]
"""The state of one series at one time: labels, operations finished and in progress, errors by type,
exemplars, durations, and the Unix times at which the series and its errors began. A plain tuple,
because a scrape creates tens of thousands."""

_Pair = tuple[tuple[str, ...], float | HistogramValue]


def operation_families(states: list[OperationState], duration: Metric) -> dict[str, Family]:
    """Return the operation metrics by name; empty if there are no states.

    The metric of durations comes with the buckets that were used.
    """
    if not states:
        return {}
    created, errors_created = View(states, _created), View(states, _errors_created)
    return {
        OPERATIONS.name: Family(OPERATIONS, View(states, _total), created),
        OPERATION_ERRORS.name: Family(OPERATION_ERRORS, View(states, _errors), errors_created),
        duration.name: Family(duration, View(states, _duration), created),
        OPERATIONS_IN_PROGRESS.name: Family(OPERATIONS_IN_PROGRESS, View(states, _in_progress)),
    }


def _total(state: OperationState) -> Iterable[_Pair]:
    return ((state[0], float(state[1])),)


def _in_progress(state: OperationState) -> Iterable[_Pair]:
    return ((state[0], state[2]),)


def _errors(state: OperationState) -> Iterable[_Pair]:
    labels, errors, exemplars = state[0], state[3], state[4].failed
    return [
        (
            (*labels, error_type, str(ERROR_TYPES[error_type].fault)),
            Count(count, exemplars[error_type]) if error_type in exemplars else float(count),
        )
        for error_type, count in errors.items()
    ]


def _duration(state: OperationState) -> Iterable[_Pair]:
    labels, exemplars, duration = state[0], state[4], state[5]
    return ((labels, duration.value(exemplars.observed)),)


def _created(state: OperationState) -> Iterable[float]:
    return (state[6],)


def _errors_created(state: OperationState) -> Iterable[float]:
    errors, created = state[3], state[7]
    return [created[error_type] for error_type in errors]
