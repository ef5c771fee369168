"""A pass over a list of orders by its cursors: where it stands, over several runs. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ....errors import StoreError
from .comparison import Comparison

_LOOKED_FOR = 3_600
"""Seconds for which orders that showed no id are read again."""
_MOST_NAMELESS = 100
"""Such orders that are read again; further ones are given up at once."""


@dataclass(slots=True)
class Nameless:
    """An order that showed no id.

    Attributes:
        changed: when it last changed, or that of the page before where it showed no time either.
        since: when it was first met, by our clock.
        is_new: whether no earlier pass met it.
        is_met: whether the pass that goes on has met it.
        is_given_up: whether passes begin after it nevertheless.
    """

    changed: int
    since: int
    is_new: bool = True
    is_met: bool = True
    is_given_up: bool = False


@dataclass(slots=True)
class Pass:
    """Where the reading stands.

    Attributes:
        begin: the pass reads orders changed at or after this Unix time.
        newest: the latest time of change seen.
        after: cursor at which the pass goes on; None when it is over.
        pages: that the pass has read.
        read: orders on these pages.
        reached: the latest time of change on them.
        mark: a cursor of the pass that should never come again.
        is_cut: whether there is more to read and no cursor to it.
        nameless: orders that showed no id, so that they cannot be requested again.
        given_up: how many of them showed none for an hour.
        given_up_at: when that was last, by our clock.
        comparison: how far the store's list was compared with what passes read.
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
        # Without a time, it is on the page after the last one that was read.
        changed = max(self.begin, self.reached if changed is None else changed)
        known = next((one for one in self.nameless if one.changed == changed), None)
        if known is not None:
            known.is_met = True
        elif len(self.nameless) < _MOST_NAMELESS:
            self.nameless.append(Nameless(changed, now))
        else:
            self._give_up(now)

    def again_from(self, begin: int, now: int) -> int:
        """Return where the next pass begins, at most `begin`: not after orders that show no id.

        What shows none for an hour of our clock is given up.
        """
        for one in self.nameless:
            # A pass can take longer than an hour, and one that met it again is needed in any case.
            is_old = not one.is_new and now - one.since > _LOOKED_FOR
            if is_old and not one.is_given_up:
                one.is_given_up = True
                self._give_up(now)
            one.is_new = one.is_met = False
        return min([begin, *(one.changed for one in self.nameless if not one.is_given_up)])

    def end(self) -> None:
        """Note that the list was read to its end: orders that were not met again show their id."""
        self.nameless = [one for one in self.nameless if one.is_met]

    def _give_up(self, now: int) -> None:
        self.given_up, self.given_up_at = self.given_up + 1, now

    def start(self, begin: int) -> None:
        """Begin a pass at a Unix time."""
        self.begin, self.pages, self.read, self.reached, self.mark = begin, 0, 0, 0, None
        self.after, self.is_cut = None, False

    def go_on(self, after: str | None) -> None:
        """Note where the next page begins.

        Pages that come again would be read for ever. One cursor in memory is enough to notice: it
        is replaced after 1, 2, 4, 8… pages, so that it stands in the circle before long (Brent's
        algorithm).

        Raises:
            StoreError: invalid_response, the page has been read; the next pass begins anew.
        """
        if after is not None and after == self.mark:
            self.after = None
            raise StoreError(
                "invalid_response", "the list of orders: the cursor goes back to an earlier page"
            )
        self.after, self.is_cut = after, False
        self.pages += 1
        if self.pages & (self.pages - 1) == 0:
            self.mark = after

    def to_document(self) -> dict[str, Any]:
        """Return the pass as JSON types."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Pass:
        """Return the pass that was saved.

        Raises:
            ValueError: it makes no sense.
        """
        after = document["after"]
        if after is not None and not isinstance(after, str):
            raise ValueError("the cursor is not a string")
        mark, newest = document.get("mark"), int(document["newest"])
        comparison = document.get("comparison")
        return cls(
            int(document["begin"]),
            newest,
            after,
            int(document.get("pages", 0)),
            int(document.get("read", 0)),
            int(document.get("reached", 0)),
            mark if isinstance(mark, str) else None,
            bool(document.get("is_cut")),
            [
                Nameless(int(changed), int(since), *map(bool, flags))
                for changed, since, *flags in (one.values() for one in document.get("nameless", ()))
            ],
            int(document.get("given_up", 0)),
            int(document.get("given_up_at", 0)),
            Comparison.from_document(comparison) if comparison else Comparison(newest),
        )
