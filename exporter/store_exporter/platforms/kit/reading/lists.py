"""Raw lists, read even if single items are broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from ....errors import StoreError
from ....spec.results import Listing
from .fields import Fields

T = TypeVar("T")
L = TypeVar("L", bound=Listing[Any])


@dataclass(slots=True)
class Rows:
    """The raw items of a list.

    Attributes:
        items: raw items; each id once.
        total: how many items the list has, if the store says so.
        complete: whether the end, or the requested number of items, was reached.
    """

    items: list[Any] = field(default_factory=list)
    total: int | None = None
    complete: bool = True

    def listing(self, what: str, read: Callable[[Fields], T]) -> Listing[T]:
        """Read each item; see `listing`."""
        return listing(self.items, what, read, total=self.total, complete=self.complete)

    def objects(self, what: str) -> Iterator[Fields]:
        """Yield the items that are objects, to search among them.

        Raises:
            StoreError: invalid_response, the store counts items and sent none of them.
        """
        if self.total and not self.items:
            message = f"{what}: the store counts {self.total} in a list, but sent none"
            raise StoreError("invalid_response", message)
        for index, item in enumerate(self.items):
            if isinstance(item, Mapping):
                yield Fields.row(item, what, index)

    def fields(self, what: str) -> list[Fields]:
        """Return the items; raise invalid_response if one of them is not an object."""
        return [Fields.row(item, what, index) for index, item in enumerate(self.items)]

    def whole(self, what: str) -> Rows:
        """Return the list if it has all its items.

        Raises:
            StoreError: response_too_large, the end was not reached; invalid_response, it ended
                before its own total.
        """
        if not self.complete:
            raise StoreError("response_too_large", f"there are more than {len(self.items)} {what}")
        if self.total is not None and len(self.items) < self.total:
            message = f"the store has {self.total} {what}, but sent {len(self.items)}"
            raise StoreError("invalid_response", message)
        return self


def page_of(found: Listing[T], number: int, size: int) -> Listing[T]:
    """Return a page, numbered from 1, of a list that was read at least to the end of that page."""
    items = found.items[(number - 1) * size : number * size]
    if found.total is None:
        more = len(found.items) > number * size or None
        return replace(found, items=items, page=number, more=more)
    pages = max(1, -(-found.total // size))
    return replace(found, items=items, page=number, pages=pages, more=number < pages)


def extended(kind: Callable[..., L], page: Listing[Any], **members: Any) -> L:
    """Return a list as a kind of list that has further members."""
    return kind(**{each.name: getattr(page, each.name) for each in fields(Listing)}, **members)


def matching(found: Listing[T], matches: Callable[[T], bool]) -> Listing[T]:
    """Return a list without items that were not requested.

    If a cache or firewall drops the query, the store sends everything.
    """
    kept = tuple(item for item in found if matches(item))
    if len(kept) == len(found):
        return found
    return replace(found, items=kept, total=None, complete=False)


def unexpected_items(path: str) -> StoreError:
    """Return the error of a list with items that were not requested, so that its count is wrong."""
    message = f"{path} returns items that were not requested: a cache or plugin drops the query"
    return StoreError("invalid_response", message)


def only_enabled(found: Listing[tuple[bool, T]]) -> Listing[T]:
    """Return the items of a list that are enabled, which is the first value of each pair."""
    kept = tuple(item for is_on, item in found if is_on)
    return Listing(kept, len(kept), found.unreadable)


def listing(
    items: Sequence[Any],
    what: str,
    read: Callable[[Fields], T],
    *,
    total: int | None = None,
    complete: bool = True,
) -> Listing[T]:
    """Read each item of a list; unreadable ones are left out and counted; see `readable`.

    Raises:
        StoreError: invalid_response, none of them can be read.
    """
    found, failures = readable(items, what, read)
    return Listing(tuple(found), total, len(failures), complete)


def readable(
    items: Iterable[Any], what: str, read: Callable[[Fields], T]
) -> tuple[list[T], list[StoreError]]:
    """Return the same as `partly_read`.

    Raises:
        StoreError: none of the items can be read.
    """
    found, failures = partly_read(items, what, read)
    if failures and not found:
        raise failures[-1]
    return found, failures


def partly_read(
    items: Iterable[Any], what: str, read: Callable[[Fields], T]
) -> tuple[list[T], list[StoreError]]:
    """Return the readable items of a list, and the reasons why others cannot be read."""
    found: list[T] = []
    failures: list[StoreError] = []
    for index, item in enumerate(items):
        try:
            row = item if isinstance(item, Fields) else Fields.row(item, what, index)
            found.append(read(row))
        except StoreError as error:
            failures.append(error)
    return found, failures
