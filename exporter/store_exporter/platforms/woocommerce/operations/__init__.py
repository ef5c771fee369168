"""The 25 operations of WooCommerce, as plans with their descriptions."""

from __future__ import annotations

from collections.abc import Mapping

from ...base import Operation
from ...kit.described import by_name
from .cart import (
    add_to_cart,
    apply_coupon_to_cart,
    get_cart,
    remove_from_cart,
    update_cart_quantity,
)
from .orders import (
    cancel_order,
    check_order,
    check_refund_status,
    get_customer_orders,
    get_order_notes,
)
from .products import (
    check_price,
    get_product_categories,
    get_product_details,
    get_product_reviews,
    get_product_variations,
    search_products,
)
from .sales import get_customer_insights, get_sales_report
from .shop import get_payment_methods, get_shipping_info, get_shipping_methods, validate_coupon
from .stock import check_stock, get_low_stock_products, get_stock_quantity

ALL = (
    search_products,
    get_product_details,
    check_stock,
    get_stock_quantity,
    check_price,
    get_product_variations,
    get_product_categories,
    get_product_reviews,
    get_low_stock_products,
    check_order,
    get_customer_orders,
    get_order_notes,
    check_refund_status,
    cancel_order,
    get_shipping_info,
    get_shipping_methods,
    get_payment_methods,
    validate_coupon,
    add_to_cart,
    get_cart,
    remove_from_cart,
    update_cart_quantity,
    apply_coupon_to_cart,
    get_customer_insights,
    get_sales_report,
)

OPERATIONS: Mapping[str, Operation] = by_name(ALL)
"""The descriptions by name, in the order of the documentation."""
