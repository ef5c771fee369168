"""Fixtures for tests of probing: real connections over loopback, one transport for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Secret, Store
from tests.fakes.bad_server import Authority

StoreFactory = Callable[..., Store]


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.close()


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The issuer that `store` trusts."""
    return Authority()


@pytest.fixture(scope="session")
def ca_file(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    return authority.write(tmp_path_factory.mktemp("ca") / "ca.pem")


@pytest.fixture
def store(ca_file: str) -> StoreFactory:
    """Makes a store at an address; it trusts the test's issuer and has a key."""

    def make(url: str, **changes: Any) -> Store:
        fields: dict[str, Any] = {
            "org": "acme",
            "domain": "shop.example.com",
            "platform": "woocommerce",
            "url": url,
            "credentials": {
                "consumer_key": Secret("ck_0123456789abcdef"),
                "consumer_secret": Secret("cs_fedcba9876543210"),
            },
            "requests_per_hour": 100_000,
            "max_body_bytes": 100_000,
            "ca_file": ca_file,
        }
        return Store(**{**fields, **changes})

    return make


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    return tmp_path / "state"
