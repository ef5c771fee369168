"""An order's status, and whether the order repeats a part of another one. No I/O.

A marketplace plugin writes an order for each vendor beside the one that the shopper placed and
paid, with copies of its lines. The plugins' own reports leave these sub-orders out. Other plugins
make orders with a parent that are separate sales, such as the balance after a deposit or a part for
a second delivery. Only the `created_via` of an order distinguishes the two.
"""

from __future__ import annotations

from collections.abc import Collection

from ...kit.reading.fields import Fields

ENTERED = (
    *("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"),
    "other",
)
"""Statuses that an order can enter, as the list of orders shows them: without checkout drafts."""
CURRENT = (*ENTERED, "checkout-draft")
"""Statuses that an order can be in."""
PAID = ("processing", "completed")
SOLD = (*PAID, "on-hold")
HIDDEN = ("checkout-draft", "auto-draft", "trash")
"""Statuses that are not orders yet, or no longer."""
UNSOLD = ("pending", "failed", "cancelled", *HIDDEN)
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


def order_status(order: Fields) -> str:
    """Read an order's status; some plugins show it as the database has it, as `wc-completed`."""
    return order.text("status").removeprefix("wc-")


def is_sold(order: Fields) -> bool:
    """Whether an order is a sale by its status; in a plugin's status it is one if it was paid."""
    status = order_status(order)
    is_plugins = status not in (*SOLD, *UNSOLD, "refunded")
    return status in SOLD or (is_plugins and order.gmt_if_any("date_paid_gmt") is not None)


def status_label(status: str, known: Collection[str]) -> str:
    """Return the label value of a status: itself, or `other` for one that a plugin added."""
    slug = status.removeprefix("wc-")
    return slug if slug in known else "other"


def is_sub_order(order: Fields) -> bool:
    """Whether an order repeats a part of another one."""
    via = order.raw("created_via")
    return bool(order.raw("parent_id")) and isinstance(via, str) and via in _MARKETPLACES


def has_sub_orders(order: Fields) -> bool:
    """Whether a marketplace plugin marked an order, in its meta data, as one with sub-orders."""
    keys = order.optional_items("meta_data", lambda row: row.text_or("key"))
    return any("sub_order" in key for key in keys)
