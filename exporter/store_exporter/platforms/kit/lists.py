"""Reading lists of which single items may be broken. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...errors import StoreError
from ...spec.results import Listing
from .fields import Fields

T = TypeVar("T")


def listing(
    items: Sequence[Any],
    what: str,
    read: Callable[[Fields], T],
    *,
    total: int | None = None,
    complete: bool = True,
) -> Listing[T]:
    """Read each item of a list; those that cannot be read are left out and counted.

    Raises:
        StoreError: invalid_response, none of them can be read.
    """
    found: list[T] = []
    failure: StoreError | None = None
    for index, item in enumerate(items):
        try:
            found.append(read(Fields(item, f"{what}[{index}]")))
        except StoreError as error:
            failure = error
    if failure is not None and not found:
        raise failure
    return Listing(tuple(found), total, len(items) - len(found), complete)
