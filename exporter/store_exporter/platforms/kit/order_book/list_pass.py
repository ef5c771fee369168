"""A pass over a list of orders by its cursors: where it stands, over several runs. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ....errors import StoreError

_LOOKED_FOR = 3_600
"""Seconds for which orders that showed no id are read again."""


@dataclass(slots=True)
class Pass:
    """Where the reading stands.

    Attributes:
        begin: the pass reads orders changed at or after this Unix time.
        newest: the latest time of change seen.
        after: cursor at which the pass goes on; None when it is over.
        pages: that the pass has read.
        read: orders on these pages.
        mark: a cursor of the pass that should never come again.
        is_cut: whether there is more to read and no cursor to it.
        missed: the Unix time from which on a pass read orders that showed no id, so that they
            cannot be asked for again; None when none are missing.
        missed_at: when that was, by our clock.
    """

    begin: int
    newest: int
    after: str | None = None
    pages: int = 0
    read: int = 0
    mark: str | None = None
    is_cut: bool = False
    missed: int | None = None
    missed_at: int = 0

    def miss(self, now: int) -> None:
        """Note that this pass read orders that show no id; the next ones read them again."""
        if self.missed is None:
            self.missed, self.missed_at = self.begin, self.missed_at or now

    def again_from(self, begin: int, now: int) -> int:
        """Return where a pass begins that should begin at a time: where orders are missing.

        It may find them whole, or it notes again that they are missing. What shows no id for an
        hour is given up.
        """
        missed, self.missed = self.missed, None
        if missed is None or now - self.missed_at > _LOOKED_FOR:
            self.missed_at = 0
            return begin
        return min(begin, missed)

    def start(self, begin: int) -> None:
        """Begin a pass at a Unix time."""
        self.begin, self.pages, self.read, self.mark = begin, 0, 0, None
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
        mark = document.get("mark")
        return cls(
            int(document["begin"]),
            int(document["newest"]),
            after,
            int(document.get("pages", 0)),
            int(document.get("read", 0)),
            mark if isinstance(mark, str) else None,
            bool(document.get("is_cut")),
            None if document.get("missed") is None else int(document["missed"]),
            int(document.get("missed_at", 0)),
        )
