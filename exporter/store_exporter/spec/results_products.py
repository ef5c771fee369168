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
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        in_stock: whether it can be bought in this shop now, on backorder included.
        status: in_stock, out_of_stock or on_backorder; other for what a plugin added.
        quantity: pieces left, negative when oversold; None when the store does not count it.
        backorders_allowed: whether it can be bought beyond that; None if that is not known.
        unreadable: which of `quantity` and `backorders_allowed` the store sent broken, both None.
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
    """How much of a product there is.

    Attributes:
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        quantity: pieces left, negative when oversold; of a product with variations that are
            counted one by one, their sum; None when the store does not count it.
        variations: pieces left by variation id, where they are counted one by one.
        unreadable: quantity and variations, where the store sent a variation broken: the sum is
            None then, and that variation is left out.
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
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        price: the current price, of a product with variations the lowest; None if it has none.
        highest: the highest price of the variations, otherwise the same as `price`.
        regular_price: the price without a sale; None if the product itself has none.
        on_sale: whether it is reduced now; None if that is not known.
        sale_ends: when the reduction ends, if that is set.
        unreadable: what the store sent broken beside the price, such as `sale_ends`, all None;
            `highest` where that is the price of a variation.
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
        id: of the product or variation.
        parent_id: of a variation's product, otherwise None.
        type: simple, variable, variation, grouped, external, or what a plugin adds.
        name: of a variation, what distinguishes it.
        price: the current price, of a variable product the lowest; None if it has none.
        regular_price: without a sale.
        on_sale: whether it is reduced now; None if that is not known.
        stock: whether it can be bought.
        permalink: its page in the shop.
        description: as plain text.
        categories: their names.
        attributes: names to the options that there are, or to the variation's one.
        images: addresses.
        variations: ids of the variations.
        rating: average from 0 to 5; None without ratings.
        rating_count: number of ratings; None if the store does not say.
        unreadable: what the store sent broken of `parent_id`, `price`, `regular_price`, `on_sale`,
            `rating` and `rating_count`, all None; and which of `categories`, `attributes` and
            `variations` are more than it shows.
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
        parent_id: of the group above; None at the top.
        count: the products in it; None if the store does not say.
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
        rating: from 0 (none) to 5.
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
    """A product or variation of which little is left; negative when oversold."""

    product_id: int
    parent_id: int | None
    sku: str
    name: str
    quantity: Quantity
    in_stock: bool
