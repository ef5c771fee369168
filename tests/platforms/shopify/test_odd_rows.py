"""One odd row of a list is left out of a figure and told; the figure of the others is right."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from store_demo.stores.faults import Fault
from tests.fakes.direct import changing
from tests.platforms.members import spoilt

from .watching import Watched, figures, watched

LISTS = {
    "scarce variants": ("stock", "productVariants"),
    "products": ("stock", "products"),
    "checkouts": ("carts", "abandonedCheckouts"),
    "orders of best sellers": ("best_sellers", "orders"),
    "scarce variants by name": ("best_sellers", "productVariants"),
}
"""The collector, and the connection that it reads."""
LEFT_OUT = ("sku", "product")
"""Of a line of an order the product is none where it was deleted since."""


def shop_of_all() -> Watched:
    shop = watched()
    for amount in ("10.50", "7.00", "99.00"):
        shop.shop.stock_room.new_checkout(Decimal(amount))
    shop.clock.advance(2 * 3600.0)
    return shop


async def kept(shop: Watched, name: str, root: str) -> list[Any]:
    """Collect once, and return what the connection had."""
    seen: list[Any] = []

    def keep(body: Any) -> Any:
        if root in body["data"]:
            seen.append(copy.deepcopy(body["data"][root]["nodes"]))
        return body

    fault = shop.shop.faults.add(Fault(change=keep))
    await shop.collect(name)
    shop.shop.faults.remove(fault)
    return list(seen[0])


@pytest.mark.parametrize("case", LISTS)
async def test_an_odd_row_is_reported_and_never_hides_the_others(case: str) -> None:
    name, root = LISTS[case]
    shop = shop_of_all()
    whole = figures(await shop.collect(name))
    rows = await kept(shop, name, root)
    assert len(rows) > 2
    told = 0
    for nodes in spoilt(rows, 1, LEFT_OUT):

        def spoil(body: Any, nodes: list[Any] = nodes) -> Any:
            if root in body["data"]:
                body["data"][root]["nodes"] = nodes
            return body

        fault = shop.shop.faults.add(changing("*", spoil))
        report = await shop.collect(name)
        shop.shop.faults.remove(fault)
        told += bool(report.degraded)
        assert figures(report) == whole or report.degraded, nodes[1]
        assert figures(report), nodes[1]
    assert told > 5


@pytest.mark.parametrize(
    ("name", "kept"),
    [("stock", "store_products{in}"), ("best_sellers", "store_listed_seller_sold")],
)
async def test_scarce_variants_none_of_which_can_be_read_hide_no_other_figure(
    name: str, kept: str
) -> None:
    def uncounted(body: Any) -> Any:
        for node in body["data"].get("productVariants", {}).get("nodes", []):
            node["inventoryQuantity"] = None
        return body

    shop = shop_of_all()
    whole = figures(await shop.collect(name))
    shop.shop.faults.add(changing("*", uncounted))
    report = await shop.collect(name)
    left = {figure: value for figure, value in whole.items() if figure.startswith(kept)}
    assert left
    assert left.items() <= figures(report).items()
    assert len(report.degraded) == 1
    assert "inventoryQuantity is null" in report.degraded[0]


async def test_a_status_that_makes_no_sense_is_left_out_and_reported() -> None:
    shop = watched()

    def spoil(body: Any) -> Any:
        if "completed" in body["data"]:
            body["data"]["completed"] = {"count": "n/a", "precision": "EXACT"}
        return body

    shop.shop.faults.add(changing("*", spoil))
    report = await shop.collect("order_statuses")
    assert len(report.samples) == 5
    assert "store_orders_current{completed}" not in figures(report)
    assert report.degraded
