"""Orders that a Shopify shop has, and what is counted of them."""

from __future__ import annotations

from typing import Any

from store_demo.stores.shopify.records import Order
from tests.platforms.shopify.watching import Watched, figures

HOUR = 3600.0


def order(shop: Watched, financial: str = "PAID", pieces: int = 1, age: float = 0.0) -> Order:
    """An order of SKU-010, which costs 100.00."""
    room = shop.shop.stock_room
    room.by_sku("SKU-010").quantity = 1_000_000
    lines = [(room.by_sku("SKU-010").id, pieces)]
    return room.new_order(financial, lines=lines, created=shop.clock.now() - age)


async def later(shop: Watched, seconds: float = 60.0, **options: Any) -> dict[str, float]:
    shop.clock.advance(seconds)
    return figures(await shop.collect("orders", **options))


def revenue(found: dict[str, float]) -> float:
    return found.get("store_revenue_total{GBP}", 0.0)
