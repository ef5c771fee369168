"""`wc-analytics`: sales by the date of payment, customers, and two ideas of low stock."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .answers import Call, Document, Reply, paged
from .dates import moment
from .reports_api import ZERO, items_in, number, summed
from .shop import Shop

_ROOT = "/wp-json/wc/v3"
_CUSTOMERS = "/wp-json/wc-analytics/customers"
_LOW = 2
_COUNTED = ("publish", "private")
_EARNED = ("completed", "processing", "refunded")


def _is_low(item: Document) -> bool:
    own = item["low_stock_amount"]
    threshold = _LOW if own is None else own
    return bool(item["manage_stock"] and item["stock_quantity"] <= threshold)


def _low(shop: Shop) -> list[Document]:
    """Return low and empty stock together, as two of the four answers do."""
    return [item for item in shop.everything_sold() if _is_low(item)]


def low_in_stock(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/products/low-in-stock: low and empty, variations too."""
    rows = []
    for item in sorted(_low(shop), key=lambda i: -i["id"]):
        parent = shop.products.get(item["parent_id"])
        rows.append(
            {
                "id": item["id"],
                "images": [],
                "attributes": item["attributes"],
                "low_stock_amount": item["low_stock_amount"],
                "last_order_date": None,
                "name": item["name"] if parent is None else f"{parent['name']} - {item['name']}",
                "parent_id": item["parent_id"],
                "stock_quantity": item["stock_quantity"],
                "type": item["type"],
            }
        )
    return paged(call, rows, shop.base)


