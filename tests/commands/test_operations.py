"""`store-exporter operations`, and the page docs/operations.md."""

from __future__ import annotations

import json
import re

import pytest

from store_exporter.cli import main
from store_exporter.errors import ERROR_TYPES
from store_exporter.platforms import reference, supported
from store_exporter.spec.operations import OPERATIONS

FIXED = {
    "search_products",
    "get_product_details",
    "check_stock",
    "get_stock_quantity",
    "check_price",
    "get_product_variations",
    "get_product_categories",
    "get_product_reviews",
    "get_low_stock_products",
    "check_order",
    "get_customer_orders",
    "get_order_notes",
    "check_refund_status",
    "cancel_order",
    "get_shipping_info",
    "get_shipping_methods",
    "get_payment_methods",
    "validate_coupon",
    "add_to_cart",
    "get_cart",
    "remove_from_cart",
    "update_cart_quantity",
    "apply_coupon_to_cart",
    "get_customer_insights",
    "get_sales_report",
}
"""The names that dashboards and old data use."""


def test_no_operation_loses_its_fixed_name() -> None:
    assert len(FIXED) == 25
    assert set(OPERATIONS) >= FIXED


def test_the_table_names_every_operation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines[1:]} == set(OPERATIONS)
    assert lines[0].split() == ["OPERATION", *(p.title.upper() for p in supported.platforms())]


def test_one_operation_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", "add_to_cart"]) == 0
    text = capsys.readouterr().out
    for part in ("quantity: int (default 1)", "out_of_stock", "returns  Cart"):
        assert part in text


def test_an_unknown_operation_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", "fly"]) == 2
    assert "fly" in capsys.readouterr().err


@pytest.mark.parametrize("chosen", [[], ["check_order"]])
def test_json_has_everything(chosen: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", *chosen, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    names = [row["name"] for row in document["operations"]]
    assert names == (chosen or list(OPERATIONS))
    row = next(r for r in document["operations"] if r["name"] == "check_order")
    woo = row["platforms"]["woocommerce"]
    assert woo["supported"]
    assert [parameter["name"] for parameter in woo["parameters"]] == ["order", "email"]
    assert {"type": "not_found", "fault": "customer"}.items() <= woo["errors"][0].items()


def test_every_link_in_the_page_has_a_target() -> None:
    text = reference.page()
    targets = {line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= targets


def test_every_operation_is_described_in_full() -> None:
    for name, spec in OPERATIONS.items():
        assert spec.description.endswith(".")
        assert name in spec.example
        assert set(spec.errors) <= set(ERROR_TYPES), name
        for parameter in spec.parameters:
            assert parameter.description.endswith("."), (name, parameter.name)
    for platform in supported.platforms():
        for name, planned in platform.operations.items():
            assert planned.calls, (platform.name, name)
            assert set(planned.errors) <= set(ERROR_TYPES), (platform.name, name)
