"""Stock, by WooCommerce's own counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....net.plans import Plan
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import count_report
from ...kit.reading.fields import Fields, whole_number
from ..api import ANALYTICS, V3, Api

STOCK_REPORT = f"{ANALYTICS}/reports/stock"
LOW, OUT, IN = "lowstock", "outofstock", "instock"


@collector(interval=900.0, timeout=60.0)
def stock(api: Api, _: Run) -> Plan[Report]:
    """Stock as WooCommerce's stock report counts it: products and variations, each separately.

    The store keeps these counts ready until a product changes.
    """
    return count_report(business.PRODUCTS, (yield from stock_counts(api)))


def stock_counts(api: Api) -> Plan[Mapping[str, int]]:
    """Return how many products and variations are in stock, low and out.

    Raises:
        StoreError: invalid_response, the report does not see the products.
    """
    report = yield from api.get_object(f"{STOCK_REPORT}/stats", "the stock report")
    totals = report.child("totals")
    low, out, every = (totals.integer(name) for name in (LOW, OUT, IN))
    nothing = not any((low, out, every, totals.integer("onbackorder")))
    # The report reads a table that is empty in some shops.
    if nothing and (yield from api.has_any(f"{V3}/products")):
        raise StoreError("invalid_response", "the stock report has no products, the shop has")
    if _counts_too_many(totals):
        low, out, every = yield from _listed_counts(api)
    # Products with low stock are also counted as in stock.
    if every < low:
        raise StoreError("invalid_response", "the stock report has more low stock than stock")
    return {"in": every - low, "low": low, "out": out}


def _counts_too_many(totals: Fields) -> bool:
    """Whether the report counts products that nobody can buy: drafts, and those in the trash.

    WooCommerce before 10.6 did, except in `products`, the number of products.
    """
    if not totals.has("products"):
        return False
    # Members of plugins are among them and may have any type.
    others = (totals.raw(name) for name in totals.names() if name not in (LOW, "products"))
    return sum(whole_number(count) or 0 for count in others) > totals.integer("products")


def _listed_counts(api: Api) -> Plan[Sequence[int]]:
    """Return how many products the report lists as low, out and in stock, without those."""
    counts = []
    for kind, status in ((LOW, IN), (OUT, OUT), (IN, IN)):
        query = {"type": kind, "_fields": "stock_status"}
        counts.append((yield from api.count(STOCK_REPORT, query, partial(_has_status, status))))
    return counts


def _has_status(status: str, row: Fields) -> bool:
    return row.text("stock_status") == status
