"""Which variants run out is checked, because Shopify's search finds others and leaves some out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.shopify import SimulatedShopify
from store_exporter.errors import StoreError
from store_exporter.platforms.shopify import Shopify
from tests.fakes.direct import Json, changing
from tests.platforms.operations import failure
from tests.platforms.shopify.watching import Watched, figures, watched


def untracked(shop: SimulatedShopify, count: int) -> None:
    """Add variants whose stock is not counted, and which show more pieces missing than any."""
    rows = [(f"FREE-{n}", Decimal("1.00"), -9, {"Size": str(n)}) for n in range(count)]
    for variant in shop.stock_room.add_product("Print", "Print", rows).variants:
        variant.tracked = False


def searching(shop: SimulatedShopify, change: Callable[[list[Json]], list[Json]]) -> None:
    """Change the variants that searches find."""

    def changed(answer: Json) -> Json:
        if "productVariants" in answer["data"]:
            rows = answer["data"]["productVariants"]
            rows["nodes"] = change(rows["nodes"])
        return answer

    shop.faults.add(changing("*", changed))


def skus(found: Any) -> list[str]:
    return [row.sku for row in found]


def test_variants_that_are_not_counted_do_not_take_the_place_of_those_that_are(
    shop: SimulatedShopify, store: Shopify
) -> None:
    before = store.get_low_stock_products(limit=8)
    untracked(shop, 150)
    found = store.get_low_stock_products(limit=8)
    assert skus(found) == skus(before)
    assert (found.unreadable, found.complete) == (0, True)


def test_a_variant_that_has_more_again_is_left_out_and_another_takes_its_place(
    shop: SimulatedShopify, store: Shopify
) -> None:
    whole = store.get_low_stock_products(limit=100)
    stale = set(skus(whole)[:2])

    def restocked(rows: list[Json]) -> list[Json]:
        return [row | {"inventoryQuantity": 24} if row["sku"] in stale else row for row in rows]

    searching(shop, restocked)
    assert skus(store.get_low_stock_products(limit=3)) == skus(whole)[2:5]


def test_a_product_type_is_matched_as_a_whole(shop: SimulatedShopify, store: Shopify) -> None:
    shop.stock_room.add_product("Mount", "Motor mount", [("MOUNT", Decimal("1.00"), 1, {})])
    # Shopify's search looks for words.
    shop.stock_room.by_sku("MOUNT").product.kind = "Motor"
    searching(
        shop,
        lambda rows: [
            row | {"product": row["product"] | {"productType": "Motor mount"}}
            if row["sku"] == "MOUNT"
            else row
            for row in rows
        ],
    )
    assert "MOUNT" not in skus(store.get_low_stock_products(limit=100, category="motor"))


@pytest.fixture
def full() -> Watched:
    """A shop with more variants that are not counted than a page holds."""
    shop = watched()
    untracked(shop.shop, 150)
    return shop


async def test_stock_is_counted_beside_many_variants_that_are_not(full: Watched) -> None:
    plain = figures(await watched().collect("stock"))
    found = figures(await full.collect("stock"))
    assert found == plain | {"store_products{in}": plain["store_products{in}"] + 150}


async def test_a_filter_that_leaves_out_counted_variants_is_no_figure(full: Watched) -> None:
    room = full.shop.stock_room
    room.by_sku("SKU-002").quantity = -10
    seen: list[str] = []

    def only_others(rows: list[Json]) -> list[Json]:
        seen.append("page")
        return rows if len(seen) == 1 else [row for row in rows if row["inventoryQuantity"] > -10]

    searching(full.shop, only_others)
    with pytest.raises(StoreError, match="leaves out some of inventory_quantity:<=5") as caught:
        await full.collect("stock")
    assert caught.value.error_type == "invalid_response"


def test_a_low_variant_that_cannot_be_read_is_left_out_and_counted(
    shop: SimulatedShopify, store: Shopify
) -> None:
    whole = skus(store.get_low_stock_products(limit=100))
    searching(
        shop,
        lambda rows: [
            row | {"inventoryItem": 7} if row["sku"] == whole[0] else row for row in rows
        ],
    )
    found = store.get_low_stock_products(limit=100)
    assert (skus(found), found.unreadable) == (whole[1:], 1)


def test_a_product_type_that_the_search_does_not_find_is_no_empty_list(
    shop: SimulatedShopify, store: Shopify
) -> None:
    (first, *_) = store.get_low_stock_products(category="Motor", limit=1)
    untracked(shop, 150)
    shop.stock_room.by_sku(first.sku).quantity = -10
    pages: list[int] = []

    def none_of_the_type(rows: list[Json]) -> list[Json]:
        pages.append(len(rows))
        return rows if len(pages) == 1 else []

    searching(shop, none_of_the_type)
    error = failure(store.get_low_stock_products, category="Motor")
    assert (error.error_type, "product_type" in error.message) == ("invalid_response", True)


def test_a_draft_is_not_listed_and_not_missed(shop: SimulatedShopify, store: Shopify) -> None:
    before = skus(store.get_low_stock_products(limit=8))
    draft = [("DRAFT", Decimal("1.00"), -10, dict[str, str]())]
    shop.stock_room.add_product("Draft", "Draft", draft).status = "DRAFT"
    untracked(shop, 150)
    assert skus(store.get_low_stock_products(limit=8)) == before
