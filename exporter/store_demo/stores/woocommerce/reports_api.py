"""`wc/v3/reports`: sales by the date on which orders were placed, and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain

from .answers import Call, Document, Reply, no_route
from .shop import Shop
from .templates import fresh

_ROOT = "/wp-json/wc/v3"
ZERO = Decimal(0)
_KEPT = 86_400.0
# Counted by the date of creation, and an order on hold counts; wc-analytics counts by the date of
# payment and leaves such orders out.
_SOLD = ("completed", "processing", "on-hold", "refunded")


def number(value: Decimal) -> int | float:
    """Return an amount as wc-analytics shows it: a JSON number."""
    return int(value) if value == int(value) else float(value)


def summed(orders: Sequence[Document]) -> Decimal:
    """Return the totals of orders together."""
    return sum((Decimal(order["total"]) for order in orders), ZERO)


def items_in(orders: Sequence[Document]) -> int:
    """Return how many pieces orders have."""
    return sum(line["quantity"] for order in orders for line in order["line_items"])


def _period(shop: Shop, call: Call) -> tuple[datetime, datetime]:
    """Return the first and last day of a v3 report, as the store's own calendar days."""
    today = datetime.fromtimestamp(shop.clock(), shop.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    starts = {
        "week": today - timedelta(days=6),
        "month": today.replace(day=1),
        "last_month": (today.replace(day=1) - timedelta(days=1)).replace(day=1),
        "year": today.replace(month=1, day=1),
    }
    first, last = starts.get(call.params.get("period", ""), today), today
    if call.params.get("date_min"):
        first = datetime.fromisoformat(call.params["date_min"]).replace(tzinfo=shop.zone)
    if call.params.get("date_max"):
        last = datetime.fromisoformat(call.params["date_max"]).replace(tzinfo=shop.zone)
    elif call.params.get("date_min"):
        last = today
    return first, last


def _between(
    shop: Shop, first: datetime, last: datetime, rows: Iterable[Document]
) -> list[Document]:
    """Return what was made in these days; nothing where orders are in their own tables."""
    low, high = (
        day.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        for day in (first, last + timedelta(days=1))
    )
    return [row for row in rows if not shop.hpos and low <= row["date_created_gmt"] < high]


def _sold(shop: Shop, first: datetime, last: datetime) -> list[Document]:
    placed = _between(shop, first, last, shop.orders.values())
    return [order for order in placed if order["status"] in _SOLD]


def _kept(shop: Shop, call: Call, made: Callable[[], list[Document]]) -> Reply:
    """Answer as at the first request of these days, for a day, as WooCommerce's transient does."""
    first, last = _period(shop, call)
    key = f"{call.path} {first} {last}"
    when, rows = shop.report_cache.get(key, (0.0, []))
    if shop.clock() - when >= _KEPT:
        rows = made()
        shop.report_cache[key] = (shop.clock(), rows)
    return Reply([fresh(row) for row in rows])


def sales(shop: Shop, call: Call) -> Reply:
    """GET reports/sales: one row, for a list; all zeros where orders are in their own tables."""
    return _kept(shop, call, lambda: _sales(shop, call))


def _sales(shop: Shop, call: Call) -> list[Document]:
    first, last = _period(shop, call)
    counted = [o for o in _sold(shop, first, last) if o["currency"] == shop.currency]
    refunds = _refunded(shop, first, last)
    total = summed(counted) - refunds
    days = max((last - first).days + 1, 1)
    report = shop.templates.get(
        "sales_report",
        total_sales=shop.amount(total),
        net_sales=shop.amount(total),
        average_sales=shop.amount(total / days),
        total_orders=len(counted),
        total_items=items_in(counted),
        total_tax=shop.amount(0),
        total_shipping=shop.amount(0),
        # A number, where its siblings are strings.
        total_refunds=number(refunds),
        total_discount=shop.amount(0),
        totals_grouped_by="day" if days <= 31 else "month",
        totals=_by_day(shop, first, days, counted) if days <= 31 else {},
        _links={"about": [{"href": f"{shop.base}{_ROOT}/reports"}]},
    )
    return [report]


def _refunded(shop: Shop, first: datetime, last: datetime) -> Decimal:
    """Return what was paid back in these days, whenever the orders were placed."""
    refunds = _between(shop, first, last, chain.from_iterable(shop.refunds.values()))
    return sum((Decimal(refund["amount"]) for refund in refunds), ZERO)


def _by_day(
    shop: Shop, first: datetime, days: int, counted: Sequence[Document]
) -> dict[str, Document]:
    rows = {}
    for offset in range(days):
        day = first + timedelta(days=offset)
        name = day.strftime("%Y-%m-%d")
        orders = [o for o in counted if o["date_created"].startswith(name)]
        rows[name] = {
            "sales": shop.amount(summed(orders)),
            "orders": len(orders),
            "items": items_in(orders),
            "tax": shop.amount(0),
            "shipping": shop.amount(0),
            "discount": shop.amount(0),
            "customers": 0,
            "refunds": shop.amount(_refunded(shop, day, day)),
        }
    return rows


def top_sellers(shop: Shop, call: Call) -> Reply:
    """GET reports/top_sellers; empty where orders are in their own tables."""
    return _kept(shop, call, lambda: _top_sellers(shop, call))


def _top_sellers(shop: Shop, call: Call) -> list[Document]:
    first, last = _period(shop, call)
    sold: Counter[tuple[int, str]] = Counter()
    for order in _sold(shop, first, last):
        for line in order["line_items"]:
            sold[line["product_id"], line["name"]] += line["quantity"]
    rows = []
    for (product_id, name), quantity in sold.most_common(12):
        links = {
            "about": [{"href": f"{shop.base}{_ROOT}/reports"}],
            "product": [{"href": f"{shop.base}{_ROOT}/products/{product_id}"}],
        }
        rows.append({"name": name, "product_id": product_id, "quantity": quantity, "_links": links})
    return rows


def totals(shop: Shop, call: Call, subject: str) -> Reply:
    """GET reports/{orders,products,customers,coupons,reviews}/totals."""
    del call
    counters: dict[str, Counter[str]] = {
        "orders": Counter(o["status"] for o in shop.orders.values()),
        "products": Counter(p["type"] for p in shop.products.values()),
        "customers": Counter(
            "paying" if c["is_paying_customer"] else "non_paying" for c in shop.customers.values()
        ),
        "coupons": Counter(c["discount_type"] for c in shop.coupons.values()),
        "reviews": Counter(f"rated_{r['rating']}_out_of_5" for r in shop.reviews.values()),
    }
    if subject not in counters:
        raise no_route()
    found, rows = counters[subject], shop.templates.rows(f"{subject}_totals")
    # Statuses and types of plugins are not in the template.
    added = found.keys() - {row["slug"] for row in rows}
    rows += [{"slug": slug, "name": slug} for slug in sorted(added)]
    return Reply([{**row, "total": found[row["slug"]]} for row in rows])
