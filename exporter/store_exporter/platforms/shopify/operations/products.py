"""Operations about what is sold. Searching asks the Storefront API, all else the Admin API."""

from __future__ import annotations

from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Category, Listing, LowStock
from ...kit import checks
from ...kit.lists import on_page
from ...kit.operations import plan
from ...kit.products import product_plans
from .. import models
from ..api import Api
from ..product_lookup import LOOKUP, Lookup, quoted

_MOST = 1000


OF_ONE = product_plans(Lookup, calls=LOOKUP)


@plan(Operations.get_product_categories, calls=("admin Collections",))
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """The collections; below any of them there are none."""
    if parent not in (None, 0, "0"):
        return Listing((), total=0)
    return (
        yield from api.admin.listing(
            "Collections", "collections", {}, models.category, limit=_MOST, ours=True
        )
    )


@plan(Operations.get_low_stock_products, calls=("admin LowStock",))
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20, category: int | str | None = None
) -> Plan[Listing[LowStock]]:
    """Variants of active products that are low or sold out. `category` is a product type."""
    checks.whole(threshold, "threshold")
    wanted = checks.limit(limit)
    query = models.scarce_query(threshold)
    if category is not None:
        query += f" AND product_type:{quoted(checks.text(str(category), 'category'))}"
    found = yield from api.admin.listing(
        "LowStock", "productVariants", {"query": query}, models.low_stock, limit=wanted
    )
    return on_page(found, 1, wanted)
