"""Decides what to save of series that grow: mostly their additions, now and then their totals.

The totals of a series take ten times as long to compute and to write as the addition of a batch.
So a save writes additions. It writes totals only of series that have none in the file, that have a
new error type, or whose additions have been kept for `MOST_ADDED` saves. The recorder adds up the
additions only when its figures are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import itemgetter

from ..metrics.addition import Addition, Standing, Totals
from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder
from ..turns import in_turns
from .ledger import MOST_ADDED
from .saved import AddedRow, Row, SavedSeries, added_row, row


@dataclass(slots=True)
class _Held:
    """The state of a series in the file: its totals with their additions.

    The standing is that of this state; `size` is an upper bound of counts and sum of seconds.
    """

    standing: Standing
    errors: AbstractSet[str]
    size: float


@dataclass(slots=True)
class Plan:
    """The content of one save.

    Attributes:
        rows: totals of series.
        added: additions to other series.
        before: the standing of each series before it grew.
        totals: totals before and after, for the series in `rows` that grow.
    """

    rows: list[Row] = field(default_factory=list)
    added: list[AddedRow] = field(default_factory=list)
    before: dict[OperationHandle, Standing] = field(default_factory=dict)
    totals: dict[OperationHandle, tuple[Totals, Totals]] = field(default_factory=dict)


class Growth:
    """Plans saves, and knows what earlier ones wrote."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._held: dict[OperationHandle, _Held] = {}
        # The first save with additions that the saved totals lack, by series, oldest first.
        self._behind: dict[OperationHandle, int] = {}

    def restore(self, found: Iterable[SavedSeries]) -> None:
        """Continue from the series of the file, after the recorder has restored them too."""
        behind = [(series.behind, series) for series in found if series.behind is not None]
        for number, series in sorted(behind, key=itemgetter(0)):
            handle = self._recorder.operation(*series.labels)
            if handle.labels == series.labels:  # not the series `other` beyond a limit
                errors, size = series.totals.errors.keys(), series.totals.size
                self._held[handle] = _Held(handle.standing, errors, size)
                self._behind[handle] = number

    def size(self, handle: OperationHandle) -> float:
        """Return an upper bound of a series' counts and of its sum of seconds."""
        held = self._current(handle)
        return self._recorder.totals(handle).size if held is None else held.size

    async def plan(
        self, growing: Mapping[OperationHandle, Addition], number: int, now: float
    ) -> Plan:
        """Plan a save with a number, at a Unix time."""
        plan = Plan()
        oldest = number - MOST_ADDED
        async for handle, addition in in_turns(growing.items()):
            plan.before[handle] = handle.standing
            held = self._current(handle)
            is_due = self._behind.get(handle, number) <= oldest
            if held is None or is_due or not addition.errors.keys() <= held.errors:
                before = self._recorder.totals(handle)
                after = before.plus(addition, now)
                plan.totals[handle] = before, after
                plan.rows.append(row(handle.labels, after))
            else:
                plan.added.append(added_row(handle.labels, addition))
        async for handle in in_turns(self._due(oldest)):
            if handle not in growing and self._goes_on(handle):
                plan.rows.append(row(handle.labels, self._recorder.totals(handle)))
        return plan

    def saved(
        self,
        plan: Plan,
        growing: Mapping[OperationHandle, Addition],
        sizes: Mapping[OperationHandle, float],
        number: int,
    ) -> None:
        """Note that a plan was saved."""
        for handle in self._due(number - MOST_ADDED):
            del self._behind[handle]
        for handle, addition in growing.items():
            created, ended = plan.before[handle]
            standing = created, ended + addition.finished
            if handle in plan.totals:
                errors = plan.totals[handle][1].errors.keys()
                self._held[handle] = _Held(standing, errors, sizes[handle])
                self._behind.pop(handle, None)
            else:
                held = self._held[handle]
                held.standing, held.size = standing, sizes[handle]
                self._behind.setdefault(handle, number)

    def rows_behind(self) -> list[Row]:
        """Return the totals of all series that have additions in the file to older totals."""
        return [
            row(handle.labels, self._recorder.totals(handle))
            for handle in self._behind
            if self._goes_on(handle)
        ]

    def _goes_on(self, handle: OperationHandle) -> bool:
        """Whether a series in the file has not restarted since it was saved."""
        return self._held[handle].standing[0] == handle.created

    def _current(self, handle: OperationHandle) -> _Held | None:
        """Return the state of a series in the file, or None if the series has another standing.

        It may also be None while another thread adds up the series. Then its totals are saved,
        which is always right.
        """
        held = self._held.get(handle)
        return held if held is not None and held.standing == handle.standing else None

    def _due(self, oldest: int) -> list[OperationHandle]:
        found = []
        for handle, number in self._behind.items():
            if number > oldest:
                break
            found.append(handle)
        return found
