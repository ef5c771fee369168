"""The business figures of a WooCommerce store, each group with its own interval and cost."""

from __future__ import annotations

from ....contract import Collector
from . import carts, catalogue, facts, orders, shop

COLLECTORS: dict[str, Collector] = {
    collector.name: collector
    for collector in (
        orders.ORDERS,
        shop.ORDER_STATUSES,
        catalogue.STOCK,
        catalogue.BEST_SELLERS,
        carts.CARTS,
        shop.CUSTOMERS,
        shop.WEBHOOKS,
        shop.BACKGROUND,
        facts.INFO,
    )
}
"""Every collector by its name."""

__all__ = ["COLLECTORS"]
