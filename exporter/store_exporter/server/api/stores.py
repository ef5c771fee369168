"""Look-ups of the stores that a request names; only the requesting org's stores are found."""

from __future__ import annotations

from ...stores.model import Store
from ..endpoints import ApiError
from ..exporter import Exporter


def store_of(exporter: Exporter, org: str, domain: str) -> Store:
    """Return an org's store of a domain.

    Raises:
        ApiError: 404, the org has no such store; another org's store is treated as absent. 503, its
            source has not responded yet.
    """
    store = exporter.inventory.find(org, domain)
    if store is None and exporter.awaits(org, domain.lower()):
        message = "the source that named this store has not responded yet"
        raise ApiError(503, message, {"Retry-After": "5"})
    if store is None:
        raise ApiError(404, "there is no store of this domain")
    return store


def watched_store(exporter: Exporter, org: str, domain: str) -> Store:
    """Return an org's store of a domain, which this process watches.

    Raises:
        ApiError: 404, the org has no such store; 421, another process watches it.
    """
    store = store_of(exporter, org, domain)
    if not exporter.watching.watches(store):
        raise ApiError(421, "another exporter watches this store at the moment; ask that one")
    return store
