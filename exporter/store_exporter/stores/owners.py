"""Which org has a domain that sources of stores name: the one that had it, until it drops it.

A source is not trusted, so it must gain nothing by naming what is another org's:

- A store of the file goes before all that sources name, and so does the host of its address.
- A domain stays with the org that has it until a source of that org answers without it. An answer
  that fails, or has not come since the start, drops nothing.
- A domain that several orgs name and none has is nobody's until one org alone names it.
- A domain that no org had is given away only when every source has been asked once, so that it does
  not depend on who answers first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .model import Store

REASONS = ("contested", "not_allowed", "invalid")
"""Why a found domain is not taken; the values of the label `reason`.

contested: another org has it, or names it as well.
not_allowed: it is not below `domains` of its source's org, or is below those of another org.
invalid: it is no public host name, or a credential of it is malformed.
"""


@dataclass(frozen=True, slots=True)
class RefusedDomain:
    """A domain that a source names and that is not watched for it.

    Attributes:
        org: the source's org.
        domain: as the source wrote it, cut to a bounded length; it may be anything.
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
    """What one source names.

    Attributes:
        org: its org.
        stores: those that it may name.
        refusals: the others.
        asked: whether it has been asked once, with whatever result.
        answered: whether it has given an answer.
    """

    org: str
    stores: Sequence[Store] = ()
    refusals: Sequence[RefusedDomain] = ()
    asked: bool = True
    answered: bool = True

    @property
    def domains(self) -> list[str]:
        """All that it names."""
        stores = [store.domain for store in self.stores]
        return [*stores, *(refusal.domain for refusal in self.refusals)]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Who has what.

    Attributes:
        stores: those of the sources that are watched.
        refusals: what sources name and do not get.
        owners: the org of each domain that a source has or had and did not drop.
    """

    stores: Sequence[Store]
    refusals: Sequence[RefusedDomain]
    owners: Mapping[str, str]


def settle(
    owners: Mapping[str, str], configured: Iterable[Store], claims: Sequence[SourceClaim]
) -> Settlement:
    """Decide which org has which of the domains that sources name.

    Args:
        owners: the org of each domain as of the last settlement.
        configured: the stores of the file.
        claims: what each source names.
    """
    fixed = dict(_fixed(configured))
    orgs_of = _orgs_by_domain(claims)
    silent = {claim.org for claim in claims if not claim.answered}
    complete = all(claim.asked for claim in claims)
    after = {
        domain: org for domain, org in owners.items() if domain not in orgs_of and org in silent
    }
    why: dict[str, tuple[str | None, str]] = {}
    for domain, orgs in orgs_of.items():
        owner, message = _decide(domain, orgs, fixed, owners, silent)
        was_nobodys = owner not in (None, owners.get(domain), fixed.get(domain))
        if was_nobodys and not complete:
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
    """Yield the hosts that the file gives to an org; a store's domain goes before an address."""
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
