"""Stock, by WooCommerce's own counts."""

from __future__ import annotations

from collections.abc import Mapping

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....net.plans import Plan
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import count_report
from ..api import ANALYTICS, V3, Api


@collector(interval=900.0, timeout=60.0)
def stock(api: Api, _: Run) -> Plan[Report]:
    """Stock as WooCommerce's stock report counts it: products and variations, each on its own.

    The store keeps these counts ready until a product changes.
    """
    return count_report(business.PRODUCTS, (yield from stock_counts(api)))


def stock_counts(api: Api) -> Plan[Mapping[str, int]]:
    """Return how many products and variations are in stock, low and out.

    Raises:
        StoreError: invalid_response, the report does not see the products.
    """
    report = yield from api.get_object(f"{ANALYTICS}/reports/stock/stats", "the stock report")
    totals = report.child("totals")
    low, out = totals.integer("lowstock"), totals.integer("outofstock")
    # The report counts what is low among what is in stock.
    enough = totals.integer("instock") - low
    nothing = not any((low, out, enough, totals.integer("onbackorder")))
    # The report reads a table that some shops have empty.
    if nothing and (yield from api.has_any(f"{V3}/products")):
        raise StoreError("invalid_response", "the stock report has no products, the shop has")
    if enough < 0:
        raise StoreError("invalid_response", "the stock report has more low stock than stock")
    return {"in": enough, "low": low, "out": out}
