"""Facts beside those that were requested: what makes no sense is None, and reported by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from ....errors import StoreError
from .fields import Fields

P = ParamSpec("P")
T = TypeVar("T")


class Secondary:
    """Reads the facts of one result that nobody requested by themselves.

    A result has what its operation is for, which is read strictly, and much that goes with
    it: the end of a sale beside a price, a line beside an order. Such a fact never fails the
    result. It is None, or a line is left out, and its name is among `unreadable`.
    """

    __slots__ = ("_unreadable",)

    def __init__(self) -> None:
        self._unreadable: dict[str, None] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of the facts that could not be read, each once."""
        return tuple(self._unreadable)

    def read(self, name: str, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what a strict reader gives, or None where it raises.

        Args:
            name: that the fact has in the result.
            ask: the reader, such as a method of `Fields`.
            args: of the reader.
            kwargs: of the reader.
        """
        try:
            return ask(*args, **kwargs)
        except StoreError:
            self._unreadable[name] = None
            return None

    def rows(self, name: str, items: Iterable[Any] | None, read: Callable[[Fields], T]) -> list[T]:
        """Return the rows that can be read of a list, such as one that `read` gave.

        Args:
            name: that the list has in the result.
            items: the rows as they came; None for none.
            read: reads a row strictly.
        """
        found: list[T] = []
        for index, item in enumerate(items or ()):
            try:
                found.append(read(Fields.row(item, name, index)))
            except StoreError:
                self._unreadable[name] = None
        return found
