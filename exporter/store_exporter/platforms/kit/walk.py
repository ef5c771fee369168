"""Reading a growing list by time of change, page by page, without missing or repeating. No I/O.

The list is asked for everything changed at or after a position, oldest first, and always for the
first page of that: page numbers would shift under an edit, a position does not. A page that does
not get beyond one second (an import changes hundreds of orders at once) is followed by that
second alone, sorted by id and numbered; when its size changes meanwhile, it is read again.

A pass is one or more runs until the end is reached. The next pass begins where this one ended,
but not after the time at which the one before began, less an overlap: what changed while a pass
went by, what was written late, what a store stamped after its clock was set back, and what hid
behind a record of the future is read then.

Positions are times of the store's clock, whole Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Query:
    """What to ask for next.

    Attributes:
        since: changed at or after this Unix time, oldest change first.
        until: changed at or before this Unix time as well, sorted by id; None for no end.
        page: number of the page, from 1; above 1 only together with `until`.
    """

    since: int
    until: int | None = None
    page: int = 1


@dataclass(slots=True)
class Walk:
    """Where the reading stands.

    Attributes:
        position: everything changed before this Unix time has been read.
        newest: the latest time of change seen.
        started: when this pass began, in Unix seconds of our clock.
        previous: when the pass before it began.
        caught_up: whether the pass is over.
        second_page: pages read of the second at `position` alone; 0 when not in it.
        second_total: how many records that second had at its first page.
        backlog: records still to read, as far as the last answer told; 0 when caught up.
    """

    position: int
    newest: int = 0
    started: int = 0
    previous: int = 0
    caught_up: bool = False
    second_page: int = 0
    second_total: int = 0
    backlog: int = 0

    def begin(self, now: float, overlap: int) -> None:
        """Begin a run: the next one of a pass, or a pass that starts `overlap` seconds back."""
        if not self.started or self.caught_up:
            self.previous = self.started or int(now)
            self.started = int(now)
            self.position = max(0, self.position - overlap)
            self.caught_up = False

    def query(self) -> Query:
        """Return what to ask for next."""
        if self.second_page:
            return Query(self.position, self.position, self.second_page)
        return Query(self.position)

    def advance(self, changed: Sequence[int], total: int | None, size: int) -> bool:
        """Take in the page that `query` asked for, once its records are in the ledger.

        Args:
            changed: times of change of the page's records, in its order.
            total: how many records the store says match; None when it does not say.
            size: records that the page was asked to hold at most.

        Returns:
            Whether there is more to read.
        """
        if self.second_page:
            return self._advance_in_second(len(changed), total, size)
        self.newest = max(self.newest, *changed) if changed else self.newest
        # A page may be short of records that the key must not see, so the total decides.
        last = total <= size if total is not None else len(changed) < size
        if last or not changed:
            self.position = max(self.position, changed[-1]) if changed else self.position
            self.caught_up = True
            self.backlog = 0
            return False
        self.backlog = total - len(changed) if total is not None else len(changed)
        if changed[-1] > self.position:
            self.position = changed[-1]
        else:
            self.second_page, self.second_total = 1, 0
        return True

    def _advance_in_second(self, count: int, total: int | None, size: int) -> bool:
        if self.second_page > 1 and total is not None and total != self.second_total:
            self.second_page = 1
            return True
        self.second_total = total or 0
        read = self.second_page * size
        if count and (read < total if total is not None else count == size):
            self.second_page += 1
            return True
        self.second_page = self.second_total = 0
        self.position += 1
        return True

    def settle(self, now: float, server: float | None = None) -> None:
        """End a run: set the place where the next pass begins, if this one is over.

        Args:
            now: our clock, in Unix seconds.
            server: the store's clock, as its answers tell it.
        """
        if not self.caught_up:
            return
        reference = now
        if server is not None:
            # More than a day apart, one of them is nonsense, and that is nearly always the one
            # that restarted in 1970.
            reference = server if abs(server - now) <= DAY else max(server, now)
        before = self.previous + int(reference - now)
        self.position = max(0, min(max(self.newest, self.position), before))

    def read_again_from(self, overlap: int) -> int:
        """Return the time of change from which on records may come by again."""
        return min(self.position, self.previous) - overlap

    def to_document(self) -> dict[str, Any]:
        """Return the walk as JSON types."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Walk:
        """Return the walk that `to_document` described.

        Raises:
            ValueError: it is not such a document.
        """
        try:
            walk = cls(**document)
        except TypeError as error:
            raise ValueError(f"not a walk: {error}") from error
        if not all(isinstance(value, int) for value in asdict(walk).values()):
            raise ValueError("not a walk: a value is not a number")
        return walk
