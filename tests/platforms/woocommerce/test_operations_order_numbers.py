"""Orders by numbers of a plugin that the store's search does not know."""

from __future__ import annotations

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.errors import StoreError
from store_exporter.platforms.woocommerce import WooCommerce

ORDERS = "/wp-json/wc/v3/orders"


def numbered(store: SimulatedWooCommerce, count: int, before: str = "A-") -> dict[str, int]:
    """Place orders which a plugin numbers from 1 on; each seventh has been deleted since."""
    ids = {}
    for value in range(1, count + 1):
        number = f"{before}{value}"
        order = store.edit_order(store.new_order("completed")["id"], number=number)
        if value % 7:
            ids[number] = order["id"]
        else:
            del store.shop.orders[order["id"]]
    return ids


def pages(store: SimulatedWooCommerce) -> int:
    """The pages of the list that were requested; forgets them."""
    asked = [path for _, path in store.requests if "orderby=id" in path]
    store.requests.clear()
    return len(asked)


@pytest.mark.parametrize("before", ["", "A-", "INV/2026-000"])
def test_a_number_that_the_search_does_not_know_is_found_by_its_place(
    store: SimulatedWooCommerce, shop: WooCommerce, before: str
) -> None:
    ids = numbered(store, 470, before)
    for value in (1, 99, 235, 400, 470):
        store.requests.clear()
        number = f"{before}{value}"
        # The search would find it by the number alone only if it were an id.
        assert shop.check_order(number).id == ids[number]
        assert pages(store) <= 3


def test_a_number_that_nothing_has_ends_the_search(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    numbered(store, 250)
    for number, most in (("A-7", 3), ("A-9000", 1), ("B-3", 1), ("none", 0)):
        store.requests.clear()
        with pytest.raises(StoreError) as failure:
            shop.check_order(number)
        assert failure.value.error_type == "not_found"
        assert pages(store) <= most


def test_one_page_is_requested_of_a_shop_that_numbers_orders_by_their_ids(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    for _ in range(120):
        store.new_order("completed")
    store.requests.clear()
    with pytest.raises(StoreError, match="there is no order 99999999"):
        shop.check_order("99999999")
    assert pages(store) == 1


def test_an_order_that_cannot_be_read_hides_no_other(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    ids = numbered(store, 5)
    store.edit_order(store.new_order("completed")["id"], number=None)
    assert shop.check_order("A-3").id == ids["A-3"]


def test_orders_that_the_plugin_did_not_number_hide_no_other(
    store: SimulatedWooCommerce, shop: WooCommerce
) -> None:
    """Drafts and what was placed before the plugin have their ids, which are far larger."""
    ids = {}
    for value in range(1, 901):
        order = store.new_order("completed")
        if value % 3:
            del store.shop.orders[order["id"]]
        elif value % 4:
            ids[str(value)] = store.edit_order(order["id"], number=str(value))["id"]
    for number in ("3", "153", "303", "402", "597", "897"):
        assert shop.check_order(number).id == ids[number]
