"""How many requests of one kind may be under way at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class FullError(Exception):
    """No place is free.

    Attributes:
        own: whether it is the asker's own places that are taken, and not those of all together.
    """

    def __init__(self, *, own: bool) -> None:
        super().__init__("too many at the same time")
        self.own = own


class Places:
    """Places that requests take while they are under way.

    Args:
        most: in all.
        each: for one asker; `most` by default.
    """

    def __init__(self, most: int, each: int | None = None) -> None:
        self._most = most
        self._each = most if each is None else each
        self._taken = Counter[str]()

    @contextmanager
    def taken(self, who: str = "") -> Iterator[None]:
        """Take a place until the block ends.

        Raises:
            FullError: there is none.
        """
        if self._taken[who] >= self._each:
            raise FullError(own=True)
        if self._taken.total() >= self._most:
            raise FullError(own=False)
        self._taken[who] += 1
        try:
            yield
        finally:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]
