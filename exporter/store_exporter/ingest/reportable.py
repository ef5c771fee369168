"""Decides which stores an application may report; what was reported of others is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..config.model.org import OrgSection
from ..metrics.guard import OTHER
from ..stores.model import Store


def reportable(
    orgs: Mapping[str, OrgSection], stores: Iterable[Store], owners: Mapping[str, str]
) -> Callable[[tuple[str, str, str]], bool]:
    """Return a predicate: whether operations of a store can still be reported.

    Args:
        orgs: the tenants.
        stores: all watched stores, in whichever process.
        owners: the org by domain, for domains that sources named and may name again.

    Returns:
        A function of the store's org, domain and platform.
    """
    platforms = {(store.org, store.domain): store.platform for store in stores}

    def is_reportable(labels: tuple[str, str, str]) -> bool:
        org, domain, platform = labels
        section = orgs.get(org)
        if OTHER in (org, domain) or section is None:
            return org == OTHER or section is not None
        known = platforms.get((org, domain))
        if known is not None:
            return platform == known
        return section.unknown_domains == "accept" or owners.get(domain) == org

    return is_reportable
