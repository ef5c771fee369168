"""The stores that a request names, which must be those of the requesting org."""

from __future__ import annotations

from ...stores.model import Store
from ..endpoints import ApiError
from ..exporter import Exporter


def store_of(exporter: Exporter, org: str, domain: str) -> Store:
    """Return an org's store of a domain.

    Raises:
        ApiError: 404, it has none; a store of another org is like one that is not there.
    """
    store = exporter.inventory.find(org, domain)
    if store is None:
        raise ApiError(404, "there is no store of this domain")
    return store


def watched_store(exporter: Exporter, org: str, domain: str) -> Store:
    """Return an org's store of a domain, which this process watches.

    Raises:
        ApiError: 404, it has none; 421, another process watches it.
    """
    store = store_of(exporter, org, domain)
    if not exporter.watching.watches(store):
        raise ApiError(421, "another exporter watches this store at the moment; ask that one")
    return store