def count_low_in_stock(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/products/count-low-in-stock."""
    del call
    total = len(_low(shop))
    return Reply({"total": total}, 200, {"X-WP-Total": str(total), "X-WP-TotalPages": "0"})


def _stock_row(shop: Shop, item: Document) -> Document:
    parent = shop.products.get(item["parent_id"])
    own = item["low_stock_amount"]
    return {
        "id": item["id"],
        "parent_id": item["parent_id"],
        "name": item["name"] if parent is None else f"{parent['name']} - {item['name']}",
        "sku": item["sku"],
        "stock_status": item["stock_status"],
        # Zero for what is not counted, which `manage_stock` alone tells from sold out.
        "stock_quantity": item["stock_quantity"] or 0,
        "manage_stock": item["manage_stock"],
        "low_stock_amount": own if own is not None else _LOW,
        "_links": {"product": [{"href": f"{shop.base}{_ROOT}/products/{item['id']}"}]},
    }


def stock(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/reports/stock: low without the empty, or the empty, or by status."""
    wanted, ids = call.params.get("type", "all"), call.values("include")
    chosen = [
        item
        for item in (*shop.products.values(), *shop.variations.values())
        if item["status"] in _COUNTED
        and (not ids or str(item["id"]) in ids)
        and (
            wanted in ("all", item["stock_status"])
            or (wanted == "lowstock" and _is_low(item) and item["stock_quantity"] > 0)
        )
    ]
    if call.params.get("orderby") == "stock_quantity":
        # In SQL what has no quantity is less than any; equals are sorted by id.
        chosen.sort(
            key=lambda item: (_quantity(item), item["id"]),
            reverse=call.params.get("order", "asc") == "desc",
        )
    return paged(call, [_stock_row(shop, item) for item in chosen], shop.base)


def stock_stats(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/reports/stock/stats: the counts alone, what is low among what is in.

    Before 10.6 drafts and the trash are among those, and not in the number of products.
    """
    del call
    items = [*shop.products.values(), *shop.variations.values()]
    listed = [item for item in items if item["status"] in _COUNTED]
    counted = listed if shop.habits.version >= (10, 6) else items
    statuses = Counter(item["stock_status"] for item in counted)
    low = sum(
        _is_low(item) and item["stock_status"] == "instock" and item["stock_quantity"] > 0
        for item in counted
    )
    totals = {"products": len(listed), "lowstock": low}
    totals |= {name: statuses[name] for name in ("instock", "outofstock", "onbackorder")}
    return Reply({"totals": totals})


def _quantity(item: Document) -> float:
    return float(item["stock_quantity"]) if item["manage_stock"] else float("-inf")


def customers(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/reports/customers."""
    rows = []
    for customer in shop.customers.values():
        mine = [
            order
            for order in shop.orders.values()
            if order["customer_id"] == customer["id"] and order["status"] in _EARNED
        ]
        spent = summed(mine) - sum(
            (Decimal(r["amount"]) for order in mine for r in shop.refunds[order["id"]]), ZERO
        )
        newest = max((order["date_created"] for order in mine), default=None)
        average = spent / len(mine) if mine else ZERO
        rows.append(
            shop.templates.get(
                "analytics_customer",
                id=customer["id"] - 1,
                user_id=customer["id"],
                username=customer["username"],
                name=f"{customer['first_name']} {customer['last_name']}",
                first_name=customer["first_name"],
                last_name=customer["last_name"],
                email=customer["email"],
                date_registered=customer["date_created"],
                date_registered_gmt=customer["date_created_gmt"],
                # Written by SQL, not by PHP: a space instead of the T.
                date_last_order=newest.replace("T", " ") if newest else None,
                orders_count=len(mine),
                total_spend=number(spent),
                avg_order_value=number(average.quantize(Decimal("0.01"))),
                _links={
                    "customer": [{"href": f"{shop.base}{_CUSTOMERS}/{customer['id'] - 1}"}],
                    "collection": [{"href": shop.base + _CUSTOMERS}],
                },
            )
        )
    key = {"total_spend": "total_spend", "orders_count": "orders_count"}.get(
        call.params.get("orderby", ""), "date_registered"
    )
    rows.sort(key=lambda row: row[key], reverse=call.params.get("order", "desc") == "desc")
    return paged(call, rows, shop.base)


def _stats(shop: Shop, orders: Sequence[Document], refunds: Decimal) -> Document:
    gross = summed(orders)
    average = gross / len(orders) if orders else ZERO
    return {
        "orders_count": len(orders),
        "num_items_sold": items_in(orders),
        "gross_sales": number(gross),
        "total_sales": number(gross - refunds),
        "coupons": 0,
        "coupons_count": 0,
        "refunds": number(refunds),
        "taxes": 0,
        "shipping": 0,
        "net_revenue": number(gross - refunds),
        "avg_items_per_order": round(items_in(orders) / len(orders), 2) if orders else 0,
        "avg_order_value": number(average.quantize(Decimal(1).scaleb(-shop.decimals))),
        "total_customers": len({order["customer_id"] for order in orders}),
    }


def stats(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/reports/{orders,revenue}/stats: one interval per day, newest first."""
    now = datetime.fromtimestamp(shop.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    low = moment(shop, call, "after") or "1970-01-01T00:00:00"
    high = moment(shop, call, "before", end_of_day=True) or now
    imported = datetime.fromtimestamp(shop.clock() - shop.analytics_lag, UTC)
    newest = imported.strftime("%Y-%m-%dT%H:%M:%S")
    paid = [
        order
        for order in shop.orders.values()
        if order["status"] in _EARNED
        and order["date_paid_gmt"] is not None
        and low <= order["date_paid_gmt"] <= high
        and order["date_paid_gmt"] <= newest
    ]
    refunds = [
        refund
        for rows in shop.refunds.values()
        for refund in rows
        if low <= refund["date_created_gmt"] <= min(high, newest)
    ]
    given_back = sum((Decimal(refund["amount"]) for refund in refunds), ZERO)
    sums: dict[str, Any] = {**_stats(shop, paid, given_back), "segments": []}
    sums["products"] = len({line["product_id"] for o in paid for line in o["line_items"]})
    days = sorted({order["date_paid"][:10] for order in paid}, reverse=True)
    intervals = []
    for day in days:
        mine = [order for order in paid if order["date_paid"].startswith(day)]
        back = [Decimal(r["amount"]) for r in refunds if r["date_created"].startswith(day)]
        intervals.append(
            {
                "interval": day,
                "date_start": f"{day} 00:00:00",
                "date_start_gmt": f"{day} 00:00:00",
                "date_end": f"{day} 23:59:59",
                "date_end_gmt": f"{day} 23:59:59",
                "subtotals": {**_stats(shop, mine, sum(back, ZERO)), "segments": []},
            }
        )
    pages = math.ceil(len(intervals) / 10)
    headers = {"X-WP-Total": str(len(intervals)), "X-WP-TotalPages": str(pages)}
    return Reply({"totals": sums, "intervals": intervals}, 200, headers)
