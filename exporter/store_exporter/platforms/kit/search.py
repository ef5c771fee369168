"""Searching for products: the arguments, checked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, TypeVar

from ...net.plans import Plan
from ...spec.operations import Operations
from ...spec.results import Listing, Product
from . import checks
from .operations import Planned, plan

ApiT = TypeVar("ApiT")


class Search(NamedTuple):
    """What is searched for; None for what does not matter.

    Attributes:
        words: in name and description.
        category: id, slug or name.
        low: the lowest price, in the shop's currency.
        high: the highest.
        in_stock: whether it can be had.
        limit: the most products to return.
    """

    words: str | None
    category: int | str | None
    low: Decimal | None
    high: Decimal | None
    in_stock: bool | None
    limit: int


def search_plan(
    *, calls: tuple[str, ...], errors: tuple[str, ...] = ()
) -> Callable[[Callable[[ApiT, Search], Plan[Listing[Product]]]], Planned[..., Listing[Product]]]:
    """Make a function the plan of search_products; the arguments are those of `plan`."""

    def planned(
        search: Callable[[ApiT, Search], Plan[Listing[Product]]],
    ) -> Planned[..., Listing[Product]]:
        @plan(Operations.search_products, calls=calls, errors=errors, notes_of=search)
        def search_products(
            api: ApiT,
            query: str | None = None,
            *,
            category: int | str | None = None,
            min_price: Decimal | float | str | None = None,
            max_price: Decimal | float | str | None = None,
            in_stock: bool | None = None,
            limit: int = 10,
        ) -> Plan[Listing[Product]]:
            asked = Search(
                checks.text(query, "query") if query is not None and query.strip() else None,
                checks.text(category, "category") if isinstance(category, str) else category,
                checks.amount(min_price, "min_price"),
                checks.amount(max_price, "max_price"),
                in_stock,
                checks.limit(limit),
            )
            return search(api, asked)

        return search_products

    return planned
