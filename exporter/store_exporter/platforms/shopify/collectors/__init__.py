"""The business figures of a Shopify shop, one module for each kind of record."""

from __future__ import annotations

from ....contract import Collector
from .orders import ORDERS
from .shop import CARTS, CUSTOMERS, ORDER_STATUSES, STOCK, WEBHOOKS

COLLECTORS: dict[str, Collector] = {
    collector.name: collector
    for collector in (ORDERS, ORDER_STATUSES, STOCK, CARTS, CUSTOMERS, WEBHOOKS)
}
"""Every collector by its name."""
