"""Results about what is sold. `results` explains what all results have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .money import Money, Quantity


@dataclass(frozen=True, slots=True)
class Stock:
    """Whether a product can be had.

    Attributes:
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        in_stock: whether it can be bought in this shop now, on backorder included.
        status: in_stock, out_of_stock or on_backorder; other for what a plugin added.
        quantity: pieces left, negative when oversold; None when the store does not count it.
        backorders_allowed: whether it can be bought beyond that.
    """

    product_id: int
    sku: str
    name: str
    in_stock: bool
    status: str
    quantity: Quantity | None
    backorders_allowed: bool


@dataclass(frozen=True, slots=True)
class StockQuantity:
    """How much of a product there is.

    Attributes:
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        quantity: pieces left, negative when oversold; of a product with variations that are
            counted one by one, their sum; None when the store does not count it.
        variations: pieces left by variation id, where they are counted one by one.
    """

    product_id: int
    sku: str
    quantity: Quantity | None
    variations: Mapping[int, Quantity | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Price:
    """What a product costs.

    Attributes:
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        price: the current price, of a product with variations the lowest; None if it has none.
        highest: the highest price of the variations, otherwise the same as `price`.
        regular_price: the price without a sale; None if the product itself has none.
        on_sale: whether it is reduced now.
        sale_ends: when the reduction ends, if that is set.
    """

    product_id: int
    sku: str
    name: str
    price: Money | None
    highest: Money | None
    regular_price: Money | None
    on_sale: bool
    sale_ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product or one of its variations.

    Attributes:
        id: of the product or variation.
        parent_id: of a variation's product, otherwise None.
        type: simple, variable, variation, grouped, external, or what a plugin adds.
        name: of a variation, what distinguishes it.
        price: the current price, of a variable product the lowest; None if it has none.
        regular_price: without a sale.
        stock: whether it can be had.
        permalink: its page in the shop.
        description: as plain text.
        categories: their names.
        attributes: names to the options that there are, or to the variation's one.
        images: addresses.
        variations: ids of the variations.
        rating: average from 0 to 5; None without ratings.
        rating_count: number of ratings.
        unreadable: what the store sent broken of `price`, `regular_price` and `rating`, all None.
    """

    id: int
    parent_id: int | None
    type: str
    name: str
    sku: str
    price: Money | None
    regular_price: Money | None
    on_sale: bool
    stock: Stock
    permalink: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    variations: tuple[int, ...] = ()
    rating: Decimal | None = None
    rating_count: int = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A group of products; `parent_id` is None at the top, `count` the products in it."""

    id: int
    name: str
    slug: str
    parent_id: int | None
    count: int
    description: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a shopper wrote about a product; `rating` is from 0 (none) to 5."""

    id: int
    product_id: int
    rating: int
    text: str
    reviewer: str
    verified: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class LowStock:
    """A product or variation of which little is left; negative when oversold."""

    product_id: int
    parent_id: int | None
    sku: str
    name: str
    quantity: Quantity
    in_stock: bool
