"""The business figures of a Shopify shop, one module for each kind of record."""

from __future__ import annotations

from ....contract import Collector
from .orders import ORDERS
from .shop import carts, customers, order_statuses, stock, webhooks

COLLECTORS: dict[str, Collector] = {
    collector.name: collector
    for collector in (ORDERS, order_statuses, stock, carts, customers, webhooks)
}
"""Every collector by its name."""
