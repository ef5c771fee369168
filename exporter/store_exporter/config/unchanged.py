"""Reuses, at a reload, the stores whose entries have not changed.

At each reload nearly all of thousands of entries are unchanged, and need not be validated again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..platforms.base import Platform
from ..stores.model import Store
from .model.org import OF_STORES


class UnchangedStores:
    """The stores of a valid configuration.

    Args:
        before: the content of its file.
        stores: its stores, in the order of the file.
        data: the content of the next file. If its `defaults`, or the keys of orgs that stores
            start from, have changed, no store is reused.
        changes: references to secrets, and paths, whose content has changed.
    """

    def __init__(
        self,
        before: Mapping[str, Any],
        stores: Sequence[Store],
        data: Mapping[str, Any],
        changes: set[str],
    ) -> None:
        self._changes = changes
        self._entries: dict[str, tuple[Any, Store]] = {}
        defaults, orgs = before.get("defaults"), _of_orgs(data)
        same = defaults == data.get("defaults") and _of_orgs(before) == orgs
        if same and not any(map(self._depends, (defaults, *orgs))):
            items = before.get("stores") or ()
            pairs = zip(items, stores, strict=True)
            self._entries = {store.domain: (item, store) for item, store in pairs}

    def store(self, item: Any, platform: Platform) -> Store | None:
        """Return the store of an entry that is equal to the previous one, with the same secrets."""
        domain = item.get("domain")
        before, store = self._entries.get(domain if isinstance(domain, str) else "", (None, None))
        if item != before or self._depends(item) or platform.unusable:
            return None
        return store

    def _depends(self, keys: Any) -> bool:
        """Whether keys refer to a secret or path whose content has changed."""
        return bool(self._changes) and any(text in self._changes for text in texts_of(keys))


def texts_of(value: Any) -> Iterator[str]:
    """Yield all strings of keys, nested keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


def _of_orgs(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = data.get("orgs")
    rows = (each for each in items if isinstance(each, dict)) if isinstance(items, list) else ()
    found = ({key: row[key] for key in ("org", *OF_STORES) if key in row} for row in rows)
    return [keys for keys in found if keys.keys() != {"org"}]
