"""The operation metrics as families, made from one snapshot so that they agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..errors import ERROR_TYPES
from .catalogue import Metric
from .catalogue.operations import OPERATION_ERRORS, OPERATIONS, OPERATIONS_IN_PROGRESS
from .families import Family, HistogramValue
from .handle import OperationState

_Pair = tuple[tuple[str, ...], float | HistogramValue]


class _View:
    """Series made one by one as they are read, any number of times.

    A list of them would double a large scrape's memory, and have the garbage collector look at
    every one.
    """

    def __init__(
        self, states: list[OperationState], series: Callable[[OperationState], Iterable[_Pair]]
    ) -> None:
        self._states = states
        self._series = series

    def __iter__(self) -> Iterator[_Pair]:
        for state in self._states:
            yield from self._series(state)


def operation_families(
    states: list[OperationState], duration: Metric, created: float
) -> dict[str, Family]:
    """Return the operation metrics by name; none where there are no states.

    Args:
        states: the snapshot.
        duration: the metric of durations, with the buckets that were used.
        created: Unix time at which counting began.
    """
    if not states:
        return {}
    return {
        OPERATIONS.name: Family(OPERATIONS, _View(states, _total), created),
        OPERATION_ERRORS.name: Family(OPERATION_ERRORS, _View(states, _errors), created),
        duration.name: Family(duration, _View(states, _duration), created),
        OPERATIONS_IN_PROGRESS.name: Family(OPERATIONS_IN_PROGRESS, _View(states, _in_progress)),
    }


def _total(state: OperationState) -> Iterable[_Pair]:
    labels, finished, _, _, _, _ = state
    return ((labels, float(finished)),)


def _in_progress(state: OperationState) -> Iterable[_Pair]:
    labels, _, in_progress, _, _, _ = state
    return ((labels, in_progress),)


def _errors(state: OperationState) -> Iterable[_Pair]:
    labels, _, _, errors, _, _ = state
    return [
        ((*labels, error_type, str(ERROR_TYPES[error_type].fault)), float(count))
        for error_type, count in errors.items()
    ]


def _duration(state: OperationState) -> Iterable[_Pair]:
    labels, _, _, _, exemplars, duration = state
    return ((labels, duration.value(exemplars)),)
