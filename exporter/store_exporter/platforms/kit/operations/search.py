"""Searching for products: the arguments, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple, TypeVar

from ....errors import ErrorName
from ....net.plans import Plan
from ....spec.operations import Operations
from ....spec.results import Listing, Product
from ..reading.lists import page_of
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT")

SORTS = ("newest", "price", "price_desc", "popularity", "rating", "title")


class SearchRequest(NamedTuple):
    """The criteria of a search; None for any.

    Attributes:
        words: in name and description.
        category: id, slug or name.
        low: the lowest price, in the shop's currency.
        high: the highest.
        in_stock: whether the product can be bought.
        attributes: options by name, both in lower case.
        sort: one of `SORTS`; None for the platform's own order.
        limit: products on a page.
        page: its number, from 1.
    """

    words: str | None
    category: int | str | None
    low: Decimal | None
    high: Decimal | None
    in_stock: bool | None
    attributes: Mapping[str, str]
    sort: str | None
    limit: int
    page: int

    @property
    def reach(self) -> int:
        """How many products must be read for the page; all of them if we filter them ourselves."""
        return arguments.MOST_ITEMS if self.attributes else self.limit * self.page

    def shown(self, found: Listing[Product]) -> Listing[Product]:
        """Return the requested page of a list that was read so far.

        Attribute options are compared here, because no platform can search for all of them.
        """
        if self.attributes:
            kept = tuple(product for product in found if self._has_options(product))
            is_known = not any("attributes" in product.unreadable for product in found)
            is_whole = found.complete and len(found) == found.total
            total = len(kept) if is_whole and is_known else None
            found = replace(found, items=kept, total=total)
        return page_of(found, self.page, self.limit)

    def _has_options(self, product: Product) -> bool:
        own = {
            name.casefold(): {option.casefold() for option in options}
            for name, options in product.attributes.items()
        }
        return all(option in own.get(name, ()) for name, option in self.attributes.items())


def search_plan(
    *, calls: tuple[str, ...], errors: tuple[ErrorName, ...] = ()
) -> Callable[
    [Callable[[ApiT, SearchRequest], Plan[Listing[Product]]]], Planned[..., Listing[Product]]
]:
    """Make a function the plan of search_products; the arguments are those of `plan`."""

    def planned(
        search: Callable[[ApiT, SearchRequest], Plan[Listing[Product]]],
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
            attributes: Mapping[str, str] | None = None,
            sort: str | None = None,
            limit: int = 10,
            page: int = 1,
        ) -> Plan[Listing[Product]]:
            size = arguments.limit(limit)
            arguments.items_to_read(size, page)
            request = SearchRequest(
                arguments.text(query, "query") if query is not None and query.strip() else None,
                arguments.text(category, "category") if isinstance(category, str) else category,
                arguments.amount(min_price, "min_price"),
                arguments.amount(max_price, "max_price"),
                in_stock,
                arguments.attributes(attributes),
                None if sort is None else arguments.choice(sort, "sort", SORTS),
                size,
                page,
            )
            return search(api, request)

        return search_products

    return planned
