"""One odd row of a list is left out of a figure and told; the figure of the others is right."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import pytest

from store_demo.stores.faults import Fault
from store_exporter.errors import StoreError
from tests.fakes.direct import changing
from tests.platforms.members import spoilt

from .watching import Watched, figures, watching

LISTS = {
    "webhooks": ("webhooks", "*/webhooks", ("id", "status")),
    "order_statuses": ("order_statuses", "*/orders/totals", ("slug", "total")),
    "stock rows": (
        "best_sellers",
        "*/reports/stock",
        ("id", "sku", "parent_id", "name", "stock_status", "stock_quantity", "manage_stock"),
    ),
    "orders of best sellers": (
        "best_sellers",
        "*/wc/v3/orders",
        ("id", "status", "currency", "date_created_gmt", "line_items"),
    ),
}
"""The collector, the list that it reads, and the members that it reads of a row."""
LEFT_OUT = ("name", "sku", "parent_name", "meta_data", "taxes", "image", "variation_id")
"""What a row is the same row without, or may be a number, and what nobody reads of lines."""


async def kept(store: Watched, path: str, name: str) -> list[Any]:
    """Collect once, and return what the list had."""
    seen: list[Any] = []

    def keep(body: Any) -> Any:
        seen.append(copy.deepcopy(body))
        return body

    fault = store.shop.faults.add(Fault(path=path, change=keep))
    await store.collect(name)
    store.shop.faults.remove(fault)
    return list(seen[0])


def instead(rows: list[Any], other: list[Any], body: Any) -> Any:
    """Return the other list in place of the rows."""
    return other if body == rows else body


@pytest.mark.usefixtures("same_members")
@pytest.mark.parametrize("case", LISTS)
async def test_an_odd_row_is_reported_and_never_hides_the_others(case: str) -> None:
    name, path, members = LISTS[case]
    async with watching(orders=12, products=11, customers=3) as store:
        for state in ("active", "paused", "active", "disabled"):
            store.shop.shop.add_webhook(state)
        whole = figures(await store.collect(name))
        rows = await kept(store, path, name)
        assert len(rows) > 2
        read = [{m: row[m] for m in members if m in row} for row in rows]
        told = 0
        for body in spoilt(read, 1, LEFT_OUT):
            # Plugins leave an order's lines out, or null, where it has none.
            is_order = "line_items" in members and isinstance(body[1], dict)
            if is_order and not body[1].get("line_items"):
                continue
            fault = store.shop.faults.add(changing(path, partial(instead, rows, body)))
            report = await store.collect(name)
            store.shop.faults.remove(fault)
            told += bool(report.degraded)
            found = figures(report)
            assert found == whole or report.degraded, body[1]
            assert found, body[1]
        assert told > 10


async def test_a_row_of_the_stock_report_that_cannot_be_read_does_not_hide_the_list() -> None:
    async with watching(orders=12, products=11, customers=3) as store:
        whole = await store.collect("best_sellers")
        rows = await kept(store, "*/reports/stock", "best_sellers")
        for odd in ({"id": None}, {"stock_status": "abc"}):
            changed = instead(rows, [{**rows[0], **odd}, *rows[1:]], rows)
            fault = store.shop.faults.add(
                changing("*/reports/stock", partial(instead, rows, changed))
            )
            report = await store.collect("best_sellers")
            store.shop.faults.remove(fault)
            assert "Scarce products" in report.degraded[0]
            lost = figures(whole).keys() - figures(report).keys()
            assert 0 < len(lost) <= 2


@pytest.mark.parametrize("odd", [None, {"stock_status": "outofstock"}])
async def test_a_best_seller_that_cannot_be_read_hides_no_other(odd: Any) -> None:
    async with watching(orders=0) as store:
        store.lists = False
        sold = [p["id"] for p in store.shop.shop.everything_sold()][:3]
        for product in sold:
            store.shop.new_order("completed", lines=[(product, 1)])
            store.shop.set_stock(product, 0)
        store.shop.faults.add(changing("*/wc/v3/products", lambda rows: [odd, *rows[1:]]))
        report = await store.collect("best_sellers")
        assert figures(report)["store_best_sellers_out_of_stock"] == 2
        assert report.degraded[0].startswith("Best sellers that could not be read")


@pytest.mark.parametrize("odd", [None, {"id": None}, {"date_modified_gmt": None}, {"status": 1}])
async def test_a_cart_that_cannot_be_read_counts_without_a_value(odd: Any) -> None:
    def spoil(rows: list[Any]) -> list[Any]:
        return [odd and {**rows[0], "date_modified": None, **odd}, *rows[1:]]

    async with watching(orders=0) as store:
        for _ in range(3):
            store.shop.new_order("pending", total="5.00")
        store.clock.now += 7200
        whole = figures(await store.collect("carts"))
        store.shop.faults.add(changing("*/wc/v3/orders", spoil))
        report = await store.collect("carts")
        number = "store_carts_abandoned"
        assert figures(report) == {number: whole[number]}
        assert report.degraded[0].startswith("The value of abandoned carts is not known: orders[0]")


async def test_orders_that_the_list_counts_and_does_not_show_are_reported_by_the_best_sellers() -> (
    None
):
    async with watching(orders=12, products=11, customers=3) as store:
        store.shop.faults.add(changing("*/wc/v3/orders", lambda rows: rows[1:]))
        (reason,) = (await store.collect("best_sellers")).degraded
        assert reason == "The list of orders left out 1 of those that it counts."


async def test_what_is_counted_and_not_there_at_all_is_an_error() -> None:
    async with watching(orders=12, products=11, customers=3) as store:
        store.shop.shop.add_webhook("active")
        for name, path in (("webhooks", "*/webhooks"), ("best_sellers", "*/wc/v3/orders")):
            fault = store.shop.faults.add(changing(path, lambda _: []))
            with pytest.raises(StoreError):
                await store.collect(name)
            store.shop.faults.remove(fault)


async def test_a_status_without_a_name_is_reported() -> None:
    async with watching(orders=12, products=11, customers=3) as store:
        change = changing("*/orders/totals", lambda rows: [{**rows[0], "slug": ""}, *rows[1:]])
        store.shop.faults.add(change)
        report = await store.collect("order_statuses")
        assert "Statuses that could not be read" in report.degraded[0]
        assert "store_orders_current{other}" not in figures(report)


@pytest.mark.parametrize("odd", ["refunds", "line_items"])
async def test_what_an_order_lists_twice_counts_once(odd: str) -> None:
    name = "orders" if odd == "refunds" else "best_sellers"
    async with watching(orders=12, products=11, customers=3) as store:
        store.shop.refund(store.shop.new_order("completed")["id"], "2.00")
        options = {"since": "2020-01-01"} if name == "orders" else {}
        whole = figures(await store.collect(name, **options))
        store.cursor.discard("")
        double = changing("*/orders", lambda rows: [{**r, odd: r.get(odd, []) * 2} for r in rows])
        store.shop.faults.add(double)
        report = await store.collect(name, **options)
        assert (figures(report), report.degraded) == (whole, [])
