"""Finds products by id or SKU; price and stock of a product, and totals of its variations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from ....errors import StoreError
from ....net.plans import Plan
from ....spec.money import Quantity
from ....spec.operations import Operations
from ....spec.results import Listing, Price, Product, Stock, StockQuantity
from ..reading.fields import Fields
from . import arguments
from .plans import Planned, plan

ApiT = TypeVar("ApiT")
T = TypeVar("T")


def find(
    product: int | str,
    by_sku: Callable[[str], Plan[T | None]],
    by_id: Callable[[int], Plan[T | None]],
) -> Plan[T]:
    """Return the product or variation that an id or SKU names.

    A number is an id. A string is a SKU, or an id when no product has that SKU and it is written
    like an id: SKUs may be numbers too. `by_id` is called with an id above zero.

    Raises:
        StoreError: not_found.
    """
    if isinstance(product, bool) or not isinstance(product, (int, str)):
        raise StoreError("invalid_request", "product is neither an id nor a SKU")
    if isinstance(product, str):
        sku = arguments.text(product, "product")
        found = yield from by_sku(sku)
        if found is not None:
            return found
        number = arguments.identifier_in(sku)
        if number is None:
            raise StoreError("not_found", f"there is no product with the SKU {sku}")
        product = number
    found = (yield from by_id(product)) if product > 0 else None
    if found is None:
        raise StoreError("not_found", f"there is no product {product}")
    return found


def matching_sku(rows: Iterable[Fields], sku: str) -> Fields | None:
    """Return the row with a SKU; an exact match comes first.

    Stores ignore case in searches, and databases spaces at the end, which imports left there.
    """
    alike = [row for row in rows if row.text_or("sku").strip().casefold() == sku.casefold()]
    return next((row for row in alike if row.text_or("sku") == sku), next(iter(alike), None))


def total_quantity(counted: Iterable[Quantity | None]) -> Quantity | None:
    """Add the stock of variations; if one is not counted, the sum is unknown."""
    known = list(counted)
    total: Quantity = 0
    for quantity in known:
        if quantity is None:
            return None
        total += quantity
    return total if known else None


@dataclass(frozen=True, slots=True)
class FoundProduct:
    """A product or a variation that was found.

    Attributes:
        product: the product or variation; its `stock` names what the shop counts and prices.
        variations: its variations; empty if it has none, None if they must be requested.
        whole: whether the product has all its details.
        unreadable: the reason for each variation that is left out; price and stock of the product
            are then unknown.
    """

    product: Product
    variations: Sequence[Product] | None = None
    whole: bool = True
    unreadable: Sequence[StoreError] = ()

    def complete(self) -> FoundProduct:
        """Return the offer.

        Raises:
            StoreError: invalid_response, some of it could not be read.
        """
        if self.unreadable:
            raise self.unreadable[0]
        return self


class Lookup(ABC, Generic[ApiT]):
    """Finds products on a platform that shows price and stock with a product."""

    def __init__(self, api: ApiT) -> None:
        self.api = api

    @abstractmethod
    def by_sku(self, sku: str) -> Plan[FoundProduct | None]:
        """Find the product or variation with a SKU; its details may be missing."""

    @abstractmethod
    def product(self, identifier: int) -> Plan[FoundProduct | None]:
        """Find the product with an id, with its variations."""

    @abstractmethod
    def variation(self, identifier: int) -> Plan[FoundProduct | None]:
        """Find the variation with an id."""

    def find(self, product: int | str) -> Plan[FoundProduct]:
        """Return the product or variation that an id or SKU names.

        Raises:
            StoreError: not_found.
        """
        return (yield from self._find(product)).complete()

    def _find(self, product: int | str) -> Plan[FoundProduct]:
        return find(product, self.by_sku, self._by_id)

    def _by_id(self, identifier: int) -> Plan[FoundProduct | None]:
        """Find a product or a variation; each kind has its own ids."""
        return (yield from self.product(identifier)) or (yield from self.variation(identifier))

    def details(self, product: int | str) -> Plan[Product]:
        """Return the product or variation that an id or SKU names, with all its details.

        Raises:
            StoreError: not_found.
        """
        found = yield from self.find(product)
        if not found.whole:
            ask = self.product if found.product.parent_id is None else self.variation
            found = (yield from ask(found.product.id)) or found
        return found.product

    def variations(self, offer: FoundProduct) -> Plan[Sequence[Product]]:
        """Return all variations of the product that was found, or whose variation was found.

        Raises:
            StoreError: not_found, the product is gone.
        """
        return (yield from self._product_of(offer)).complete().variations or ()

    def listed(self, product: int | str) -> Plan[Listing[Product]]:
        """Return them as a list that leaves out variations that cannot be read."""
        found = yield from self._product_of((yield from self._find(product)))
        rows, left_out = tuple(found.variations or ()), len(found.unreadable)
        return Listing(rows, len(rows) + left_out, left_out)

    def _product_of(self, offer: FoundProduct) -> Plan[FoundProduct]:
        """Return the product that was found, or whose variation was found, with its variations."""
        if offer.variations is not None or offer.product.parent_id is None:
            return offer
        product = yield from self.product(offer.product.parent_id)
        if product is None:
            raise StoreError("not_found", "the product is gone")
        return product


def joined_options(options: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the values of each option, from pairs of name and value; each value once."""
    found: dict[str, dict[str, None]] = {}
    for name, value in options:
        found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def product_of_variations(identifier: int, name: str, variations: Sequence[Product]) -> Product:
    """Return a product that is known only by its variations, of which there is at least one.

    Its price is that of the cheapest variation, and its stock is the sum of theirs.
    """
    cheapest = min(variations, key=lambda row: row.price.amount if row.price else Decimal(0))
    stocks = [row.stock for row in variations]
    available = any(stock.in_stock for stock in stocks)
    stock = Stock(
        product_id=identifier,
        sku="",
        name=name,
        in_stock=available,
        status="in_stock" if available else "out_of_stock",
        quantity=total_quantity(stock.quantity for stock in stocks),
        backorders_allowed=any(stock.backorders_allowed for stock in stocks),
    )
    return replace(
        cheapest,
        id=identifier,
        parent_id=None,
        type="variable",
        name=name,
        sku="",
        on_sale=any(row.on_sale for row in variations),
        stock=stock,
        attributes=joined_options(
            (name, value)
            for row in variations
            for name, values in row.attributes.items()
            for value in values
        ),
        variations=tuple(row.id for row in variations),
    )


