"""Takes over, at a reload, the stores whose entries have not changed.

At each reload nearly all of thousands of entries are what they were. Their keys need no second
validation; only their secrets are read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..platforms.base import Platform
from ..stores.model import Store
from .secrets import SecretSource

_OUTSIDE = ("ca_file", "maintenance", "proxy_password")
"""Keys whose meaning depends on more than what stands there: on a file, and on the time."""

_TAKEN_OVER = ("lists", "proxy_url", "proxy_username", "proxy_password", "no_proxy")
"""Keys of an org that its stores start from."""


class UnchangedStores:
    """The stores of a valid configuration.

    Args:
        before: the content of its file.
        stores: its stores, in the order of the file.
        data: the content of the next file. With other `defaults`, or other keys of orgs that
            stores start from, nothing is known.
    """

    def __init__(
        self, before: Mapping[str, Any], stores: Sequence[Store], data: Mapping[str, Any]
    ) -> None:
        self._entries: dict[str, tuple[Any, Store]] = {}
        defaults = before.get("defaults")
        orgs = _of_orgs(data)
        same = defaults == data.get("defaults") and _of_orgs(before) == orgs
        if same and not any(map(_depends, (defaults, *orgs))):
            items = before.get("stores") or ()
            pairs = zip(items, stores, strict=True)
            self._entries = {store.domain: (item, store) for item, store in pairs}

    def store(self, item: Any, platform: Platform, source: SecretSource) -> Store | None:
        """Return the store of an entry that says the same as before, with the same secrets.

        Args:
            item: the entry.
            platform: its platform.
            source: where its secrets are read.
        """
        domain = item.get("domain")
        before, store = self._entries.get(domain if isinstance(domain, str) else "", (None, None))
        if store is None or item != before or _depends(item) or platform.unusable:
            return None
        for setting in platform.credentials:
            text = (item.get("credentials") or {}).get(setting.name)
            if setting.secret and text is not None:
                try:
                    secret = source.of_store(text)
                except ValueError:
                    return None
                if secret != store.credentials.get(setting.name):
                    return None
        return store


def _of_orgs(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what stores take over from their orgs, entry by entry."""
    items = data.get("orgs")
    rows = (each for each in items if isinstance(each, dict)) if isinstance(items, list) else ()
    found = ({key: row[key] for key in ("org", *_TAKEN_OVER) if key in row} for row in rows)
    return [keys for keys in found if keys.keys() != {"org"}]


def _depends(keys: Any) -> bool:
    return isinstance(keys, dict) and any(key in keys for key in _OUTSIDE)
