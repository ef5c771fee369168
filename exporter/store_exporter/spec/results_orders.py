"""Results of operations on orders. `results` explains what all results have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .money import Money, Quantity
from .results_listing import Listing


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order; `total` is after discounts and without tax."""

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
class ShippingAddress:
    """The address of a delivery; `country` has two letters, `lines` hold street and house."""

    name: str
    company: str
    lines: tuple[str, ...]
    city: str
    state: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """A parcel on its way; `url` is the carrier's tracking page, empty if it is not known."""

    number: str
    carrier: str
    url: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order.

    Attributes:
        id: the platform's own id.
        number: the number that the shopper sees; a plugin may make it differ from `id`.
        status: the platform's status, such as processing.
        total: amount of the order with tax and shipping, before refunds.
        refunded: sum of the refunds, never negative; None if it is not known.
        lines: the goods bought.
        customer: who placed the order; None unless the caller gave the customer's e-mail address.
        payment_method: title of the payment method.
        created: when the order was placed; None if the store does not say.
        modified: when it last changed; None if the store does not say.
        paid: when it was first paid; None if it was not.
        completed: when it was completed; None if it was not.
        shipping: address of the delivery; None if nothing is shipped, or without that e-mail
            address.
        tracking: the parcels that are known; empty without that e-mail address.
        unreadable: which of `refunded`, `lines`, `customer`, the dates, `shipping` and `tracking`
            the store sent broken; they are None, or lack the parts that could not be read.
    """

    id: int
    number: str
    status: str
    total: Money
    refunded: Money | None
    lines: tuple[OrderLine, ...]
    customer: Customer | None
    payment_method: str
    created: datetime | None
    modified: datetime | None
    paid: datetime | None
    completed: datetime | None
    shipping: ShippingAddress | None = None
    tracking: tuple[Tracking, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """Totals of some orders.

    Attributes:
        orders: number of orders.
        spent: amount paid in each currency, after refunds; pending, failed and cancelled orders
            are not counted.
        first: when the first order was placed.
        last: when the last order was placed.
    """

    orders: int
    spent: tuple[Money, ...]
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerOrders(Listing[Order]):
    """A customer's orders.

    Attributes:
        summary: totals of all matching orders, also those on other pages; None if some could not
            be read.
    """

    summary: OrderSummary | None = None


@dataclass(frozen=True, slots=True)
class OrderNote:
    """A note on an order.

    Attributes:
        for_customer: whether the note was sent to the shopper.
        created: when it was written; None if the store does not say.
    """

    id: int
    text: str
    for_customer: bool
    created: datetime | None


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund.

    Attributes:
        amount: amount paid back, as a positive number.
        created: when the refund was made; None if the store does not say.
    """

    id: int
    amount: Money
    reason: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """The refunds of an order.

    Attributes:
        order_id: the platform's own id of the order.
        status: none, partial or full.
        total: amount of the order.
        refunded: sum of the refunds.
        refunds: each refund, newest first.
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
