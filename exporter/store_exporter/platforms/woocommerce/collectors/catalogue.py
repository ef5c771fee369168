"""Stock, and the best sellers that are out of it."""

from __future__ import annotations

from collections import defaultdict

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.families import Sample
from ....net.plans import Plan
from ....spec.money import Quantity
from ...kit.fields import Fields
from ...kit.figures import counts
from ...kit.monitoring import collector
from ...kit.rest import unasked
from ..api import ANALYTICS, MAX_PAGES, PAGE, V3, Api, gmt

_DAYS = 30
_MOST_SELLERS = 12
"""As many as WooCommerce's own report has."""
_SOLD = ("completed", "processing", "on-hold")


@collector(interval=900.0, timeout=60.0)
def stock(api: Api, _: Run) -> Plan[Report]:
    """Stock as WooCommerce's stock report counts it: products and variations, each on its own.

    The store keeps these counts ready until a product changes.
    """
    body = yield from api.get(f"{ANALYTICS}/reports/stock/stats")
    totals = Fields(body, "the stock report").child("totals")
    low, out = totals.integer("lowstock"), totals.integer("outofstock")
    # The report counts what is low among what is in stock.
    enough = totals.integer("instock") - low
    if not any((low, out, enough, totals.integer("onbackorder"))):
        # The report reads a table that some shops have empty.
        listed = yield from api.page(f"{V3}/products", {"per_page": 1, "_fields": "id"})
        if len(listed):
            raise StoreError("invalid_response", "the stock report has no products, the shop has")
    if enough < 0:
        raise StoreError("invalid_response", "the stock report has more low stock than stock")
    return counts(business.PRODUCTS, {"in": enough, "low": low, "out": out})


@collector(interval=3600.0, timeout=60.0, requests=11)
def best_sellers(api: Api, run: Run) -> Plan[Report]:
    """The best sellers of the last 30 days and which of them are out of stock.

    They are taken from the newest 1,000 orders of these days, as WooCommerce's own report is empty
    in shops whose orders are in tables of their own, and up to a day old in others. A product with
    variations is out when all of them are.
    """
    since = run.now() - _DAYS * 86_400
    params = {
        "status": ",".join(_SOLD),
        "after": gmt(since),
        "dates_are_gmt": "true",
        "_fields": "id,status,date_created_gmt,line_items",
    }
    orders = yield from api.rows(f"{V3}/orders", params, limit=PAGE * MAX_PAGES)
    pieces: defaultdict[int, Quantity] = defaultdict(int)
    for row in (Fields(item, "order") for item in orders.items):
        if row.text("status") not in _SOLD or row.seconds("date_created_gmt") < since - 1:
            raise unasked("the list of orders")
        for line in row.children("line_items"):
            # Of a product that was deleted since, the id is 0.
            pieces[line.integer("product_id")] += line.quantity("quantity")
    pieces.pop(0, None)
    ids = sorted(pieces, key=lambda product: (-pieces[product], product))[:_MOST_SELLERS]
    if not ids:
        return Report(summary=f"no best sellers in the last {_DAYS} days")
    query = {
        "include": ",".join(map(str, sorted(ids))),
        "stock_status": "outofstock",
        "per_page": PAGE,
        "_fields": "id,stock_status",
    }
    products = yield from api.page(f"{V3}/products", query)
    out = set()
    for product in products:
        if product.identifier() not in ids or product.text("stock_status") != "outofstock":
            raise unasked("the list of products")
        out.add(product.identifier())
    sample = Sample(business.BEST_SELLERS_OUT, len(out))
    return Report([sample], summary=f"{len(out)} of {len(ids)} best sellers are out of stock")
