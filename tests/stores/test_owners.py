"""Which org has a domain that sources name, whoever controls one of the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from store_exporter.stores.model import Store
from store_exporter.stores.owners import Settlement, SourceClaim, settle


def store(domain: str, org: str) -> Store:
    return Store(org, domain, "woocommerce", f"https://{domain}", networks=())


def claim(org: str, *domains: str, requested: bool = True, responded: bool = True) -> SourceClaim:
    stores = [store(domain, org) for domain in domains]
    return SourceClaim(org, stores, requested=requested, responded=responded)


def who(settlement: Settlement) -> dict[str, str]:
    return {store.domain: store.org for store in settlement.stores}


def refused(settlement: Settlement) -> set[tuple[str, str]]:
    return {(one.org, one.domain) for one in settlement.refusals}


def test_a_domain_that_one_org_names_is_its_own() -> None:
    found = settle({}, (), [claim("acme", "a.example"), claim("zen", "z.example")])
    assert who(found) == found.owners == {"a.example": "acme", "z.example": "zen"}
    assert not found.refusals


def test_who_names_what_another_org_has_gets_nothing_whatever_the_order() -> None:
    acme, evil = claim("acme", "a.example"), claim("evil", "a.example")
    for claims in ([acme, evil], [evil, acme]):
        found = settle({"a.example": "acme"}, (), claims)
        assert who(found) == found.owners == {"a.example": "acme"}
        assert refused(found) == {("evil", "a.example")}
        assert found.refusals[0].reason == "contested"
        assert str(found.refusals[0]) == "a.example of evil: the org acme has it"


def test_a_domain_that_several_name_and_none_has_is_nobodys_until_one_drops_it() -> None:
    acme, zen = claim("acme", "a.example"), claim("zen", "a.example")
    found = settle({}, (), [acme, zen])
    assert (who(found), found.owners) == ({}, {})
    assert refused(found) == {("acme", "a.example"), ("zen", "a.example")}
    again = settle(found.owners, (), [acme, claim("zen")])
    assert who(again) == {"a.example": "acme"}


def test_the_owner_keeps_a_domain_until_its_source_responds_without_it() -> None:
    owners = {"a.example": "acme"}
    evil = claim("evil", "a.example")
    silent = settle(owners, (), [claim("acme", responded=False), evil])
    assert (who(silent), silent.owners) == ({}, owners)
    dropped = settle(silent.owners, (), [claim("acme"), evil])
    assert who(dropped) == dropped.owners == {"a.example": "evil"}


def test_an_org_without_sources_has_dropped_what_they_named() -> None:
    assert settle({"a.example": "acme"}, (), []).owners == {}


def test_one_of_several_sources_of_the_owner_is_enough_to_keep_a_domain() -> None:
    claims = [claim("acme"), claim("acme", responded=False), claim("evil", "a.example")]
    assert settle({"a.example": "acme"}, (), claims).owners == {"a.example": "acme"}


def test_a_new_domain_is_nobodys_until_every_source_was_requested_once() -> None:
    claims = [claim("evil", "a.example"), claim("acme", requested=False, responded=False)]
    found = settle({}, (), claims)
    assert (who(found), found.owners, found.refusals) == ({}, {}, [])
    # One that was requested and failed holds nobody up any more.
    claims[1] = replace(claims[1], requested=True)
    assert who(settle({}, (), claims)) == {"a.example": "evil"}


def test_the_file_goes_before_every_source() -> None:
    fixed = [replace(store("shop.example", "acme"), url="https://back.example:8443/shop")]
    claims = [claim("evil", "shop.example", "back.example"), claim("acme", "back.example")]
    found = settle({"shop.example": "evil", "back.example": "evil"}, fixed, claims)
    assert who(found) == {"back.example": "acme"}
    assert refused(found) == {("evil", "shop.example"), ("evil", "back.example")}
    assert found.owners == {}


ORGS = ("acme", "zen", "evil")
DOMAINS = ("a.example", "b.example")
answers = st.dictionaries(
    st.sampled_from(ORGS), st.one_of(st.none(), st.lists(st.sampled_from(DOMAINS), unique=True))
)


@given(st.lists(answers, max_size=8), st.randoms())
def test_nobody_loses_a_domain_to_what_others_say(
    rounds: Sequence[Mapping[str, Sequence[str] | None]], random: object
) -> None:
    """A round is what each org's source answers; None is a look that fails."""
    owners: Mapping[str, str] = {}
    last: dict[str, SourceClaim] = {org: claim(org, responded=False) for org in ORGS}
    for responded in rounds:
        for org, domains in responded.items():
            if domains is not None:
                last[org] = claim(org, *domains)
        claims = list(last.values())
        random.shuffle(claims)  # type: ignore[attr-defined]
        found = settle(owners, (), claims)
        names = {org: {one.domain for one in last[org].stores} for org in ORGS}
        for domain, org in owners.items():
            if domain in names[org]:
                assert who(found)[domain] == org
        assert len(who(found)) == len(found.stores)
        for one in found.stores:
            assert one.domain in names[one.org]
        for org in ORGS:
            got = {one.domain for one in found.stores if one.org == org}
            assert got | {one.domain for one in found.refusals if one.org == org} == names[org]
        owners = found.owners
