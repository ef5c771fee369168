"""Operations on products. Searching uses the Storefront API, all else the Admin API."""

from __future__ import annotations

from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Category, Listing, LowStock
from ...kit.operations import arguments
from ...kit.operations.plans import plan
from ...kit.operations.products import product_plans
from ...kit.reading.lists import page_of
from ..api import Api
from ..product_lookup import LOOKUP, Lookup, quoted
from ..reading import product_results

_MOST = 1000


OF_ONE = product_plans(Lookup, calls=LOOKUP)


@plan(Operations.get_product_categories, calls=("admin Collections",))
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """The collections; a collection has no collections below it."""
    if parent not in (None, 0, "0"):
        return Listing((), total=0)
    return (
        yield from api.admin.listing(
            "Collections", "collections", {}, product_results.category, limit=_MOST, ours=True
        )
    )


@plan(Operations.get_low_stock_products, calls=("admin LowStock",))
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20, category: int | str | None = None
) -> Plan[Listing[LowStock]]:
    """Variants of active products that are low or sold out. `category` is a product type."""
    arguments.whole_number(threshold, "threshold")
    wanted = arguments.limit(limit)
    query = product_results.scarce_query(threshold)
    if category is not None:
        query += f" AND product_type:{quoted(arguments.text(str(category), 'category'))}"
    found = yield from api.admin.listing(
        "LowStock", "productVariants", {"query": query}, product_results.low_stock, limit=wanted
    )
    return page_of(found, 1, wanted)
