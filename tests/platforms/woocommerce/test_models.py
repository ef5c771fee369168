"""Reading of WooCommerce's documents, where the store itself rounds or adds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_exporter.platforms.kit.fields import Fields
from store_exporter.platforms.woocommerce.models import order_tax, order_total, stock


def order(total: str, *lines: str, tax: str = "0", fee: str = "0") -> Fields:
    body: dict[str, Any] = {
        "total": total,
        "total_tax": tax,
        "line_items": [{"total": line} for line in lines],
        "fee_lines": [{"total": fee}],
        "shipping_lines": [],
        "tax_lines": [{"tax_total": tax, "shipping_tax_total": "0"}],
    }
    return Fields(body, "order")


@pytest.mark.parametrize(
    ("shown", "stated", "lines", "true"),
    [
        # As WooCommerce 11.0.1 answers with dp=8 in a shop that displays no decimals.
        (0, "218.00000000", ("218.02000000",), "218.02"),
        (0, "425.00000000", ("400.00000000", "24.90000000"), "424.90"),
        (1, "10.10000000", ("10.05000000",), "10.05"),
        # Set by hand: the parts say something else.
        (0, "200.00000000", ("218.02000000",), "200"),
        # Nothing is rounded away.
        (2, "218.03000000", ("218.02600000",), "218.03"),
        (0, "0.00000000", (), "0"),
    ],
)
def test_a_total_that_the_shop_rounds_is_told_by_its_parts(
    shown: int, stated: str, lines: tuple[str, ...], true: str
) -> None:
    assert order_total(order(stated, *lines), "GBP", shown).amount == Decimal(true)


def test_a_currency_without_decimals_needs_no_parts() -> None:
    assert order_total(order("101", "100.60"), "JPY", 0).amount == 101


def test_taxes_and_fees_are_parts_too() -> None:
    whole = order("13.00000000", "10.00", tax="2.45", fee="0.50")
    assert order_total(whole, "GBP", 0).amount == Decimal("12.95")
    whole = Fields(
        {"total_tax": "2", "tax_lines": [{"tax_total": "2.10", "shipping_tax_total": "0.15"}]},
        "order",
    )
    assert order_tax(whole, "GBP", 0).amount == Decimal("2.25")


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
