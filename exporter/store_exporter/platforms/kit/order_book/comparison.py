"""Finds orders that a lagging search does not show, in the store's list, which is not a search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ....errors import StoreError
from ....net.plans import Plan
from ..reading.fields import Fields

if TYPE_CHECKING:
    from .cursor_book import CursorBook

_PAGE = 100
_READ_ALONE = 10
"""The most orders that one run requests because the search does not show them."""
_JUST_NOW = 2
"""Seconds after a change in which another one may have the same time."""
_MOST_AWAITED = 10_000
"""With this many missing orders, a comparison waits until some of them are read."""


@dataclass(slots=True)
class Comparison:
    """How far the store's list has been compared with the orders read.

    Attributes:
        compared: changes up to this Unix time have been compared.
        newest: the latest change when the current comparison began.
        after: cursor at which it continues; None if it is over.
        awaited: orders not read in the state that the list showed, with their times of change.
        again: orders read in the second of their change, with that time. They are read once more,
            because they may have changed again in that second.
    """

    compared: int
    newest: int = 0
    after: str | None = None
    awaited: dict[str, int] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)

    def note_reading(self, order_id: str, changed: int, now: int) -> None:
        """Note an order that was read just after it changed: it may change again in that second."""
        if abs(changed - now) <= _JUST_NOW:
            self.again[order_id] = changed
        elif self.again.get(order_id, 0) <= changed:
            self.again.pop(order_id, None)


def compare(book: CursorBook[Any]) -> Plan[None]:
    """Read orders that an earlier run missed and the search still hides; note those missed now.

    Raises:
        StoreError: from the requests; the next run restarts the comparison.
    """
    state = book.place.comparison
    for kind, later in ((state.awaited, 0), (state.again, 1)):
        for order_id in [one for one, at in kind.items() if book.is_read(one, at + later)]:
            del kind[order_id]
    # The search may have shown what is awaited in this run, too, but as it was before.
    due = [(state.awaited, order_id) for order_id in state.awaited]
    but = {*book.read_now, *state.awaited}
    due += [(state.again, order_id) for order_id in state.again if order_id not in but]
    book.late = max(0, len(due) - _READ_ALONE)
    for kind, order_id in due[:_READ_ALONE]:
        changed = kind.pop(order_id)
        try:
            yield from book.read_alone(order_id)
        except BaseException:
            # So that a run which its deadline ends here does not forget the order.
            kind[order_id] = changed
            raise
    if book.is_reading:
        # What was not read yet is still ahead of the pass.
        return
    try:
        yield from _compare_pages(book, state)
    except StoreError:
        state.after = None
        raise


def _compare_pages(book: CursorBook[Any], state: Comparison) -> Plan[None]:
    now = int(book.run.now())
    for _ in range(book.options.pages):
        if len(state.awaited) + len(state.again) >= _MOST_AWAITED:
            return
        page = yield from book.changes(_PAGE, state.after)
        times = []
        for node in page.items:
            try:
                row = Fields(node, "order")
                order_id, changed = book.id_of(row), row.seconds(book.changed_at)
                counts = book.counts(row)
            except StoreError:
                # The pass reports what cannot be read.
                continue
            times.append(changed)
            if counts and not book.is_read(order_id, changed):
                state.awaited[order_id] = changed
        if state.after is None:
            # What shows a time in the future must not hide what changes until then.
            state.newest = min(max(times, default=0), now)
        state.after = page.after
        floor = state.compared - book.options.overlap
        if page.after is None or min(times, default=floor) < floor:
            state.compared, state.after = max(state.compared, state.newest), None
            return
