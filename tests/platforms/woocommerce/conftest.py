"""A simulated store without orders, its clock and a client of it."""

from __future__ import annotations

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> SimulatedWooCommerce:
    return SimulatedWooCommerce(clock=clock.now, orders=0)


@pytest.fixture
def shop(store: SimulatedWooCommerce, clock: Clock) -> WooCommerce:
    return client(store, clock)
