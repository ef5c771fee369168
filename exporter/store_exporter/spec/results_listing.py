"""A page of a list: the result of every operation that lists things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A page of the requested list, in the store's order.

    Attributes:
        items: the entries of this page.
        total: number of entries in the store; None if the store does not say, or does not send all
            of those that it counts.
        unreadable: number of entries left out because the store sent them broken.
        complete: False if the exporter stopped reading at one of its limits, or the store sent none
            of the entries that it counts, so that entries may be missing from `items`.
        page: number of this page, from 1.
        pages: number of pages of this size; None if `total` is not known.
        more: whether another page follows; None if that is not known.
        ignored: names of parameters that the platform cannot use; they had no effect.
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
