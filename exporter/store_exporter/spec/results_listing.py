"""Some of many: the result of every operation that lists things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Some of what was requested, in the store's order.

    Attributes:
        items: what was read.
        total: how many there are in the store, where it says so.
        unreadable: how many were left out because the store sent them broken.
        complete: False when the reading stopped at a limit of ours before it could be sure that
            nothing is missing from `items`.
        page: which page this is, from 1.
        pages: how many there are of this size; None where `total` is not known.
        more: whether another page follows; None if that is not known.
        ignored: names of parameters that the platform cannot use: the list is as without them.
    """

    items: tuple[T, ...]
    total: int | None = None
    unreadable: int = 0
    complete: bool = True
    page: int = 1
    pages: int | None = None
    more: bool | None = None
    ignored: tuple[str, ...] = field(default=(), kw_only=True)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> T:
        return self.items[index]
