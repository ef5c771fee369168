"""What can be done with a Shopify shop: a plan for each operation."""

from __future__ import annotations

from ...kit.operations.plans import Plans
from . import cart, coupons, orders, products, sales, shop

UNSUPPORTED = {"get_product_reviews": "reviews belong to third-party apps, each with its own API"}
"""Operations that Shopify cannot do, with the reason."""

PLANS = Plans("Shopify", (products, orders, shop, coupons, cart, sales), UNSUPPORTED)
