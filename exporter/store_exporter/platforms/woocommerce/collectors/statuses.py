"""The closed list of order statuses."""

from __future__ import annotations

from collections.abc import Collection

from ....errors import StoreError

ENTERED = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "other",
)
"""Statuses that an order can enter, as the list of orders shows them: without checkout drafts."""
CURRENT = (*ENTERED, "checkout-draft")
"""Statuses that an order can be in."""


def status_label(status: str, known: Collection[str]) -> str:
    """Return the label value of a status: itself, or `other` for one that a plugin added."""
    slug = status.removeprefix("wc-")
    return slug if slug in known else "other"


def is_unknown(error: StoreError) -> bool:
    """Whether a store refused to list orders because it does not know a requested status.

    In older versions, 6.3 among them, the checkout creates no drafts.
    """
    return error.code == "rest_invalid_param" and "status" in error.message
