"""The business figures of a Shopify shop, one module for each kind of record."""

from __future__ import annotations

from ...kit.monitoring.declare import by_name
from .omissions import reports_omissions
from .orders import ORDERS
from .sellers import best_sellers
from .shop import carts, customers, order_statuses, stock, webhooks

_SHOP = (order_statuses, stock, best_sellers, carts, customers, webhooks)
COLLECTORS = by_name(ORDERS, *map(reports_omissions, _SHOP))
"""Every collector by its name."""
