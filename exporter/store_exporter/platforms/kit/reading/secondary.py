"""Reads secondary facts of a result: unreadable ones are None, and reported by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from ....errors import StoreError
from .fields import Fields

P = ParamSpec("P")
T = TypeVar("T")


class Secondary:
    """Reads the secondary facts of one result.

    The main facts of a result, for which its operation exists, are read strictly. Secondary facts
    are, for instance, the end of a sale with a price, or a line of an order. Such a fact never
    fails the result: it is None, or the line is left out, and its name is in `unreadable`.
    """

    __slots__ = ("_unreadable",)

    def __init__(self) -> None:
        self._unreadable: dict[str, None] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of the facts that could not be read, each once."""
        return tuple(self._unreadable)

    def read(self, name: str, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return the value of a strict reader, such as a method of `Fields`, or None if it raises.

        `name` is what the result calls the fact; the other arguments are the reader's.
        """
        try:
            return ask(*args, **kwargs)
        except StoreError:
            self._unreadable[name] = None
            return None

    def rows(self, name: str, items: Iterable[Any] | None, read: Callable[[Fields], T]) -> list[T]:
        """Return the readable rows of a list, such as one that `read` returned."""
        found: list[T] = []
        for index, item in enumerate(items or ()):
            try:
                found.append(read(Fields.row(item, name, index)))
            except StoreError:
                # At once, because the rows after it may note facts of their own.
                self._unreadable[name] = None
        return found