def price_range(product: Product, variations: Sequence[Product] = ()) -> Price:
    """Return the price of a product; with variations, from the lowest to the highest."""
    amounts = [row.price for row in (variations or (product,)) if row.price is not None]
    amounts.sort(key=lambda money: money.amount)
    return Price(
        product_id=product.stock.product_id,
        sku=product.stock.sku,
        name=product.stock.name,
        price=amounts[0] if amounts else None,
        highest=amounts[-1] if amounts else None,
        regular_price=None if variations else product.regular_price,
        on_sale=any(row.on_sale for row in variations) if variations else product.on_sale,
        unreadable=() if variations else product.unreadable,
    )


def product_plans(
    kind: Callable[[ApiT], Lookup[ApiT]], *, calls: tuple[str, ...]
) -> tuple[Planned[..., Any], ...]:
    """Return the plans of the operations on one product, in the order of `Operations`.

    The docstring of the lookup's own `details` is notes.
    """
    own: Any = kind

    @plan(Operations.get_product_details, calls=calls, notes_of=own.details)
    def get_product_details(api: ApiT, product: int | str) -> Plan[Product]:
        return kind(api).details(product)

    @plan(Operations.check_stock, calls=calls)
    def check_stock(api: ApiT, product: int | str) -> Plan[Stock]:
        return (yield from kind(api).find(product)).product.stock

    @plan(Operations.get_stock_quantity, calls=calls)
    def get_stock_quantity(api: ApiT, product: int | str) -> Plan[StockQuantity]:
        lookup = kind(api)
        offer = yield from lookup.find(product)
        stock, counted = offer.product.stock, {}
        if offer.product.type == "variable":
            counted = {row.id: row.stock.quantity for row in (yield from lookup.variations(offer))}
        return StockQuantity(stock.product_id, stock.sku, stock.quantity, counted)

    @plan(Operations.check_price, calls=calls)
    def check_price(api: ApiT, product: int | str) -> Plan[Price]:
        lookup = kind(api)
        offer = yield from lookup.find(product)
        if offer.product.type != "variable":
            return price_range(offer.product)
        return price_range(offer.product, (yield from lookup.variations(offer)))

    @plan(Operations.get_product_variations, calls=calls)
    def get_product_variations(api: ApiT, product: int | str) -> Plan[Listing[Product]]:
        return kind(api).listed(product)

    return get_product_details, check_stock, get_stock_quantity, check_price, get_product_variations
