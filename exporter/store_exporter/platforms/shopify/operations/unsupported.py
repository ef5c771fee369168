"""Operations of other platforms that Shopify cannot do: they say so, and that is measured."""

from __future__ import annotations

from ....errors import UnsupportedOperationError
from ....net.plans import Plan
from ...kit.described import operation
from ...kit.results import Listing, Review
from ..api import Api

_REVIEWS = "reviews belong to apps of other makers, each with its own API"


@operation(
    "Lists reviews of a product; Shopify has none of its own.",
    parameters={"product": "Any.", "limit": "Any."},
    errors=("unsupported_operation",),
    calls=(),
    example='store.get_product_reviews("SKU-010")',
)
def get_product_reviews(
    api: Api, product: int | str | None = None, limit: int = 10
) -> Plan[Listing[Review]]:
    """Refuse.

    Raises:
        UnsupportedOperationError: always.
    """
    del api, product, limit
    raise UnsupportedOperationError("get_product_reviews", "Shopify", _REVIEWS)


REASONS = {"get_product_reviews": _REVIEWS}
"""Why, by operation."""
