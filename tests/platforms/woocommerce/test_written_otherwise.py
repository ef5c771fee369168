"""Members that plugins of real shops write as another type, as published reports show them.

Most are from the trackers and fixtures of WooCommerce's own mobile applications: texts of digits as
numbers (woocommerce-ios 9836, 9298), no stock as an empty text (9840), whole variations instead of
their ids (5512), lists as objects (woocommerce 14184).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.platforms.woocommerce import WooCommerce
from store_exporter.platforms.woocommerce.collectors.sellers import _is_component
from store_exporter.platforms.woocommerce.reading.product_results import product_ids, read_product
from tests.fakes.woocommerce import changing

PRODUCT: dict[str, Any] = {
    "id": 282,
    "type": "simple",
    "name": "Book",
    "sku": "A",
    "price": "17.00",
    "regular_price": "17.00",
    "on_sale": False,
    "manage_stock": True,
    "stock_quantity": 3,
    "stock_status": "instock",
    "backorders_allowed": False,
    "rating_count": 0,
}


def read(**odd: Any) -> Any:
    return read_product(Fields({**PRODUCT, **odd}, "product"), "GBP")


def test_a_text_of_digits_may_be_a_number() -> None:
    sizes = [{"name": 1984, "options": [38, Decimal("38.5"), "40"]}]
    found = read(name=1984, sku=123, categories=[{"name": 2026}], attributes=sizes)
    assert (found.name, found.sku, found.stock.sku) == ("1984", "123", "123")
    assert found.categories == ("2026",)
    assert found.attributes == {"1984": ("38", "38.5", "40")}
    assert read(attributes=[{"name": "Size", "option": 38}]).attributes == {"Size": ("38",)}


@pytest.mark.parametrize("odd", [None, False, "x", {"id": None, "name": None}])
def test_what_is_missing_from_a_list_of_a_product_is_named(odd: Any) -> None:
    found = read(
        categories=[odd, {"name": "Pumps"}],
        attributes=[odd, {"name": "Size", "options": ["S"]}],
        variations=[5, odd],
    )
    assert (found.categories, found.attributes) == (("Pumps",), {"Size": ("S",)})
    assert found.variations == (5,)
    assert found.unreadable == ("categories", "attributes", "variations")


@pytest.mark.parametrize("nothing", [None, "", False])
def test_a_quantity_that_is_nothing_is_not_counted(nothing: Any) -> None:
    found = read(stock_quantity=nothing)
    assert (found.stock.quantity, found.stock.unreadable) == (None, ())


@pytest.mark.parametrize(
    "variations", [[5, 6], ["5", "6"], [{"id": 5, "sku": "A"}, {"id": 6}], {"1": 5, "4": 6}]
)
def test_variations_are_known_by_their_ids_however_they_are_listed(variations: Any) -> None:
    assert read(type="variable", variations=variations).variations == (5, 6)
    assert product_ids(Fields({"id": 4, "variations": variations}, "product")) == {4, 5, 6}


def test_a_part_of_a_bundle_is_one_also_if_its_meta_data_is_an_object() -> None:
    meta = {"2": {"key": "_bundled_by", "value": "1"}}
    assert _is_component(Fields({"meta_data": meta}, "line"))


def test_a_sku_of_digits_finds_its_product_and_not_the_one_with_that_id(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """The product with the id 25 is another one."""
    store.shop.products[18]["sku"] = "25"

    def numeric(rows: Any) -> Any:
        return [row | {"sku": int(row["sku"])} if row["sku"] == "25" else row for row in rows]

    store.faults.add(changing("*/wc/v3/products", numeric))
    assert shop.check_stock("25").product_id == 18
    assert shop.check_stock(25).product_id == 25


def test_a_coupon_of_digits_is_found(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    coupon = next(iter(store.shop.coupons.values()))
    numeric = [{**coupon, "code": 2026}]
    store.faults.add(changing("*/coupons", lambda _: numeric))
    assert shop.validate_coupon("2026").code == "2026"
