"""What can be done with a Shopify shop: a plan for each operation."""

from __future__ import annotations

from ...kit.operations.plans import Plans

UNSUPPORTED = {"get_product_reviews": "reviews belong to third-party apps, each with its own API"}
"""Operations that Shopify cannot do, with the reason."""

_MODULES = ("cart", "coupons", "orders", "products", "sales", "shop")

PLANS = Plans("Shopify", [f"{__name__}.{module}" for module in _MODULES], UNSUPPORTED)
