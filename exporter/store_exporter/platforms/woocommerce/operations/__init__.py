"""What can be done with a WooCommerce store: a plan for each operation."""

from __future__ import annotations

from ...kit.operations.plans import Plans

UNSUPPORTED: dict[str, str] = {}
"""Operations that WooCommerce cannot do, with the reason."""

_MODULES = ("cart", "coupons", "customers", "orders", "products", "sales", "search", "shop")

PLANS = Plans("WooCommerce", [f"{__name__}.{module}" for module in _MODULES], UNSUPPORTED)
