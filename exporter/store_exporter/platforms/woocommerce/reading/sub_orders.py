"""Sub-orders: each vendor's share of an order in a marketplace. No I/O.

A marketplace plugin writes an order for each vendor beside the one that the shopper placed and
paid, with copies of its lines. The plugins' own reports leave these out. Other plugins make orders
with a parent that are separate sales, such as the balance after a deposit or a part for a second
delivery. Only the `created_via` of an order distinguishes the two.
"""

from __future__ import annotations

from ...kit.reading.fields import Fields

MEMBERS = "parent_id,created_via"
"""Members of an order that show whether it is a sub-order."""
_MARKETPLACES = frozenset(
    (
        "dokan",  # Dokan
        "marketking-multivendor-marketplace-for-woocommerce",  # MarketKing
        "multivendorx_store_order",  # MultiVendorX from 5.0
        "mvx_vendor_order",  # MultiVendorX before
        "superstore",  # SuperStore
        "wcmp_vendor_order",  # WC Marketplace, which became MultiVendorX
        "yith_wcmv_vendor_suborder",  # YITH Multi Vendor
    )
)
"""Values of `created_via` in sub-orders, from the plugins' sources."""


def is_sub_order(order: Fields) -> bool:
    """Whether an order repeats a part of another one."""
    via = order.raw("created_via")
    return bool(order.raw("parent_id")) and isinstance(via, str) and via in _MARKETPLACES
