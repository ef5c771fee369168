"""What can be done with a WooCommerce store: a plan for each operation."""

from __future__ import annotations

from ...kit.operations.plans import Plans
from . import cart, coupons, customers, orders, products, sales, shop

UNSUPPORTED: dict[str, str] = {}
"""Operations that WooCommerce cannot do, with the reason."""

PLANS = Plans("WooCommerce", (products, orders, shop, coupons, cart, sales, customers), UNSUPPORTED)
