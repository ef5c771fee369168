"""Chooses the page size of a store's lists so that pages arrive in time. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ErrorName, StoreError

_OF_SIZE: tuple[ErrorName, ...] = ("timeout", "server_error", "response_too_large")
"""Error types that a page that is too large may cause: it does not arrive in time, the server stops
because of time or memory, or the response is too large."""
_LEAST = 10
"""The fewest items to which a page is reduced."""
_FAIR = 5.0
"""Seconds: an earlier timeout of ours proves nothing about the size of its page. An earlier error
of the server may, because PHP stops at once if memory is exceeded, and so may a timeout that the
server reports by a code; only a smaller page that arrives proves it."""
_AMPLE = 4
"""A page may double in size if it took a fourth of the time in which a larger one did not
arrive."""
_AGAIN = 3600.0
"""Seconds after which a larger page is tried, no matter how long smaller ones take: the store may
have been down, and most of a page's time may have nothing to do with its size."""


@dataclass(slots=True)
class _Limit:
    size: int
    too_long: float
    """Seconds after which a larger page had not arrived; 0 if it failed before `_FAIR`."""
    since: float
    """The time of the last change of the size, by a clock that never jumps."""
    too_large: int
    """Items of the page that did not arrive."""


class PageSizes:
    """The page sizes that turned out to be too large for a store, by the path of the list.

    Racing threads may, at worst, request a page that is too large once more.

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
        """Note that a page did not arrive: if it was too large, the next one has fewer items.

        Args:
            path: path of the list.
            size: number of items requested.
            error: the error of the request.
            seconds: seconds that it took.
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
        elif error.error_type == "server_error" or error.code is not None:
            self._tried[path] = _Limit(_LEAST, 0.0, now, size)

    def smaller(self, path: str, size: int, error: StoreError) -> int | None:
        """Return how many items to request after a page failed; None if fewer would not help.

        Args:
            path: path of the list.
            size: number of items requested.
            error: the error of the request, which was noted before.
        """
        size, before = self.limit(path, size), size
        return size if error.error_type in _OF_SIZE and size < before else None

    def came(self, path: str, items: int, seconds: float) -> None:
        """Note that a page arrived: after a fast full page, the next one may be larger.

        It may also be larger if the size has been the same for an hour, and up to a size that
        failed at once.

        Args:
            path: path of the list.
            items: number of items on the page.
            seconds: seconds that it took.
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
