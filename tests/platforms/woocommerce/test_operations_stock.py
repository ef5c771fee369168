"""How many pieces there are, of products and of their variations, and which are few."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.woocommerce import changing


def test_stock_is_reported_in_all_its_states(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    assert shop.check_stock("SKU-001").status == "out_of_stock"
    assert not shop.check_stock("SKU-001").in_stock
    assert shop.check_stock("MOTOR-1").in_stock
    uncounted = store.add_product(name="Digital", sku="D", price="1", manage_stock=False)
    uncounted.update(stock_quantity=None)
    assert shop.check_stock("D").quantity is None
    oversold = store.add_product(
        name="Over", sku="O", price="1", stock_quantity=-3, backorders_allowed=True
    )
    oversold.update(stock_status="onbackorder")
    stock = shop.check_stock("O")
    assert (stock.status, stock.in_stock, stock.quantity) == ("on_backorder", True, -3)


def test_pieces_of_a_product_with_variations_are_added_up(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    found = shop.get_stock_quantity("MOTOR-1")
    assert found.quantity == 12
    assert found.variations == {1001: 0, 1002: 4, 1003: 8}
    store.shop.variations[1001].update(manage_stock=False, stock_quantity=None)
    partly = shop.get_stock_quantity("MOTOR-1")
    assert partly.quantity is None
    assert partly.variations == {1001: None, 1002: 4, 1003: 8}


def test_pieces_of_one_variation_are_its_own_or_its_products(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    assert shop.get_stock_quantity("MOTOR-1-24V").quantity == 4
    store.shop.variations[1002].update(manage_stock="parent", stock_quantity=9)
    assert shop.get_stock_quantity("MOTOR-1-24V").quantity == 9


def test_a_fraction_of_a_piece_is_not_rounded(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.shop.products[19]["stock_quantity"] = 2.5
    assert shop.get_stock_quantity(19).quantity == Decimal("2.5")


def test_low_stock_is_what_is_at_or_below_the_threshold_fewest_first(shop: WooCommerce) -> None:
    found = shop.get_low_stock_products(threshold=3)
    assert found.complete
    quantities = [item.quantity for item in found]
    assert quantities == sorted(quantities)
    assert found.total == len(found) == 9
    assert {item.quantity for item in found} == {0, 2, 3}
    assert "Motor 1 - 12V" in {item.name for item in found}
    four = shop.get_low_stock_products(threshold=4)
    assert found.total + 2 == four.total


def test_a_product_that_cannot_be_read_takes_no_other_out_of_the_low_stock(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    whole = shop.get_low_stock_products(threshold=3)
    store.faults.add(changing("*/wc/v3/products", lambda rows: [None, *rows[1:]]))
    found = shop.get_low_stock_products(threshold=3)
    assert (len(found), found.unreadable, found.total) == (len(whole) - 1, 1, None)


def test_what_is_on_backorder_can_be_had_and_what_no_cart_takes_cannot(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    names = {"ordered": "onbackorder", "sold": "outofstock", "there": "instock"}
    for name, status in names.items():
        store.add_product(name=name, sku=name, price="1", stock_status=status)
    for kind in ("external", "grouped"):
        store.add_product(name=kind, sku=kind, price="1", stock_status="instock", type=kind)
    found = shop.search_products(in_stock=True, limit=100)
    assert found.total == len(found)
    assert {"ordered", "there"} <= {product.name for product in found}
    assert not {"sold", *("external", "grouped")} & {product.name for product in found}
    assert [p.name for p in shop.search_products(in_stock=True, limit=1)] == ["there"]
    assert not shop.check_stock("external").in_stock


def test_what_is_not_for_sale_cannot_be_bought_although_it_is_in_stock(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """A product without a price, or of a catalogue: the cart refuses it (as WooCommerce 11.0.1)."""
    store.add_product(name="there", sku="there", price="1", stock_status="instock")
    store.add_product(name="priceless", sku="priceless", stock_status="instock", purchasable=False)
    stock = shop.check_stock("priceless")
    assert (stock.in_stock, stock.status) == (False, "in_stock")
    assert [p.name for p in shop.search_products(in_stock=True, limit=1)] == ["there"]
    found = shop.search_products(in_stock=True, limit=100)
    assert "priceless" not in {product.name for product in found}
    assert found.total == len(found)
    assert "priceless" in {product.name for product in shop.search_products(limit=100)}


def test_a_store_that_ignores_the_filter_of_stock_shows_nothing_wrong(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    every = [{**row} for row in store.shop.products.values()]
    store.faults.add(changing("*/products", lambda _: every))
    found = shop.search_products(in_stock=False, limit=100)
    assert {product.name for product in found} == {"Part 1 Valve", "Part 2 Hose", "Part 3 Seal"}


def test_variations_that_share_their_products_stock_do_not_end_the_list(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    before = shop.get_low_stock_products(threshold=3)
    parent = next(p for p in store.shop.products.values() if p["type"] == "variable")
    parent.update(manage_stock=True, stock_quantity=50)
    shared = [store.shop.variations[number] for number in parent["variations"]]
    own = [v["id"] for v in shared if v["stock_quantity"] <= 3]
    for variation in shared:
        variation.update(manage_stock="parent", stock_quantity=50)
    found = shop.get_low_stock_products(threshold=3)
    assert {row.product_id for row in before} - {row.product_id for row in found} == set(own)
    parent["stock_quantity"] = 2
    found = shop.get_low_stock_products(threshold=3)
    assert parent["id"] in {row.product_id for row in found}
    assert found.complete


def test_nothing_is_low_where_stock_management_is_switched_off(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """The report keeps the quantities, and the products say that they are no stock (24638)."""
    assert shop.get_low_stock_products(threshold=3)

    def uncounted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "manage_stock": False} for row in rows]

    for path in ("*/v3/products", "*/wc-analytics/variations"):
        store.faults.add(changing(path, uncounted))
    found = shop.get_low_stock_products(threshold=3)
    assert (found.items, found.total, found.unreadable) == ((), 0, 0)


def test_bundles_whose_stock_is_that_of_their_parts_do_not_end_the_list(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """WPC Product Bundles 8.5.6: the store sorts them as without stock and shows what is computed.

    One stands alone in front, others follow each other.
    """
    whole = shop.get_low_stock_products(threshold=3)
    uncounted = {"id": 7000, "parent_id": 0, "sku": "", "name": "Service", "manage_stock": False}
    uncounted |= {"stock_status": "instock", "stock_quantity": 0}
    computed = [251, 40, 40, 7, 90, 12, 3000, 8, 9, 10, 11, 6, 50]
    bundles = [
        {**uncounted, "id": 8000 + n, "manage_stock": True, "stock_quantity": quantity}
        for n, quantity in enumerate(computed)
    ]
    front = [uncounted, bundles[0], uncounted, *bundles[1:]]
    store.faults.add(changing("*/reports/stock", lambda rows: [*front, *rows]))
    assert shop.get_low_stock_products(threshold=3) == whole


def test_many_bundles_whose_computed_stock_rises_do_not_end_the_list(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    whole = shop.get_low_stock_products(threshold=3)
    for number in range(150):
        bundle = store.add_product(name=f"Bundle {number}", sku=f"B{number}", price="1")
        bundle.update(manage_stock=False, stock_quantity=None, type="woosb")

    def computed(row: dict[str, Any]) -> dict[str, Any]:
        if not row["name"].startswith("Bundle"):
            return row
        return {**row, "manage_stock": True, "stock_quantity": row["id"]}

    store.faults.add(changing("*/reports/stock", lambda rows: [computed(row) for row in rows]))
    assert shop.get_low_stock_products(threshold=3) == whole
    # One page at first, and then two with the bundles and the counted products.
    assert sum("/reports/stock" in path for _, path in store.requests) == 3


def test_low_stock_is_of_published_products_and_variations(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    before = shop.get_low_stock_products(threshold=3)
    product = next(row.product_id for row in before if row.parent_id is None)
    variation = next(row.product_id for row in before if row.parent_id is not None)
    store.shop.products[product]["status"] = "private"
    store.shop.variations[variation]["status"] = "private"
    after = shop.get_low_stock_products(threshold=3)
    assert {row.product_id for row in before} - {row.product_id for row in after} == {
        product,
        variation,
    }


def test_a_stock_report_that_counts_products_and_shows_none_is_not_complete(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    store.faults.add(changing("*/reports/stock", lambda _: []))
    found = shop.get_low_stock_products()
    assert (len(found), found.total, found.complete) == (0, None, False)


def test_low_stock_is_limited_but_counted(shop: WooCommerce) -> None:
    found = shop.get_low_stock_products(threshold=3, limit=2)
    assert (len(found), found.total) == (2, 9)


def test_what_is_not_counted_is_not_low(store: SimulatedWooCommerce, shop: WooCommerce) -> None:
    for number in range(150):
        store.add_product(
            name=f"Digital {number}", sku=f"D{number}", price="1", manage_stock=False
        ).update(stock_quantity=None)
    found = shop.get_low_stock_products(threshold=3)
    assert found.total == 9
    assert found.complete


def test_a_variation_with_an_odd_stock_is_reported_and_in_no_sum(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    whole = shop.get_stock_quantity("MOTOR-1")
    change = {"stock_quantity": "many", "manage_stock": True}
    store.faults.add(changing("*/variations", lambda rows: [{**rows[0], **change}, *rows[1:]]))
    found = shop.get_stock_quantity("MOTOR-1")
    assert found.quantity is None
    assert found.variations.items() < whole.variations.items()
    assert found.unreadable == ("quantity", "variations")
