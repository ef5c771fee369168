"""Stock, and the best sellers that are out of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....net.plans import Plan
from ...kit.fields import Fields
from ...kit.figures import counts
from ...kit.monitoring import collector
from ..api import ANALYTICS, PAGE, V3, Api

_DAYS = 30
_MOST_SELLERS = 50


@collector(interval=900.0, timeout=60.0)
def stock(api: Api, _: Run) -> Plan[Report]:
    """Stock as WooCommerce's stock report counts it: products and variations, each on its own.

    The store keeps these counts ready until a product changes.
    """
    try:
        body = yield from api.get(f"{ANALYTICS}/reports/stock/stats")
    except StoreError as error:
        if error.error_type != "api_not_found":
            raise
        message = "the stock report is not there: WooCommerce Analytics is switched off"
        raise StoreError("api_not_found", message, status=error.status) from error
    totals = Fields(body, "the stock report").child("totals")
    low, out = totals.integer("lowstock"), totals.integer("outofstock")
    # The report counts what is low among what is in stock.
    enough = totals.integer("instock") - low
    if enough < 0:
        raise StoreError("invalid_response", "the stock report has more low stock than stock")
    return counts(business.PRODUCTS, {"in": enough, "low": low, "out": out})


@collector(interval=3600.0, timeout=60.0, requests=2)
def best_sellers(api: Api, run: Run) -> Plan[Report]:
    """The best sellers of the last 30 days and which of them are out of stock.

    A product with variations is out when all of them are.
    """
    today = datetime.fromtimestamp(run.now(), UTC).date()
    days = {"date_min": str(today - timedelta(days=_DAYS)), "date_max": str(today)}
    sellers = yield from api.page(f"{V3}/reports/top_sellers", days)
    ids = {row.identifier("product_id") for row in islice(sellers, _MOST_SELLERS)}
    if not ids:
        # Shops with few orders have none. Before WooCommerce 11 a shop whose orders live in their
        # own tables has none either, so that a zero would be a guess.
        return Report(summary=f"no best sellers in the last {_DAYS} days")
    params = {
        "include": ",".join(map(str, sorted(ids))),
        "stock_status": "outofstock",
        "per_page": PAGE,
        "_fields": "id",
    }
    products = yield from api.page(f"{V3}/products", params)
    out = {row.identifier() for row in products}
    if out - ids:
        raise StoreError("invalid_response", "products answered with some that were not asked for")
    sample = Sample(business.BEST_SELLERS_OUT, len(out))
    return Report([sample], summary=f"{len(out)} of {len(ids)} best sellers are out of stock")
