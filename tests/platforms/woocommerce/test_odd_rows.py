"""One odd row of a list is left out of a figure and told; the figure of the others is right."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import pytest

from store_demo.stores.faults import Fault
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
LEFT_OUT = ("sku", "parent_name", "meta_data", "taxes", "image", "variation_id")
"""What a row is the same row without, and what nobody reads of the lines of orders."""


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


@pytest.mark.parametrize("case", LISTS)
async def test_an_odd_row_is_told_and_never_hides_the_others(case: str) -> None:
    name, path, members = LISTS[case]
    async with watching(orders=12, products=11, customers=3) as store:
        for state in ("active", "paused", "active", "disabled"):
            store.shop.shop.add_webhook(state)
        whole = figures(await store.collect(name))
        rows = await kept(store, path, name)
        assert len(rows) > 2
        read = [{m: row[m] for m in members if m in row} for row in rows]
        told = 0
        for body in spoilt(read, 1, LEFT_OUT if "name" in members else (*LEFT_OUT, "name")):
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
