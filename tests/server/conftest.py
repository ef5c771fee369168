"""Fixtures for tests of the server: a simulated shop that accepts the test's key."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store_demo.stores.base import DemoStore, Role, open_store
from tests.server.support import ENVIRON


@pytest.fixture
def shop() -> DemoStore:
    return open_store(Role("acme", "shop.example.com", "woocommerce", "EUR"), seed=5)


@pytest.fixture
async def shop_url(shop: DemoStore) -> AsyncIterator[str]:
    async with shop.serve() as url:
        yield url


@pytest.fixture
def environ(shop: DemoStore) -> dict[str, str]:
    return {
        **ENVIRON,
        "KEY": shop.credentials["consumer_key"],
        "SECRET": shop.credentials["consumer_secret"],
    }
