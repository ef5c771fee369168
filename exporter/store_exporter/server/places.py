"""Limits on the number of concurrent requests of one kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class FullError(Exception):
    """No place is free.

    Attributes:
        own: whether this client's limit is reached, and not the common limit.
    """

    def __init__(self, *, own: bool) -> None:
        super().__init__("too many at the same time")
        self.own = own


class Places:
    """Places that requests occupy while they run.

    Args:
        most: maximum in total.
        each: maximum for one client; `most` by default.
    """

    def __init__(self, most: int, each: int | None = None) -> None:
        self._most = most
        self._each = most if each is None else each
        self._occupied = Counter[str]()

    @contextmanager
    def occupied(self, client: str = "") -> Iterator[None]:
        """Occupy a place until the block ends.

        Raises:
            FullError: none is free.
        """
        if self._occupied[client] >= self._each:
            raise FullError(own=True)
        if self._occupied.total() >= self._most:
            raise FullError(own=False)
        self._occupied[client] += 1
        try:
            yield
        finally:
            self._occupied[client] -= 1
            if not self._occupied[client]:
                del self._occupied[client]
