"""The network of a store is the same however its addresses are ordered."""

from __future__ import annotations

import pytest

from store_exporter.platforms.kit.monitoring.probes import network_of


@pytest.mark.parametrize(
    ("addresses", "network"),
    [
        (["192.0.2.7"], "192.0.2.0/24"),
        (["203.0.113.9", "192.0.2.7"], "192.0.2.0/24"),
        (["192.0.2.7", "203.0.113.9"], "192.0.2.0/24"),
        (["2001:db8:1:2::1", "192.0.2.7"], "192.0.2.0/24"),
        (["2001:db8:1:2::1"], "2001:db8:1::/48"),
        (["fe80::1%eth0"], "fe80::/48"),
    ],
)
def test_the_network_of_addresses(addresses: list[str], network: str) -> None:
    assert network_of(addresses) == network
