"""A simulated store without orders, its clock and a client of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.kit.rest import random_members
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import client


@pytest.fixture
def same_members(monkeypatch: pytest.MonkeyPatch) -> None:
    """Request the same members each time, so that recorded responses fit the requests."""
    first = SimpleNamespace(sample=lambda names, count: names[:count])
    monkeypatch.setattr(random_members, "_RANDOM", first)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> SimulatedWooCommerce:
    return SimulatedWooCommerce(clock=clock.now, orders=0)


@pytest.fixture
def shop(store: SimulatedWooCommerce, clock: Clock) -> WooCommerce:
    return client(store, clock)
