"""The owner of a discovered domain: the org that had it first, until its sources drop it.

A source is not trusted, so it must not get a domain of another org:

- Stores of the configuration file take precedence over all sources, and so do the hosts of their
  addresses.
- A domain stays with its org until a source of that org responds without it. A failed response, or
  none since the start, drops nothing.
- A domain that several orgs supply and none has belongs to none, until only one org supplies it.
- A domain without an owner is assigned only after every source was read once, so that the result
  does not depend on the order of the responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .model import Store

REASONS = ("contested", "not_allowed", "invalid")
"""Why a discovered domain is refused; the values of the label `reason`.

contested: another org has or supplies it.
not_allowed: it is not below `domains` of its source's org, or is below those of another org.
invalid: it is not a public host name, or one of its credentials is malformed.
"""


@dataclass(frozen=True, slots=True)
class RefusedDomain:
    """A domain from a source that is not watched.

    Attributes:
        org: the source's org.
        domain: as the source wrote it, cut to a limited length; it may be any string.
        reason: one of `REASONS`.
        message: why, as the end of a sentence about the domain.
    """

    org: str
    domain: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.domain} of {self.org}: {self.message}"


@dataclass(frozen=True, slots=True)
class SourceClaim:
    """The domains from one source.

    Attributes:
        org: its org.
        stores: the allowed ones.
        refusals: the others.
        requested: whether it has been read once, with any result.
        responded: whether it has responded.
    """

    org: str
    stores: Sequence[Store] = ()
    refusals: Sequence[RefusedDomain] = ()
    requested: bool = True
    responded: bool = True

    @property
    def domains(self) -> list[str]:
        """All domains of the source, allowed or refused."""
        stores = [store.domain for store in self.stores]
        return [*stores, *(refusal.domain for refusal in self.refusals)]


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of a decision about all sources.

    Attributes:
        stores: the stores of sources that are watched.
        refusals: the refused domains.
        owners: the org of each domain that a source has or had and did not drop.
    """

    stores: Sequence[Store]
    refusals: Sequence[RefusedDomain]
    owners: Mapping[str, str]


def settle(
    owners: Mapping[str, str], configured: Iterable[Store], claims: Sequence[SourceClaim]
) -> Settlement:
    """Decide which org has which discovered domain.

    Args:
        owners: the org of each domain as of the last settlement.
        configured: the stores of the configuration file.
        claims: the domains from each source.
    """
    fixed = dict(_fixed(configured))
    orgs_of = _orgs_by_domain(claims)
    silent = {claim.org for claim in claims if not claim.responded}
    complete = all(claim.requested for claim in claims)
    after = {
        domain: org for domain, org in owners.items() if domain not in orgs_of and org in silent
    }
    why: dict[str, tuple[str | None, str]] = {}
    for domain, orgs in orgs_of.items():
        owner, message = _decide(domain, orgs, fixed, owners, silent)
        is_new = owner not in (None, owners.get(domain), fixed.get(domain))
        if is_new and not complete:
            continue
        if owner is not None and domain not in fixed:
            after[domain] = owner
        why[domain] = owner, message
    stores, refusals = [], [refusal for claim in claims for refusal in claim.refusals]
    for claim in claims:
        for store in claim.stores:
            if store.domain not in why:
                continue
            owner, message = why[store.domain]
            if owner == claim.org:
                stores.append(store)
            else:
                refusals.append(RefusedDomain(claim.org, store.domain, "contested", message))
    return Settlement(stores, refusals, after)


def _decide(
    domain: str,
    orgs: Sequence[str],
    fixed: Mapping[str, str],
    owners: Mapping[str, str],
    silent: set[str],
) -> tuple[str | None, str]:
    """Return a domain's owner, if any, and the refusals of the other orgs."""
    if domain in fixed:
        return fixed[domain], f"the configuration assigns it to the org {fixed[domain]}"
    owner = owners.get(domain)
    if owner is not None and (owner in orgs or owner in silent):
        return owner, f"the org {owner} has it"
    if len(orgs) == 1:
        return orgs[0], ""
    return None, f"the orgs {', '.join(sorted(orgs))} name it, and none has it"


def _fixed(configured: Iterable[Store]) -> Iterable[tuple[str, str]]:
    """Yield the hosts that the file assigns to an org; domains override hosts of addresses."""
    configured = list(configured)
    for store in configured:
        host = urlsplit(store.url).hostname
        if host is not None:
            yield host, store.org
    for store in configured:
        yield store.domain, store.org


def _orgs_by_domain(claims: Iterable[SourceClaim]) -> dict[str, list[str]]:
    orgs_of: dict[str, list[str]] = {}
    for claim in claims:
        for store in claim.stores:
            orgs = orgs_of.setdefault(store.domain, [])
            if claim.org not in orgs:
                orgs.append(claim.org)
    return orgs_of
