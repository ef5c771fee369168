"""The business figures of a Shopify shop, one module for each kind of record."""

from __future__ import annotations

from ...kit.monitoring.declare import by_name
from .orders import ORDERS
from .sellers import best_sellers
from .shop import carts, customers, order_statuses, stock, webhooks

COLLECTORS = by_name(ORDERS, order_statuses, stock, best_sellers, carts, customers, webhooks)
"""Every collector by its name."""
