"""Reads a growing list by time of change, page by page, without gaps or repetitions. No I/O.

docs/architecture/orders.md explains what is requested, when the end is reached, and where the next
pass begins. Positions are times of the store's clock, in whole Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

DAY = 86_400
_SMALLEST_PAGE = 10
"""A store that cuts its pages below this size, and counts only their records, is not detected."""
_MOST_EXCLUDED = 300
_MOST_UNREAD = 100


@dataclass(frozen=True, slots=True)
class WalkQuery:
    """What to request next.

    Attributes:
        since: changed at or after this Unix time, oldest change first.
        until: changed at or before this Unix time as well, sorted by id; None for no end.
        page: number of the page, from 1.
        exclude: ids of records to leave out.
    """

    since: int
    until: int | None = None
    page: int = 1
    exclude: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """The place of the reading.

    Attributes:
        position: everything changed before this Unix time has been read.
        newest: the latest time of change seen.
        seen: when the run ended that saw it, in Unix seconds of our clock; 0 until then.
        started: when this pass began, in Unix seconds of our clock.
        previous: when the pass before it began.
        caught_up: whether the pass is over.
        second: whether the second at `position` is read alone.
        page: number of the page to request; above 1 in that second, and if times are missing.
        size: number of records on a page, to which that number applies.
        total: number of records when the first page was read; None if the store did not say.
        received: ids of the records on the pages from the first to this one.
        numbered: whether the store honours page numbers.
        backlog: records still to read, by the last response; 0 when caught up.
        came_from: the position before this one.
        expected: the least number of records at the position, by the previous response; None if it
            did not say.
        unread: ranges of times of change, from the first second to the last, in which the store
            counts records that it does not show, with their number; they were skipped.
    """

    position: int
    newest: int = 0
    seen: int = 0
    started: int = 0
    previous: int = 0
    caught_up: bool = False
    second: bool = False
    page: int = 1
    size: int = 0
    total: int | None = None
    received: list[str] = field(default_factory=list)
    numbered: bool = True
    backlog: int = 0
    came_from: int = 0
    expected: int | None = None
    unread: list[tuple[int, int, int]] = field(default_factory=list)

    def begin(self, now: float, overlap: int, floor: int = 0) -> None:
        """Begin a run: the next one of a pass, or a pass that starts `overlap` seconds back.

        `now` is our clock in Unix seconds, `floor` one beyond which a pass does not go back.
        """
        self.expected = None
        if not self.started or self.caught_up:
            # A position before the latest change says that a clock is wrong.
            is_over = 0 < self.seen <= self.started - overlap and self.position >= self.newest
            begin = self.newest + 1 if is_over else self.position - overlap
            self.position = max(0, begin, min(self.position, floor))
            self.previous = self.started or int(now)
            self.started = int(now)
            self.caught_up = False

    def query(self, size: int) -> WalkQuery:
        """Return what to request next.

        With another size of a page than before the numbers of pages begin anew.
        """
        if self.page > 1 and self.size != size:
            self._leave(self.position, second=self.second)
        self.size = size
        until = self.position if self.second else None
        if not self.numbered:
            return WalkQuery(self.position, until, exclude=tuple(self.received[-_MOST_EXCLUDED:]))
        return WalkQuery(self.position, until, self.page)

    def advance(self, ids: Sequence[str], changed: Sequence[int], total: int | None) -> bool:
        """Add the page that `query` requested, after its records are in the ledger.

        Args:
            ids: ids of the page's records; another text for a record without a readable one,
                which counts as not shown.
            changed: times of change of the records that have one, in the page's order.
            total: number of matching records by the store; None if it does not say.

        Returns:
            Whether there is more to read.
        """
        if self.page > 1 and self.numbered and total != self.total and (ids or total):
            # Records were added or changed meanwhile, so they are on other pages now. A store
            # may count none beyond its last page.
            self._leave(self.position, second=self.second)
            return True
        lacks = 0
        if self.page == 1 and self.numbered:
            self.total = total
            # Some stores state zero on pages with records; an empty page states it by itself.
            stated = total or (None if ids else 0)
            if self.expected is not None and stated is not None:
                lacks = max(0, self.expected - stated)
            if lacks and self.second:
                self._note_unread(self.position, self.position, lacks)
            elif lacks and ids:
                self._note_unread(self.came_from, self.position - 1, lacks)
            self.expected = None
            if lacks and not (ids or self.second):
                # The next run requests it again.
                self.backlog = lacks
                return False
        known = set(self.received)
        named = (one if one.isdigit() else f"{one}.{self.page}" for one in ids)
        new = [one for one in dict.fromkeys(named) if one not in known]
        self.received += new
        left = (self.total or 0) - self._shown
        if self.second:
            if ids and left and self._turn_page(new):
                return True
            if (lost := max(left, self._nameless)) > 0:
                self._note_unread(self.position, self.position, lost)
            self._leave(self.position + 1)
            return True
        return self._advance_open(ids, changed, new, left)

    @property
    def _shown(self) -> int:
        """The number of records received whose ids could be read."""
        return sum(map(str.isdigit, self.received))

    @property
    def _nameless(self) -> int:
        """The number of records received without a readable id."""
        return len(self.received) - self._shown

    @property
    def hidden(self) -> int:
        """The number of records that the store counts but does not show."""
        return sum(left for _, _, left in self.unread)

    def look_again(self) -> tuple[int, int] | None:
        """Return a range of seconds in which records were not shown; None without any."""
        return self.unread[0][:2] if self.unread else None

    def looked_again(self, left: int) -> None:
        """Note how many records are still not shown there; other ranges come first now."""
        since, until, _ = self.unread.pop(0)
        if left > 0:
            self._note_unread(since, until, left)

    def unread_too(self, ranges: Iterable[tuple[int, int, int]]) -> None:
        """Note the ranges in which another walk was not shown all records; see `unread`."""
        for since, until, left in ranges:
            self._note_unread(since, until, left)

    def _note_unread(self, since: int, until: int, left: int) -> None:
        """Note a range of times once; ranges that overlap are merged.

        If too many ranges are noted, the nearest one is merged with this one.
        """
        met = [one for one in self.unread if one[0] <= until and since <= one[1]]
        if not met and len(self.unread) >= _MOST_UNREAD:
            met = [min(self.unread, key=lambda one: max(one[0] - until, since - one[1]))]
            left += met[0][2]
        for known in met:
            self.unread.remove(known)
            since, until = min(since, known[0]), max(until, known[1])
            left = max(left, known[2])
        self.unread.append((since, until, left))

    def _advance_open(
        self, ids: Sequence[str], changed: Sequence[int], new: Sequence[str], left: int
    ) -> bool:
        if (newest := max(changed, default=0)) > self.newest:
            self.newest, self.seen = newest, 0
        self.backlog = max(1, left)
        count, latest = self._shown, changed[-1] if changed else self.position
        # Where the store states a total, the following pages show it.
        lost = self._nameless if not self.total else left if not ids else 0
        if lost > 0:
            until = latest if changed else self.started
            self._note_unread(self.position, max(self.position, until), lost)
        if not ids or (not left and (count < _SMALLEST_PAGE or latest <= self.position)):
            self._leave(max(self.position, latest))
            self.caught_up, self.backlog = True, 0
            return False
        if latest > self.position:
            before = count - sum(when >= latest for when in changed)
            came_from, expected = self.position, None if not self.total else self.total - before
            self._leave(latest)
            self.came_from, self.expected = came_from, expected
        elif changed:
            self._leave(self.position, second=True)
            self.expected = count
        elif not self._turn_page(new):
            self._leave(self.position)
            return False
        return True

    def _turn_page(self, new: Sequence[str]) -> bool:
        """Continue with the next page, or without page numbers, with records not yet received."""
        if new:
            self.page += self.numbered
        elif self.numbered:
            self.numbered = False
        else:
            return False
        return True

    def _leave(self, position: int, *, second: bool = False) -> None:
        self.position, self.second = position, second
        self.page, self.total, self.received, self.numbered = 1, None, [], True

    def settle(self, now: float, server: float | None = None) -> None:
        """End a run: set the place where the next pass begins, if this one is over.

        `now` is our clock in Unix seconds, `server` the store's, as its responses show it.
        """
        self.seen = self.seen or int(now)
        if not self.caught_up:
            return
        reference = now
        if server is not None:
            # If they differ by more than a day, one of them is wrong: nearly always the one that
            # restarted in 1970.
            reference = server if abs(server - now) <= DAY else max(server, now)
        before = self.previous + int(reference - now)
        self.position = max(0, min(max(self.newest, self.position), before))

    def read_again_from(self, overlap: int) -> int:
        """Return the time of change from which records may be read again."""
        return min(self.position, self.previous) - overlap
