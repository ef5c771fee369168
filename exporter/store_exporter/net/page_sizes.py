"""How large the pages of a store's lists may be, so that it sends them in time. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ErrorName, StoreError

_OF_SIZE: tuple[ErrorName, ...] = ("timeout", "server_error", "response_too_large")
"""What comes of a page that is too large: nothing in time, the error of a server that ends what
takes too much time or memory, or too much."""
_LEAST = 10
"""Items of a page that is not made smaller."""
_FAIR = 5.0
"""Seconds: a timeout that came sooner proves nothing about the size of its page. An error of the
server may, because PHP ends at once what takes too much memory; only a smaller page that comes
proves it."""
_AMPLE = 4
"""A page that took a fourth of the time in which another one did not come may be twice as large."""
_AGAIN = 3600.0
"""Seconds after which a larger page is tried whatever the smaller ones take: the store may have
been down, and most of what a page takes may have nothing to do with its size."""


@dataclass(slots=True)
class _Limit:
    size: int
    too_long: float
    """Seconds after which a larger page had not come; 0 where it failed sooner than is fair."""
    since: float
    """When the size was last changed, by a clock that never jumps."""
    too_large: int
    """Items of the page that did not come."""


class PageSizes:
    """The sizes of page that a store has shown to be too large, by the path of the list.

    Racing threads at worst request a page that is too large once more.

    Args:
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._limits: dict[str, _Limit] = {}
        # Until a page of that size comes or fails.
        self._tried: dict[str, _Limit] = {}

    def limit(self, path: str, size: int) -> int:
        """Return how many items of a list to request at once of the `size` requested."""
        known = self._tried.get(path) or self._limits.get(path)
        return size if known is None else min(size, known.size)

    def failed(self, path: str, size: int, error: StoreError, seconds: float) -> None:
        """Note that a page did not come: if it was too large, the next one has fewer items.

        Args:
            path: of the list.
            size: items that were requested.
            error: what came of it.
            seconds: that it took.
        """
        if error.error_type not in _OF_SIZE:
            return
        now = self._monotonic()
        if size <= _LEAST:
            # The size is not the cause.
            self._tried.pop(path, None)
        elif error.error_type == "response_too_large" or seconds >= _FAIR:
            self._tried.pop(path, None)
            self._limits[path] = _Limit(max(_LEAST, size // 2), seconds, now, size)
        elif error.error_type == "server_error":
            self._tried[path] = _Limit(_LEAST, 0.0, now, size)

    def smaller(self, path: str, size: int, error: StoreError) -> int | None:
        """Return how many items to request after a page failed; None where that would not help.

        Args:
            path: of the list.
            size: items that were requested.
            error: what came of it, after it was noted.
        """
        size, before = self.limit(path, size), size
        return size if error.error_type in _OF_SIZE and size < before else None

    def came(self, path: str, items: int, seconds: float) -> None:
        """Note that a page came: after a full one in little time the next one may be larger.

        So it may where the size has been the same for an hour, and up to one that failed at once.

        Args:
            path: of the list.
            items: that are on the page.
            seconds: that it took.
        """
        if (tried := self._tried.pop(path, None)) is not None:
            self._limits[path] = tried
        known, now = self._limits.get(path), self._monotonic()
        if known is None or items < known.size:
            return
        is_quick = seconds * _AMPLE <= known.too_long
        is_below = not known.too_long and known.size * 2 < known.too_large
        if is_quick or is_below or now - known.since >= _AGAIN:
            known.size, known.since = known.size * 2, now
