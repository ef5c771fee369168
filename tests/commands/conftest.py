"""A simulated shop that commands are run against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce

from .shops import DOMAIN, configure, served


@pytest.fixture
def shop() -> SimulatedWooCommerce:
    return SimulatedWooCommerce(DOMAIN, orders=10)


@pytest.fixture
def file(shop: SimulatedWooCommerce, tmp_path: Path) -> Iterator[Path]:
    with served(shop) as url:
        yield configure(tmp_path, shop, url)
