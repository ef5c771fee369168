"""Reading of WooCommerce's documents, where the store itself rounds or adds."""

from __future__ import annotations

import pytest

from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.woocommerce.reading.product_results import (
    read_product,
    read_stock,
)


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
    assert (
        read_stock(Fields({**row, "backorders_allowed": False}, "product")).in_stock is can_be_had
    )


@pytest.mark.parametrize("rating", ["", None, "four"])
def test_a_product_with_a_broken_rating_is_sold_all_the_same(rating: object) -> None:
    row = {
        "id": 1,
        "type": "simple",
        "name": "Pump",
        "price": "5.00",
        "regular_price": "",
        "on_sale": False,
        "stock_status": "instock",
        "manage_stock": False,
        "backorders_allowed": False,
        "rating_count": 3,
        "average_rating": rating,
    }
    found = read_product(Fields(row, "product"), "GBP")
    assert (found.rating, found.rating_count, found.unreadable) == (None, 3, ("rating",))
    assert str(found.price) == "5.00 GBP"
