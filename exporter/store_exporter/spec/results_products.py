"""Results of operations on products. `results` explains what all results have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .money import Money, Quantity


@dataclass(frozen=True, slots=True)
class Stock:
    """Whether a product can be bought.

    Attributes:
        product_id: id of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        in_stock: whether it can be bought in this shop now, also on backorder.
        status: in_stock, out_of_stock or on_backorder; other for a status that a plugin added.
        quantity: pieces left, negative if oversold; None if the store does not count them.
        backorders_allowed: whether more than `quantity` can be bought; None if it is not known.
        unreadable: which of `quantity` and `backorders_allowed` the store sent broken; these are
            None.
    """

    product_id: int
    sku: str
    name: str
    in_stock: bool
    status: str
    quantity: Quantity | None
    backorders_allowed: bool | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockQuantity:
    """How many pieces of a product are left.

    Attributes:
        product_id: id of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        quantity: pieces left, negative if oversold. If the store counts each variation
            separately, their sum. None if the store does not count them.
        variations: pieces left by variation id, if the store counts each separately.
        unreadable: `quantity` and `variations` if the store sent a variation broken; `quantity`
            is then None, and `variations` lacks that variation.
    """

    product_id: int
    sku: str
    quantity: Quantity | None
    variations: Mapping[int, Quantity | None] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """What a product costs.

    Attributes:
        product_id: id of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        price: the current price, or the lowest one of its variations; None if it has no price.
        highest: the highest price of its variations; without variations, the same as `price`.
        regular_price: the price when not on sale; None if the product itself has none.
        on_sale: whether the price is reduced now; None if that is not known.
        sale_ends: when the reduction ends; None if no end is set.
        unreadable: fields other than `price` that the store sent broken, such as `sale_ends`;
            these are None. `highest` is one of them if a variation's price is broken.
    """

    product_id: int
    sku: str
    name: str
    price: Money | None
    highest: Money | None
    regular_price: Money | None
    on_sale: bool | None
    sale_ends: datetime | None = None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A product or one of its variations.

    Attributes:
        id: id of the product or variation.
        parent_id: id of a variation's product; None for a product.
        type: simple, variable, variation, grouped, external, or a type that a plugin adds.
        name: its name; for a variation, the options that distinguish it.
        price: the current price, or a variable product's lowest one; None if it has no price.
        regular_price: the price when not on sale; None if it has none.
        on_sale: whether the price is reduced now; None if that is not known.
        stock: whether it can be bought.
        permalink: address of its page in the shop.
        description: its description as plain text.
        categories: names of its categories.
        attributes: options of a product by attribute name, or a variation's single option.
        images: addresses of its images.
        variations: ids of its variations.
        rating: average rating from 0 to 5; None without ratings.
        rating_count: number of ratings; None if the store does not say.
        unreadable: which of `parent_id`, `price`, `regular_price`, `on_sale`, `rating` and
            `rating_count` the store sent broken; these are None. It also names those of
            `categories`, `attributes` and `variations` that are incomplete.
    """

    id: int
    parent_id: int | None
    type: str
    name: str
    sku: str
    price: Money | None
    regular_price: Money | None
    on_sale: bool | None
    stock: Stock
    permalink: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    variations: tuple[int, ...] = ()
    rating: Decimal | None = None
    rating_count: int | None = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A group of products.

    Attributes:
        parent_id: id of the category above it; None at the top.
        count: number of products in it; None if the store does not say.
    """

    id: int
    name: str
    slug: str
    parent_id: int | None
    count: int | None
    description: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a shopper wrote about a product.

    Attributes:
        rating: 1 to 5; 0 without a rating.
        verified: whether the shopper bought it here; None if the store does not say.
        created: when it was written; None if the store does not say.
    """

    id: int
    product_id: int
    rating: int
    text: str
    reviewer: str
    verified: bool | None
    created: datetime | None


@dataclass(frozen=True, slots=True)
class LowStock:
    """A product or variation that is running out; `quantity` is negative if it is oversold."""

    product_id: int
    parent_id: int | None
    sku: str
    name: str
    quantity: Quantity
    in_stock: bool
