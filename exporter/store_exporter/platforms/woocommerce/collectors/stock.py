"""Stock, and products that are running out, by WooCommerce's own stock report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from ....contract import Report, Run
from ....errors import StoreError
from ....metrics.catalogue import business
from ....metrics.catalogue.values import StockState
from ....net.plans import Plan
from ...kit.monitoring.declare import collector
from ...kit.monitoring.figures import count_report
from ...kit.monitoring.named_lists import ScarceProduct
from ...kit.monitoring.sold import Sold
from ...kit.reading.fields import Fields
from ...kit.reading.lists import Rows, partly_read, readable, unexpected_items
from .. import facts
from ..api import ANALYTICS, PAGE, V3, Api
from ..reading.product_results import counts_stock

_REPORT = f"{ANALYTICS}/reports/stock"
LOW, OUT, IN = "lowstock", "outofstock", "instock"
_STATUSES = (OUT, IN, "onbackorder")
_ROW = "id,parent_id,name,sku,stock_status,stock_quantity,manage_stock"


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
    report = yield from api.get_object(f"{_REPORT}/stats", "the stock report")
    totals = report.child("totals")
    low, out, every = (totals.integer(name) for name in (LOW, OUT, IN))
    nothing = not any((low, out, every, totals.integer("onbackorder")))
    # The report reads a table that is empty in some shops.
    if nothing and (yield from api.rows(f"{V3}/products", {"_fields": "id"}, limit=1)).items:
        raise StoreError("invalid_response", "the stock report has no products, the shop has")
    if _counts_too_many(totals):
        low, out, every = yield from _listed_counts(api)
    # Products with low stock are also counted as in stock.
    if every < low:
        raise StoreError("invalid_response", "the stock report has more low stock than stock")
    if low and not (yield from facts.manages_stock(api)):
        low = 0
    return {StockState.IN: every - low, StockState.LOW: low, StockState.OUT: out}


def _counts_too_many(totals: Fields) -> bool:
    """Whether the report counts products that nobody can buy: drafts, and those in the trash.

    WooCommerce before 10.6 did, except in `products`, the number of products.
    """
    if not totals.has("products"):
        return False
    # Members of plugins are among them and may have any type.
    others = (name for name in totals.names() if name not in (LOW, "products"))
    return sum(map(totals.integer_or, others)) > totals.integer("products")


def _listed_counts(api: Api) -> Plan[Sequence[int]]:
    """Return how many products the report lists as low, out and in stock, without those."""
    counts = []
    for kind, status in ((LOW, IN), (OUT, OUT), (IN, IN)):
        query = {"type": kind, "_fields": "id,stock_status"}
        counts.append((yield from api.count(_REPORT, query, partial(_has_status, status))))
    return counts


def _has_status(status: str, row: Fields) -> bool:
    return row.text("stock_status") == status


def scarce_products(
    api: Api, sold: Sold, known: Collection[int]
) -> Plan[tuple[list[ScarceProduct], list[StoreError]]]:
    """Return what is out or low in the stock report, and why other rows could not be read.

    If the report lacks products that are `known` to be out from the list of products, it reads a
    table that is not kept up to date.

    Raises:
        StoreError: api_not_found, Analytics is switched off; invalid_response, the report is
            incomplete, or none of it can be read.
    """
    failures: list[StoreError] = []
    out = yield from _stock_rows(api, OUT, sold, failures)
    # A row that cannot be read may be one of the missing products.
    if not failures and known - out.keys() - {parent for parent, _ in out.values()}:
        raise StoreError("invalid_response", "the stock report lacks products that are out")
    low = yield from _stock_rows(api, LOW, sold, failures)
    if low and not (yield from facts.manages_stock(api)):
        low = {}
    if not out and not low:
        if failures:
            raise failures[0]
        yield from stock_counts(api)
    rows = {**low, **out}
    # A product whose variations are all out is listed beside them.
    parents = {parent for parent, _ in rows.values()}
    own = [
        row
        for number, (_, row) in rows.items()
        if number not in parents and row.raw("manage_stock") != "parent"
    ]
    scarce, unreadable = readable(own, "the stock report", partial(_scarce_product, sold))
    return scarce, failures + unreadable


def _stock_rows(
    api: Api, kind: str, sold: Sold, failures: list[StoreError]
) -> Plan[dict[int, tuple[int, Fields]]]:
    """Return rows of the stock report by id: the first hundred, and those of what sold lately.

    Each row is paired with the id of its variation's product, or 0. Errors of rows that cannot be
    read are added to `failures`.
    """
    query = {
        "type": kind,
        "orderby": "stock_quantity",
        "order": "asc",
        "_fields": _ROW,
    }
    first = yield from api.rows(_REPORT, query, limit=PAGE)
    found = _checked_rows(first, kind, failures)
    if first.total is None or first.total > len(first.items):
        wanted = sorted(sold.of_variations, key=lambda one: -sold.of_variations[one])[: PAGE // 2]
        wanted += sold.best(PAGE - len(wanted))
        named = {**query, "include": ",".join(map(str, wanted))}
        more = yield from api.rows(_REPORT, named, limit=PAGE)
        found |= _checked_rows(more, kind, failures)
    return found


def _checked_rows(
    rows: Rows, kind: str, failures: list[StoreError]
) -> dict[int, tuple[int, Fields]]:
    found, wrong = partly_read(rows.items, "the stock report", _read_row)
    failures += wrong
    if any(status != (OUT if kind == OUT else IN) for status, *_ in found):
        raise unexpected_items("the stock report")
    return {number: (parent, row) for _, number, parent, row in found}


def _read_row(row: Fields) -> tuple[str, int, int, Fields]:
    status, number = row.one_of("stock_status", _STATUSES), row.identifier()
    return status, number, row.identifier_if_any("parent_id") or 0, row


def _scarce_product(sold: Sold, row: Fields) -> ScarceProduct:
    left = row.quantity("stock_quantity") if counts_stock(row) else 0
    is_out = row.text("stock_status") == OUT
    name, sku = row.text_or_number("name"), row.text_or("sku")
    return sold.scarce(row.identifier(), name, sku, left, is_out=is_out)
