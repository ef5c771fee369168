"""Finds the content in JSON that wraps it. No I/O.

Some platforms send a list as it is, with its length in headers. Others wrap it, such as in
`{"data": [...], "meta": {"pagination": {"total": 36, "total_pages": 1}}}` or in
`{"items": [...], "total_count": 36}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ..reading.fields import Fields


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How a store wraps what it sends.

    Attributes:
        items: member with the items of a list; "" if the list is all of the JSON.
        resource: member with a single resource; "" if the resource is all of the JSON.
        total: the members that lead to the number of items on all pages, outermost first.
        pages: the members that lead to the number of pages.
    """

    items: str = ""
    resource: str = ""
    total: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()

    def items_in(self, body: Any, what: str) -> Any:
        """Return the unchecked list that JSON wraps; `what` is its name in messages.

        Raises:
            StoreError: invalid_response, the JSON is no object.
        """
        return Fields(body, what).raw(self.items) if self.items else body

    def resource_in(self, body: Any, what: str) -> Any:
        """Return the single resource that JSON wraps; see `items_in`."""
        return Fields(body, what).raw(self.resource) if self.resource else body

    def size_in(self, body: Any) -> tuple[int | None, int | None]:
        """Return how many items and pages there are, None where the JSON does not say."""
        return _number(body, self.total), _number(body, self.pages)


BARE = Wrapping()
"""For lists and resources that are not wrapped."""


def _number(body: Any, members: tuple[str, ...]) -> int | None:
    found = reduce(
        lambda at, name: at.get(name) if isinstance(at, Mapping) else None, members, body
    )
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
