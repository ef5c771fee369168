"""Where a store that a source named may lead."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.errors import StoreError
from store_exporter.net import reach
from store_exporter.net.names import Names

INSIDE = (
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "192.0.0.9",
    "192.31.196.1",
    "192.88.99.1",
    "::ffff:192.88.99.1",
    "64:ff9b::192.88.99.1",
    "2001:1::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "localhost",
    "2130706433",
    "",
)
OUTSIDE = ("1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8")


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_of_the_public_internet_is_inside(address: str) -> None:
    assert not reach.is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert reach.is_public(address)


@given(st.ip_addresses())
def test_no_address_that_python_calls_private_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_private or address.is_loopback or address.is_link_local:
        mapped = getattr(address, "ipv4_mapped", None)
        assert not reach.is_public(str(address)) or (mapped is not None and mapped.is_global)


def test_networks_that_are_allowed_are_let_through_in_every_spelling() -> None:
    permits = reach.address_filter(("10.0.0.0/8", "fd00::/8"))
    assert permits("10.1.2.3")
    assert permits("::ffff:10.1.2.3")
    assert permits("fd12::1")
    assert permits("8.8.8.8")
    assert not permits("192.168.0.1")
    assert not permits("no address")


@pytest.mark.parametrize(
    ("name", "suffix", "problem"),
    [
        ("shop.example", "", ""),
        ("127.0.0.1", "", "is an IP address"),
        ("2130706433", "", "is an IP address"),
        ("0x7f.1", "", "is an IP address"),
        ("017700000001", "", "is an IP address"),
        ("shop.0x7f000001", "", "is an IP address"),
        ("intranet", "", "is a name only for this machine or network"),
        ("shop.localhost", "", "is a name only for this machine or network"),
        ("printer.local", "", "is a name only for this machine or network"),
        ("metadata.google.internal", "", "is a name only for this machine or network"),
        ("shop.corp.internal", "corp.internal", ""),
        ("xn--bcher-kva.example", "", "is an internationalized name"),
        ("shop.xn--bcher-kva.example", "", "is an internationalized name"),
        ("xn--80ak6aa92e.books.example", "books.example", "is an internationalized name"),
        ("shop.xn--bcher-kva.example", "xn--bcher-kva.example", ""),
        ("intranet", "intranet", ""),
        ("10.0.0.5", "10.0.0.5", ""),
        ("127.0.0.1", "1", "is an IP address"),
    ],
)
def test_a_name_is_refused_unless_configuration_has_it(
    name: str, suffix: str, problem: str
) -> None:
    assert reach.name_problem(name, suffix).startswith(problem)
    assert bool(reach.name_problem(name, suffix)) == bool(problem)


def test_the_longest_suffix_counts_and_only_whole_labels_do() -> None:
    suffixes = {"example", "shop.example"}
    assert reach.suffix_of("a.shop.example", suffixes) == "shop.example"
    assert reach.suffix_of("workshop.example", suffixes) == "example"
    assert reach.suffix_of("shop.example", suffixes) == "shop.example"
    assert reach.suffix_of("shop.other", suffixes) == ""


async def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        inside, outside = ("169.254.169.254", port), ("8.8.8.8", port)
        found = [inside] if host == "rebound.example" else [inside, outside]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in found]

    names = Names(lookup)  # type: ignore[arg-type]
    assert len(await names.addresses("rebound.example", 443)) == 1
    reach.permitted.set(reach.address_filter(()))
    with pytest.raises(StoreError, match=r"to 169.254.169.254, which is not public") as found:
        await names.addresses("rebound.example", 443)
    assert found.value.error_type == "dns"
    assert [one.host for one in await names.addresses("both.example", 443)] == ["8.8.8.8"]
    reach.permitted.set(reach.address_filter(("169.254.0.0/16",)))
    assert len(await names.addresses("rebound.example", 443)) == 1
