"""Searches for variants that run out. A search of Shopify is never exact, so each is checked."""

from __future__ import annotations

from typing import Any

from ...errors import StoreError
from ...net.plans import Plan
from ..kit.graphql.documents import PAGE, Nodes
from ..kit.reading.fields import Fields
from .api import Api
from .product_lookup import quoted
from .reading import product_results

_ROOT = "productVariants"
_COUNTED = " AND managed:true"


def scarce_variants(
    api: Api, document: str, threshold: int, limit: int, kind: str | None = None
) -> Plan[Nodes]:
    """Read the variants on sale that are counted, with `threshold` pieces left or fewer.

    The index of Shopify's search lags behind, and finds variants whose stock is not counted, too.
    Only the filter `managed:true` keeps these away, but its description speaks of fulfilment
    services. So it is used only if there are more variants than on a first page without it, and
    must find all that are counted there.

    Args:
        api: of the store.
        document: the query, which requests what `is_scarce` reads, fewest pieces first.
        threshold: in pieces.
        limit: the most that are read.
        kind: their product type; None for all.

    Returns:
        Those, and nodes that cannot be read.

    Raises:
        StoreError: also invalid_response, the filter leaves out variants that are counted.
    """
    query = f"inventory_quantity:<={threshold} AND product_status:active"
    if kind is not None:
        query += f" AND product_type:{quoted(kind)}"

    def matches(node: Any) -> bool:
        try:
            variant = Fields.row(node, _ROOT, 0)
            is_of_kind = kind is None or product_results.is_of_type(variant.child("product"), kind)
            return is_of_kind and product_results.is_scarce(variant, threshold)
        except StoreError:
            return True

    first = yield from api.admin.page(document, _ROOT, {"query": query}, min(limit, PAGE), None)
    found, complete = list(filter(matches, first.items)), first.checked().after is None
    if complete or len(found) >= limit:
        return Nodes(found, complete, first.connection)
    counted = yield from api.admin.nodes(
        document, _ROOT, {"query": query + _COUNTED}, limit=limit, matches=matches
    )
    if counted.complete and not _ids(found) <= _ids(counted.items):
        message = f"{_ROOT}: the search by managed:true leaves out variants that are counted"
        raise StoreError("invalid_response", message)
    return counted


def all_scarce_variants(api: Api, document: str, threshold: int, limit: int) -> Plan[list[Any]]:
    """Read all of them, as above.

    Raises:
        StoreError: also response_too_large, there are more than `limit`.
    """
    found = yield from scarce_variants(api, document, threshold, limit)
    if not found.complete:
        raise StoreError("response_too_large", f"{_ROOT}: there are more than {limit}")
    return found.items


def _ids(nodes: list[Any]) -> set[str]:
    return {str(node["id"]) for node in nodes if isinstance(node, dict) and "id" in node}
