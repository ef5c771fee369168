"""Operations on products. Searching uses the Storefront API, all else the Admin API."""

from __future__ import annotations

from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Category, Listing, LowStock
from ...kit.operations import arguments
from ...kit.operations.plans import plan
from ...kit.operations.products import product_plans
from ...kit.reading.lists import listing, page_of
from ..api import Api
from ..product_lookup import LOOKUP, Lookup
from ..reading.product_results import category as read_category
from ..reading.product_results import low_stock
from ..scarce_variants import scarce_variants

_MOST = 1000


OF_ONE = product_plans(Lookup, calls=LOOKUP)


@plan(Operations.get_product_categories, calls=("admin Collections",))
def get_product_categories(api: Api, parent: int | str | None = None) -> Plan[Listing[Category]]:
    """The collections; a collection has no collections below it."""
    if parent not in (None, 0, "0"):
        return Listing((), total=0)
    return (
        yield from api.admin.listing(
            "Collections", "collections", {}, read_category, limit=_MOST, ours=True
        )
    )


@plan(Operations.get_low_stock_products, calls=("admin LowStock",))
def get_low_stock_products(
    api: Api, threshold: int = 5, limit: int = 20, category: int | str | None = None
) -> Plan[Listing[LowStock]]:
    """Variants of active products that are low or sold out. `category` is a product type."""
    arguments.whole_number(threshold, "threshold")
    wanted = arguments.limit(limit)
    kind = None if category is None else arguments.text(str(category), "category")
    found = yield from scarce_variants(api, "LowStock", threshold, wanted, kind)
    total = len(found.items) if found.complete else None
    return page_of(listing(found.items, "productVariants", low_stock, total=total), 1, wanted)
