"""Which product an id or a SKU names, and what is left of one in all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ...errors import StoreError
from ...net.plans import Plan
from ...spec.money import Quantity
from . import checks
from .fields import Fields

T = TypeVar("T")


def find(
    product: int | str,
    by_sku: Callable[[str], Plan[T | None]],
    by_id: Callable[[int], Plan[T | None]],
) -> Plan[T]:
    """Return the product or variation that an id or SKU names.

    A number is an id. A string is a SKU, or an id when no product has that SKU and it consists of
    digits: SKUs may be numbers too.

    Args:
        product: the id or SKU.
        by_sku: finds what has a SKU.
        by_id: finds what has an id, which is above zero.

    Raises:
        StoreError: not_found.
    """
    if isinstance(product, bool) or not isinstance(product, (int, str)):
        raise StoreError("invalid_request", "product is neither an id nor a SKU")
    if isinstance(product, str):
        sku = checks.text(product, "product")
        found = yield from by_sku(sku)
        if found is not None:
            return found
        if not (sku.isascii() and sku.isdigit() and len(sku) < 18):
            raise StoreError("not_found", f"there is no product with the SKU {sku}")
        product = int(sku)
    found = (yield from by_id(product)) if product > 0 else None
    if found is None:
        raise StoreError("not_found", f"there is no product {product}")
    return found


def of_sku(rows: Iterable[Fields], sku: str) -> Fields | None:
    """Return what has a SKU; stores ignore case when they search, so the exact one comes first."""
    alike = [row for row in rows if row.text_or("sku").casefold() == sku.casefold()]
    return next((row for row in alike if row.text_or("sku") == sku), next(iter(alike), None))


def in_all(counted: Iterable[Quantity | None]) -> Quantity | None:
    """Add up what is left of variations; one that is not counted makes the sum unknown."""
    known = list(counted)
    total: Quantity = 0
    for quantity in known:
        if quantity is None:
            return None
        total += quantity
    return total if known else None
