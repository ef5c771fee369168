"""The business figures of a WooCommerce store, each group with its own interval and cost."""

from __future__ import annotations

from ...kit.monitoring.declare import by_name
from . import carts, facts, orders, sellers, shop, stock

COLLECTORS = by_name(
    orders.ORDERS,
    shop.order_statuses,
    stock.stock,
    sellers.best_sellers,
    carts.carts,
    shop.customers,
    shop.webhooks,
    shop.background,
    facts.info,
    facts.versions,
)
"""Every collector by its name."""

__all__ = ["COLLECTORS"]
