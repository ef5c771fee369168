"""The totals of one label set of operations, and how they are shown to a reader.

On the hot path, `OperationHandle` collects the operations that are counted here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .addition import Addition, Planned, Totals, added, filled
from .births import EVERYTHING, Look
from .exemplars import NO_EXEMPLARS, Exemplars
from .guard import Labels
from .histogram import Histogram
from .operation_families import OperationState

if TYPE_CHECKING:
    from .series import OperationSeries

_NONE: Mapping[str, int] = {}
_NEVER_BEGAN: Mapping[str, float] = {}


class _Before(NamedTuple):
    """The totals of a series before the first failure of a type.

    A scraper that gets the new error series at zero gets these totals with it, so that a failed
    call is in the total, the errors and the histogram at the same time or in none of them.

    Attributes:
        born: the time of the first look that included the new error series; None until then.
    """

    born: float | None
    finished: int
    errors: Mapping[str, int]
    histogram: Histogram


class OperationFigures:
    """The totals of one label set of operations, as of the last folding.

    Every method is called with the collection's lock held. Changes that must happen together are
    adjacent statements without a call: between these, CPython runs neither a signal handler nor
    another thread.

    Attributes:
        labels: values of org, domain, platform and operation as they are exposed.
        finished: operations that ended.
        errors: failures by error type; the mapping is replaced, never changed.
        created: Unix time at which it began to count.
    """

    __slots__ = (
        "_befores",
        "_born",
        "_errors_created",
        "_exemplars",
        "_expected",
        "_histogram",
        "_owner",
        "created",
        "errors",
        "finished",
        "labels",
    )

    def __init__(self, owner: OperationSeries, labels: Labels) -> None:
        self.labels: Labels = labels
        self._owner = owner
        self._expected = False
        self.begin()

    def begin(self) -> None:
        """Start without figures."""
        self.finished: int = 0
        self._histogram: Histogram | None = None
        self._exemplars: Exemplars = NO_EXEMPLARS
        self.errors: Mapping[str, int] = _NONE
        self._errors_created: Mapping[str, float] = _NEVER_BEGAN
        self.created: float = self._owner.clock()
        self._born: float | None = None
        self._befores: tuple[_Before, ...] = ()

    def fold(self) -> None:
        """Count what is pending; here nothing is, but a handle collects operations."""

    def expect(self) -> None:
        """Show the series at zero before its first operation: its labels are fixed in the code."""
        self._expected = True

    def failed(self, error_type: str, number: int) -> Mapping[str, int]:
        """Return the failures plus some more; keep the totals before a type's first failure."""
        errors = self.errors
        if error_type not in errors:
            self._begin_type(error_type)
        return {**errors, error_type: errors.get(error_type, 0) + number}

    def _begin_type(self, error_type: str) -> None:
        self._errors_created = {**self._errors_created, error_type: self._owner.clock()}
        befores = self._befores
        # If no look has included the stored state yet, it stays, since it is the older one. If no
        # look has included the handle, all its series are new.
        if self._born is not None and not (befores and befores[-1].born is None):
            self.fold()
            before = _Before(None, self.finished, self.errors, self._folded())
            self._befores = (*befores, before)

    def totals(self) -> Totals:
        """Return the totals."""
        self.fold()
        return Totals(
            self.finished, self.errors, self._folded(), self.created, self._errors_created
        )

    def add(self, addition: Addition, planned: Planned | None = None) -> None:
        """Count operations that began and ended elsewhere.

        The totals before and after the addition may have been computed earlier. If the series is
        still at the first, the second are used as they are.
        """
        self.fold()
        for error_type in addition.errors:
            if error_type not in self.errors:
                self._begin_type(error_type)
        if planned and planned[0][:3] == (self.finished, self.errors, self._folded()):
            errors, histogram = planned[1].errors, planned[1].histogram
        else:
            errors = added(self.errors, addition.errors)
            histogram = filled(self._folded(), addition)
        self.finished += addition.finished
        self.errors = errors
        self._histogram = histogram
        self._exemplars = self._exemplars.plus(addition, self._owner.bounds)

    def restore(self, totals: Totals, *, scraped: bool) -> None:
        """Start with the totals of an earlier process.

        Args:
            totals: what it stood at.
            scraped: whether a scraper has read the series; if not, it starts at zero.
        """
        self.finished += totals.finished
        self.errors, self._histogram = totals.errors, totals.histogram
        self.created, self._errors_created = totals.created, totals.errors_created
        self._born = -math.inf if scraped else None

    @property
    def scraped(self) -> bool:
        """Whether a scraper has read the series."""
        return self._born is not None

    def shown(self, look: Look, in_progress: int) -> OperationState | None:
        """Return the folded totals as one look shows them; None before the first operation.

        Args:
            look: the reading, with what its reader knows.
            in_progress: operations that have started and not ended.
        """
        finished, errors, histogram = self.finished, self.errors, self._histogram
        if histogram is None:
            if not (in_progress or self._expected):
                return None
            histogram = self._folded()
        exemplars = self._exemplars
        if look.known_until != EVERYTHING and (
            self._befores or self._born is None or self._born > look.known_until
        ):
            before = self._as_known(look)
            if before is not None:
                finished, histogram = before.finished, before.histogram
                exemplars = NO_EXEMPLARS
                errors = {**dict.fromkeys(errors, 0), **before.errors}
        return (
            self.labels,
            finished,
            in_progress,
            errors,
            exemplars,
            histogram,
            self.created,
            self._errors_created,
        )

    def _as_known(self, look: Look) -> _Before | None:
        """Return what to show instead of the current state if part of it is new to the reader."""
        self._befores = tuple(
            before if before.born is not None else before._replace(born=look.include(None)[0])
            for before in self._befores
            if not look.is_past(before.born)
        )
        self._born, is_news = look.include(self._born)
        if is_news:
            return _Before(self._born, 0, _NONE, self._owner.empty)
        return next((before for before in self._befores if look.include(before.born)[1]), None)

    def _folded(self) -> Histogram:
        return self._owner.empty if self._histogram is None else self._histogram
