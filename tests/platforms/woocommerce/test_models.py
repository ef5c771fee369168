"""Reading of WooCommerce's documents, where the store itself rounds or adds."""

from __future__ import annotations

import pytest

from store_exporter.platforms.kit.fields import Fields
from store_exporter.platforms.woocommerce.models import stock


@pytest.mark.parametrize(
    ("kind", "status", "can_be_had"),
    [
        ("simple", "instock", True),
        ("simple", "onbackorder", True),
        ("simple", "preorder", True),
        ("simple", "outofstock", False),
        ("external", "instock", False),
        ("grouped", "instock", False),
    ],
)
def test_what_no_cart_takes_cannot_be_had(kind: str, status: str, can_be_had: bool) -> None:
    row = {"id": 1, "type": kind, "stock_status": status, "manage_stock": False}
    assert stock(Fields({**row, "backorders_allowed": False}, "product")).in_stock is can_be_had
