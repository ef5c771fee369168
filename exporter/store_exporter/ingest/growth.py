"""What is saved of series that grow: mostly what was added, now and then their totals.

The totals of a series take ten times as long to work out and to write as what a batch adds to it.
So a save writes what was added, and totals only of series of which the file has none, or whose
additions have been kept for `MOST_ADDED` saves. The recorder adds up when somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import itemgetter

from ..metrics.addition import Addition, Standing, Totals
from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder
from .ledger import MOST_ADDED
from .saved import AddedRow, Row, SavedSeries, added_row, row
from .turns import in_turns


@dataclass(slots=True)
class _Held:
    """What the file has of a series, in totals and additions.

    Attributes:
        standing: of the series as it is there.
        errors: error types of which the totals know since when they are counted.
        size: no count of it, and no sum of seconds, is more.
    """

    standing: Standing
    errors: AbstractSet[str]
    size: float


@dataclass(slots=True)
class Plan:
    """What one save is to write.

    Attributes:
        rows: totals of series.
        added: what is added to others.
        before: how each series stood before it grew.
        totals: of those in `rows` that grow, before and after.
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
        # Series whose totals are older than their additions: since which save, oldest first.
        self._behind: dict[OperationHandle, int] = {}

    def restore(self, found: Iterable[SavedSeries]) -> None:
        """Go on from what the file has, when the recorder has it too."""
        behind = [(series.behind, series) for series in found if series.behind is not None]
        for number, series in sorted(behind, key=itemgetter(0)):
            handle = self._recorder.operation(*series.labels)
            if handle.labels == series.labels:  # and not what it is counted in beyond a limit
                errors, size = series.totals.errors.keys(), series.totals.size
                self._held[handle] = _Held(handle.standing, errors, size)
                self._behind[handle] = number

    def size(self, handle: OperationHandle) -> float:
        """Return what no count of a series, and no sum of its seconds, exceeds."""
        held = self._current(handle)
        return self._recorder.totals(handle).size if held is None else held.size

    def has_grown(self, handle: OperationHandle, plan: Plan) -> bool:
        """Whether a series is another than it was planned for, as one is that began anew."""
        return handle.standing != plan.before[handle]

    async def plan(
        self, growing: Mapping[OperationHandle, Addition], number: int, now: float
    ) -> Plan:
        """Plan a save.

        Args:
            growing: what is added to series.
            number: of the save.
            now: Unix time.
        """
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
        """Note that a plan was saved.

        Args:
            plan: of this save.
            growing: what was added to series.
            sizes: of these series with it.
            number: of the save.
        """
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
        """Return the totals of all series of which the file has older ones and additions."""
        return [
            row(handle.labels, self._recorder.totals(handle))
            for handle in self._behind
            if self._goes_on(handle)
        ]

    def _goes_on(self, handle: OperationHandle) -> bool:
        """Whether a series of which the file has something has not begun anew since."""
        return self._held[handle].standing[0] == handle.created

    def _current(self, handle: OperationHandle) -> _Held | None:
        """Return what the file has of a series, unless the series stands elsewhere.

        Where another thread adds the series up in this moment it may be None, too: then its totals
        are saved, which is always right.
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
