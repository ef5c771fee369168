"""Searches for variants that run out. A search of Shopify is never exact, so each is checked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from ...errors import StoreError
from ...net.plans import Plan
from ..kit.graphql.documents import PAGE, Nodes
from ..kit.reading.fields import Fields
from .api import Api
from .product_lookup import quoted
from .reading import product_results

_DOCUMENT, _ROOT = "ScarceVariants", "productVariants"
_NARROWED = " AND product_status:active AND managed:true"


def scarce_variants(api: Api, threshold: int, limit: int, kind: str | None = None) -> Plan[Nodes]:
    """Read the variants on sale that are counted, with `threshold` pieces left or fewer.

    The index of Shopify's search lags behind, and a filter that it does not know is ignored. So a
    first page is requested by the number of pieces alone, as is known from real shops, and each
    variant is checked. Further filters are used only if there are more variants, and must find all
    that were seen to be right; the description of `managed` speaks of fulfilment services.

    Args:
        api: of the store.
        threshold: in pieces.
        limit: the most that are read.
        kind: their product type; None for all.

    Returns:
        Those, and nodes that cannot be read.

    Raises:
        StoreError: also invalid_response, the filters leave out variants that they should find.
    """

    def is_requested(node: Any, *, unreadable: bool) -> bool:
        try:
            variant = Fields.row(node, _ROOT, 0)
            is_of_kind = kind is None or product_results.is_of_type(variant.child("product"), kind)
            return is_of_kind and product_results.is_scarce(variant, threshold)
        except StoreError:
            return unreadable

    matches = partial(is_requested, unreadable=True)
    query = f"inventory_quantity:<={threshold}"
    first = yield from api.admin.page(_DOCUMENT, _ROOT, {"query": query}, PAGE, None)
    found, is_all = list(filter(matches, first.items)), first.checked().after is None
    if is_all or len(found) >= limit:
        return Nodes(found[:limit], is_all and len(found) <= limit, first.connection)
    query += _NARROWED if kind is None else f"{_NARROWED} AND product_type:{quoted(kind)}"
    rest = yield from api.admin.nodes(
        _DOCUMENT, _ROOT, {"query": query}, limit=limit, matches=matches
    )
    seen = filter(partial(is_requested, unreadable=False), found)
    if rest.complete and not _ids(seen) <= _ids(rest.items):
        raise StoreError(
            "invalid_response", f"{_ROOT}: Shopify's search leaves out some of {query}"
        )
    return rest


def all_scarce_variants(api: Api, threshold: int, limit: int) -> Plan[list[Any]]:
    """Read all of them, as above.

    Raises:
        StoreError: also response_too_large, there are more than `limit`.
    """
    found = yield from scarce_variants(api, threshold, limit)
    if not found.complete:
        raise StoreError("response_too_large", f"{_ROOT}: there are more than {limit}")
    return found.items


def _ids(nodes: Iterable[Any]) -> set[str]:
    return {str(node["id"]) for node in nodes if isinstance(node, dict) and "id" in node}
