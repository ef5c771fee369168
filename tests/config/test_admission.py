"""Which domains the sources of one org may name."""

from __future__ import annotations

import pytest

from store_exporter.config.admission import RefusedError, admission
from store_exporter.config.model.org import OrgSection

LISTED = {"host": ["shops.example"], "acme": ["acme.shops.example", "acme.example"], "free": []}
ORGS = {
    org: OrgSection.model_validate({"org": org, "domains": domains})
    for org, domains in LISTED.items()
}


@pytest.mark.parametrize(
    ("org", "domain"),
    [
        ("host", "shops.example"),
        ("host", "a.shops.example"),
        ("acme", "a.acme.shops.example"),
        # Who lists none has what nobody else lists.
        ("free", "other.example"),
        ("unknown", "other.example"),
    ],
)
def test_an_org_may_name_what_it_lists(org: str, domain: str) -> None:
    admission(ORGS, org).check(domain)


@pytest.mark.parametrize(
    ("org", "domain", "reason"),
    [
        # Who lists the nearest domain above it has it, even below a domain of another org.
        ("host", "acme.shops.example", "not_allowed"),
        ("host", "a.acme.shops.example", "not_allowed"),
        ("acme", "b.shops.example", "not_allowed"),
        ("acme", "other.example", "not_allowed"),
        ("acme", "notacme.example", "not_allowed"),
        ("free", "acme.example", "not_allowed"),
        ("unknown", "a.shops.example", "not_allowed"),
        ("free", "other.local", "invalid"),
        ("free", "127.0.0.1", "invalid"),
        ("free", "xn--e1awd7f.example", "invalid"),
    ],
)
def test_an_org_may_name_nothing_else(org: str, domain: str, reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        admission(ORGS, org).check(domain)
    assert refused.value.reason == reason
    assert domain not in str(refused.value)
