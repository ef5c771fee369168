"""A simulated shop, its clock and a client of it."""

from __future__ import annotations

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.platforms.shopify import Shopify
from tests import servers
from tests.fakes.clock import Clock
from tests.fakes.shopify import client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> SimulatedShopify:
    return SimulatedShopify(clock=clock.now, seed=3)


@pytest.fixture
def store(shop: SimulatedShopify, clock: Clock) -> Shopify:
    return client(shop, clock)


@pytest.fixture(scope="package")
def schemas() -> None:
    """Skips, and says so at the end, when `scripts/tools` could not get the schemas.

    It is the package's, so that its tests run in one process, which reads each schema once.
    """
    servers.tool("shopify-schemas")
