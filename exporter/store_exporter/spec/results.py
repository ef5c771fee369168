"""What store operations return, the same on every platform.

All are immutable. Amounts are `Money`, dates are aware, strings have their HTML entities decoded
and so must be escaped before they are put into a page.
"""

from __future__ import annotations

from .money import Money
from .results_carts import Cart, CartCoupon, CartLine
from .results_listing import Listing
from .results_orders import (
    Cancellation,
    Customer,
    CustomerOrders,
    Order,
    OrderLine,
    OrderNote,
    OrderSummary,
    Refund,
    RefundStatus,
    ShippingAddress,
    Tracking,
)
from .results_products import Category, LowStock, Price, Product, Review, Stock, StockQuantity
from .results_shop import (
    Coupon,
    CustomerInsights,
    CustomerSpend,
    InsightTotals,
    PaymentMethod,
    SalesReport,
    ShippingInfo,
    ShippingMethod,
    SoldProduct,
)

__all__ = [
    "Cancellation",
    "Cart",
    "CartCoupon",
    "CartLine",
    "Category",
    "Coupon",
    "Customer",
    "CustomerInsights",
    "CustomerOrders",
    "CustomerSpend",
    "InsightTotals",
    "Listing",
    "LowStock",
    "Money",
    "Order",
    "OrderLine",
    "OrderNote",
    "OrderSummary",
    "PaymentMethod",
    "Price",
    "Product",
    "Refund",
    "RefundStatus",
    "Review",
    "SalesReport",
    "ShippingAddress",
    "ShippingInfo",
    "ShippingMethod",
    "SoldProduct",
    "Stock",
    "StockQuantity",
    "Tracking",
]
