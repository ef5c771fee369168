"""The addresses that a run may reach: only those of its store."""

from __future__ import annotations

from contextlib import suppress

from ..errors import StoreError
from ..net.redirects import Origin, origin
from ..stores.model import Store


def origins(store: Store) -> frozenset[Origin]:
    """Return the origins of a store: its url, its domain over https, and the URLs in its settings.

    Invalid URLs are ignored, so they cannot be reached.
    """
    settings = (value for value in store.settings.values() if isinstance(value, str))
    urls = [value for value in settings if value.startswith(("https://", "http://"))]
    found = set()
    for url in (store.url, f"https://{store.domain}", *urls):
        with suppress(StoreError):
            found.add(origin(url))
    return frozenset(found)
