"""The demo's scene is complete, and its secrets stay out of the configuration file."""

from __future__ import annotations

from random import Random

import pytest

from store_demo import scene
from store_demo.parts import host_and_port, store_addresses
from store_demo.stores.base import Role, cast
from store_exporter.platforms import base as platforms


def test_there_are_three_stores_or_more_of_two_orgs_and_one_of_them_fails() -> None:
    roles = cast()
    assert len(roles) >= 3
    assert len({role.org for role in roles}) >= 2
    assert [role.domain for role in roles if role.fails] == ["store.globex.example"]


def test_every_platform_plays_a_part() -> None:
    missing = set(platforms.built_in()) - {role.platform for role in cast()}
    assert not missing, f"write exporter/store_demo/stores/<name> for {', '.join(missing)}"


@pytest.mark.parametrize("role", cast(), ids=lambda role: role.domain)
def test_a_store_trades_for_long_without_selling_out_or_breaking(role: Role) -> None:
    store = scene.open_stores()[role.domain]
    random = Random(3)
    for _ in range(500):
        store.trade(random)


def test_secrets_are_referred_to_and_not_written() -> None:
    stores = scene.open_stores()
    addresses = {name: f"http://127.0.0.1/{name}" for name in (*stores, "prometheus")}
    document, secrets = scene.exporter_configuration(addresses, stores, scene.CHECK)
    values = [value for store in stores.values() for value in store.credentials.values()]
    assert set(values) <= set(secrets.values())
    for value in secrets.values():
        assert value not in str(document)
    for name in secrets:
        assert f"env:{name}" in str(document)


def test_the_stores_listen_on_consecutive_ports() -> None:
    found = list(store_addresses("http://stores:8080").values())
    assert found[:3] == ["http://stores:8080", "http://stores:8081", "http://stores:8082"]


def test_an_address_without_a_port_is_refused_with_an_example() -> None:
    with pytest.raises(SystemExit, match="HOST:PORT"):
        host_and_port("localhost")
