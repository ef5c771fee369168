"""What store operations return, the same on every platform.

All are immutable. Amounts are `Money`, dates are aware, texts have their HTML entities decoded and
so must be escaped before they are put into a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

from .fields import Quantity
from .money import Money

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Some of what was asked for, in the store's order.

    Attributes:
        items: what was read.
        total: how many there are in the store, where it says so.
        unreadable: how many were left out because the store sent them broken.
        complete: False when the reading stopped at a limit of ours before it could be sure that
            nothing is missing from `items`.
    """

    items: tuple[T, ...]
    total: int | None = None
    unreadable: int = 0
    complete: bool = True

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> T:
        return self.items[index]


# Products


@dataclass(frozen=True, slots=True)
class Stock:
    """Whether a product can be had.

    Attributes:
        product_id: of the product or variation.
        sku: its stock keeping unit, empty if it has none.
        name: its name.
        in_stock: whether it can be bought now, on backorder included.
        status: in_stock, out_of_stock or on_backorder.
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
    sale_ends: datetime | None


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
    permalink: str
    description: str
    categories: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    images: tuple[str, ...]
    variations: tuple[int, ...]
    rating: Decimal | None
    rating_count: int


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


# Orders


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One position of an order; `total` is after discounts and without tax."""

    product_id: int | None
    variation_id: int | None
    sku: str
    name: str
    quantity: Quantity
    total: Money


@dataclass(frozen=True, slots=True)
class Customer:
    """Who placed an order; `id` is None for a guest."""

    id: int | None
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order.

    Attributes:
        id: the platform's own id.
        number: what the shopper sees, which a plugin may have made different from the id.
        status: the platform's status, such as processing.
        total: tax and shipping included, refunds not deducted.
        refunded: the sum of its refunds, not negative.
        customer: None unless the caller proved by an e-mail address to know whose it is.
        payment_method: its title.
        created: when it was placed.
        modified: when it last changed.
        paid: when it was first paid; None if it was not.
        completed: when it was completed; None if it was not.
    """

    id: int
    number: str
    status: str
    total: Money
    refunded: Money
    lines: tuple[OrderLine, ...]
    customer: Customer | None
    payment_method: str
    created: datetime
    modified: datetime
    paid: datetime | None
    completed: datetime | None


@dataclass(frozen=True, slots=True)
class OrderNote:
    """A note on an order; `for_customer` tells those that the shopper was sent."""

    id: int
    text: str
    for_customer: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund; the amount is positive."""

    id: int
    amount: Money
    reason: str
    created: datetime


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """What was paid back of an order.

    Attributes:
        order_id: the platform's own id.
        status: none, partial or full.
        total: of the order.
        refunded: the sum of the refunds.
        refunds: one by one, newest first.
    """

    order_id: int
    status: str
    total: Money
    refunded: Money
    refunds: tuple[Refund, ...]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A cancelled order, and whether the reason could be noted on it (False without one)."""

    order: Order
    reason_noted: bool


# The shop


@dataclass(frozen=True, slots=True)
class ShippingMethod:
    """A way of delivery.

    Attributes:
        zone: name of the zone that it is offered in.
        title: as shoppers see it.
        kind: flat_rate, free_shipping, local_pickup, or what a plugin adds.
        cost: None when it is free of a fixed price, or computed.
        cost_rule: the formula where the cost is computed, such as `10.00 * [qty]`.
        minimum: the order value from which it is offered.
        needs_coupon: whether it takes a coupon too.
    """

    zone: str
    title: str
    kind: str
    cost: Money | None
    cost_rule: str
    minimum: Money | None
    needs_coupon: bool


@dataclass(frozen=True, slots=True)
class ShippingInfo:
    """How the shop delivers.

    Attributes:
        zones: the ways of delivery by the name of the zone.
        free_from: the lowest order value from which some zone's delivery is free without a coupon;
            zero when it is always free; None when there is no such offer.
    """

    zones: Mapping[str, tuple[ShippingMethod, ...]]
    free_from: Money | None


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay that the shop offers."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon that is good now, as far as can be told without a cart.

    Attributes:
        code: as the store writes it.
        percent: the discount in percent; None where it is an amount.
        amount: the discount per cart or per piece; None where it is in percent.
        per_item: whether it is taken off each piece rather than the whole cart.
        free_shipping: whether it makes the delivery free.
        minimum: the least order value that it is good for.
        maximum: the highest.
        expires: when it ends.
        uses_left: how often it can still be used, in all.
        restricted: whether it is good for some products, categories or customers only.
    """

    code: str
    percent: Decimal | None
    amount: Money | None
    per_item: bool
    free_shipping: bool
    minimum: Money | None
    maximum: Money | None
    expires: datetime | None
    uses_left: int | None
    restricted: bool


@dataclass(frozen=True, slots=True)
class CustomerSpend:
    """What one customer has bought; `last_active` is the last visit or order."""

    name: str
    email: str
    country: str
    orders: int
    total: Money
    average: Money
    last_active: datetime | None


@dataclass(frozen=True, slots=True)
class SalesReport:
    """Sales of some days, in the store's own calendar.

    Attributes:
        definition: which sales: `created` counts orders by the day they were placed, unpaid ones
            on hold included; `paid` counts them by the day they were paid.
        first: the first day; None if the store does not say.
        last: the last day.
        orders: how many.
        items: pieces sold, those given back deducted where the store does so.
        gross: before refunds.
        net: after refunds, without tax and shipping.
        average: per order, before refunds.
        refunds: paid back in these days, whenever the orders were placed.
        tax: included in `gross`.
        shipping: included in `gross`.
        discounts: given by coupons.
    """

    definition: str
    first: date | None
    last: date | None
    orders: int
    items: Quantity
    gross: Money
    net: Money
    average: Money | None
    refunds: Money
    tax: Money
    shipping: Money
    discounts: Money


# Carts


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a cart.

    Attributes:
        key: the line's own name, which changing it takes.
        product_id: of the product, or of the variation where it is one.
        quantity: pieces.
        maximum: the most that can be had; None if there is no such limit.
        unit_price: of one piece, before coupons.
        total: of the line, after coupons and without tax.
        options: what distinguishes the variation.
    """

    key: str
    product_id: int
    sku: str
    name: str
    quantity: Quantity
    maximum: Quantity | None
    unit_price: Money
    total: Money
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CartCoupon:
    """A coupon on a cart and what it takes off."""

    code: str
    discount: Money


@dataclass(frozen=True, slots=True)
class Cart:
    """A shopper's cart.

    Attributes:
        token: identifies the cart in the next call; keep it with the shopper's session, secret.
        expires: when the token ends.
        lines: what is in it.
        coupons: what reduces it.
        items: pieces in all.
        subtotal: of the goods, before coupons and without tax.
        discount: by coupons.
        shipping: None as long as it is not known.
        tax: in all.
        total: to be paid.
        problems: what the store finds wrong with it, for the shopper.
        renewed: True when the cart asked for was lost and this one took its place.
    """

    token: str = field(repr=False)
    expires: datetime | None
    lines: tuple[CartLine, ...]
    coupons: tuple[CartCoupon, ...]
    items: Quantity
    subtotal: Money
    discount: Money
    shipping: Money | None
    tax: Money
    total: Money
    problems: tuple[str, ...]
    renewed: bool = False
