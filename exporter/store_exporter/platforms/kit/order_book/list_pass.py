"""A pass over a list of orders by its cursors, and its place over several runs. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ....errors import StoreError
from ..graphql.documents import NodePage
from .comparison import Comparison

_LOOKED_FOR = 3_600
"""Seconds for which orders without an id are read again."""
_MOST_OF_PASS = 20_000
"""Orders after which a pass continues by date, because a platform may end a list after 25,000."""
_MOST_NAMELESS = 100
"""The most such orders that are read again; further ones are given up at once."""


@dataclass(slots=True)
class Nameless:
    """An order without an id.

    Attributes:
        changed: when it last changed; without a time, the last change on the page before.
        since: when it was first found, by our clock.
        is_new: whether no earlier pass found it.
        is_met: whether the current pass has found it.
        is_given_up: whether passes begin after it anyway.
    """

    changed: int
    since: int
    is_new: bool = True
    is_met: bool = True
    is_given_up: bool = False


@dataclass(slots=True)
class Pass:
    """The place of a pass.

    Attributes:
        begin: the pass reads orders changed at or after this Unix time.
        newest: the latest time of change seen.
        after: cursor at which the pass continues; None if it is over.
        pages: number of pages that the pass has read.
        read: number of orders on these pages.
        reached: the latest time of change on them.
        mark: a cursor of the pass that should never occur again.
        is_cut: whether there is more to read but no cursor to it.
        nameless: orders without an id, which cannot be requested again.
        given_up: how many of them had no id for an hour.
        given_up_at: when that last happened, by our clock.
        comparison: how far the store's list was compared with the orders that passes read.
    """

    begin: int
    newest: int
    after: str | None = None
    pages: int = 0
    read: int = 0
    reached: int = 0
    mark: str | None = None
    is_cut: bool = False
    nameless: list[Nameless] = field(default_factory=list)
    given_up: int = 0
    given_up_at: int = 0
    comparison: Comparison = field(default_factory=lambda: Comparison(0))

    def miss(self, changed: int | None, now: int) -> None:
        """Note that this pass read an order that shows no id; the next one reads it again.

        `changed` is None where it shows no time either; `now` is our clock.
        """
        # An order without a time is on the page after the last one that was read.
        changed = max(self.begin, self.reached if changed is None else changed)
        known = next((one for one in self.nameless if one.changed == changed), None)
        if known is not None:
            known.is_met = True
        elif len(self.nameless) < _MOST_NAMELESS:
            self.nameless.append(Nameless(changed, now))
        else:
            self._give_up(now)

    def again_from(self, begin: int, now: int) -> int:
        """Return where the next pass begins, at most `begin`: not after orders without an id.

        Orders without an id for an hour of our clock are given up.
        """
        for one in self.nameless:
            # A pass can take longer than an hour, and a pass that found it again is always needed.
            is_old = not one.is_new and now - one.since > _LOOKED_FOR
            if is_old and not one.is_given_up:
                one.is_given_up = True
                self._give_up(now)
            one.is_new = one.is_met = False
        return min([begin, *(one.changed for one in self.nameless if not one.is_given_up)])

    def end(self) -> None:
        """Note that the list was read to its end: orders not found again now have their id."""
        self.nameless = [one for one in self.nameless if one.is_met]

    def _give_up(self, now: int) -> None:
        self.given_up, self.given_up_at = self.given_up + 1, now

    def start(self, begin: int) -> None:
        """Begin a pass at a Unix time."""
        self.begin, self.pages, self.read, self.reached, self.mark = begin, 0, 0, 0, None
        self.after, self.is_cut = None, False

    def go_on(self, page: NodePage, changed: Sequence[int]) -> None:
        """Continue after a page; `changed` are the times of change of its orders.

        Without a usable cursor to the next page, the pass continues at the last of these times.

        Repeating pages would be read for ever. A single remembered cursor is enough to notice them:
        it is replaced after 1, 2, 4, 8… pages, so it is soon part of the circle (Brent's
        algorithm).

        Raises:
            StoreError: invalid_response, the page was read before, and the next pass starts again;
                or there is no cursor, and the page already begins at that time.
        """
        last = max(changed, default=0)
        if changed:
            self.reached, self.newest = last, max(self.newest, last)
        if page.after is not None and page.after == self.mark:
            self.after = None
            raise StoreError(
                "invalid_response", "the list of orders: the cursor goes back to an earlier page"
            )
        self.after, self.is_cut = page.after, False
        self.pages += 1
        if self.pages & (self.pages - 1) == 0:
            self.mark = page.after
        self.read += len(page.items)
        if last <= self.begin:
            page.checked()
        elif page.is_cut or (self.read >= _MOST_OF_PASS and page.after is not None):
            self.start(last)
            self.is_cut = True

    def to_document(self) -> dict[str, Any]:
        """Return the pass as JSON types."""
        return asdict(self)
