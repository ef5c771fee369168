"""Which domains a discovery source may name, and which secrets their stores may use.

Sources are not trusted. Their domains must be host names that the public could reach and that the
org may name. A secret must belong to the domain, or go only to hosts that the configuration lists.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..net import reach
from ..platforms.base import Platform
from .model import values
from .model.org import OrgSection
from .yaml.checker import Checker
from .yaml.document import Path

DOMAIN, ORG = "{domain}", "{org}"
"""Placeholders in a reference or address for the domain that was found, and for its org."""


class RefusedError(ValueError):
    """A discovered domain is refused.

    Attributes:
        reason: why, one of `stores.owners.REASONS`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Admission:
    """What the sources of one org may name.

    Attributes:
        own: the hosts that it lists under `domains`; their subdomains are included.
        others: the hosts that other orgs list.
        networks: networks that its stores may be in, although they are not public.
    """

    org: str
    own: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    def check(self, domain: str) -> None:
        """Check a domain as a source wrote it.

        Raises:
            RefusedError: the domain is not accepted; the message does not repeat it.
        """
        try:
            values.domain(domain)
        except ValueError as error:
            raise RefusedError("invalid", str(error)) from None
        own = reach.suffix_of(domain, self.own)
        problem = reach.name_problem(domain, own)
        if problem:
            message = f"{problem}; list it under `domains` of the org if it is meant"
            raise RefusedError("invalid", message)
        if re.fullmatch(r"[0-9.]+", domain) and not reach.address_filter(self.networks)(domain):
            raise RefusedError("invalid", "is an IP address that is not public; see `networks`")
        if len(reach.suffix_of(domain, self.others)) > len(own):
            raise RefusedError("not_allowed", "is below `domains` of another org")
        if self.own and not own:
            raise RefusedError("not_allowed", f"is not below `domains` of the org {self.org}")


def admission(orgs: Mapping[str, OrgSection], org: str, networks: Sequence[str] = ()) -> Admission:
    """Return what the sources of an org may name."""
    own = frozenset(orgs[org].domains) if org in orgs else frozenset()
    every = frozenset(domain for section in orgs.values() for domain in section.domains)
    return Admission(org, own, every - own, tuple(networks))


@dataclass(frozen=True, slots=True)
class Reference:
    """One secret credential as the file contains it.

    Attributes:
        org: the org of its store or source.
        path: its place in the file.
        text: the reference.
    """

    org: str
    path: Path
    text: str

    @property
    def normal(self) -> str:
        """The reference, with one spelling for each path."""
        kind, _, path = self.text.partition(":")
        return f"{kind}:{os.path.normpath(path)}"


def check_references(
    checker: Checker,
    templates: Sequence[Reference],
    stores: Iterable[Reference],
    orgs: Mapping[str, OrgSection],
) -> None:
    """Report templates with which a source could get a secret of another org, or spread one."""
    seen: dict[str, Reference] = {}
    # One entry for each org and folder or file is enough, and thousands of stores share them.
    of_stores = {(one.org, one.normal): one for one in stores} if templates else {}
    for one in templates:
        if DOMAIN not in one.text:
            if one.org in orgs and not orgs[one.org].domains:
                checker.complain(
                    one.path,
                    "every store found gets this secret, whatever host the source names; put "
                    f"{DOMAIN} into the path, or list under `domains` of the org {one.org} which "
                    "hosts its sources may name",
                )
            continue
        if ORG in one.text:
            continue
        advice = f"put {ORG} into the path, such as file:secrets/{ORG}/{DOMAIN}/key"
        first = seen.setdefault(one.normal, one)
        if first.org != one.org:
            line = checker.document.line(first.path)
            checker.complain(
                one.path,
                f"the org {first.org} has the same path on line {line}, so that a source of one "
                f"org could use secrets of the other; {advice}",
            )
            continue
        led_to = re.compile(re.escape(one.normal).replace(re.escape(DOMAIN), "[a-z0-9.-]+"))
        for owner, normal in of_stores:
            if owner != one.org and led_to.fullmatch(normal):
                message = f"a store of the org {owner} has its secret at such a path; {advice}"
                checker.complain(one.path, message)
                break


def references(data: Mapping[str, Any], platforms: Mapping[str, Platform]) -> Iterator[Reference]:
    """Yield every secret of the file's stores, as the file contains it."""
    stores = data.get("stores")
    for index, item in enumerate(stores if isinstance(stores, list) else ()):
        credentials = item.get("credentials") if isinstance(item, dict) else None
        platform = str(item.get("platform")) if isinstance(item, dict) else ""
        if not isinstance(credentials, dict) or platform not in platforms:
            continue
        for setting in platforms[platform].credentials:
            text = credentials.get(setting.name)
            if setting.secret and isinstance(text, str):
                path = ("stores", index, "credentials", setting.name)
                yield Reference(str(item.get("org")), path, text)
