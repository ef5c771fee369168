"""Results of operations on orders. `results` explains what all results have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .money import Money, Quantity
from .results_listing import Listing


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
class ShippingAddress:
    """Where an order goes; `country` is a code of two letters, `lines` are street and house."""

    name: str
    company: str
    lines: tuple[str, ...]
    city: str
    state: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """A parcel that is on its way; `url` is empty where nobody says where to look."""

    number: str
    carrier: str
    url: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order.

    Attributes:
        id: the platform's own id.
        number: what the shopper sees, which a plugin may have made different from the id.
        status: the platform's status, such as processing.
        total: tax and shipping included, refunds not deducted.
        refunded: the sum of its refunds, not negative; None if it is not known.
        lines: what was bought.
        customer: None unless the caller proved by an e-mail address to know whose it is.
        payment_method: its title.
        created: when it was placed; None if the store does not say.
        modified: when it last changed; None if the store does not say.
        paid: when it was first paid; None if it was not.
        completed: when it was completed; None if it was not.
        shipping: where it goes; None where nothing is sent, or as `customer`.
        tracking: its parcels as far as they are known; none as `customer`.
        unreadable: which of `refunded`, `lines`, `customer`, the dates, `shipping` and `tracking`
            the store sent broken: they are None, or lack what could not be read.
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
    """The sums of some orders.

    Attributes:
        orders: how many.
        spent: what was kept of them, by currency: refunds deducted, and without those that are
            pending, failed or cancelled.
        first: when the first of them was placed.
        last: when the last was.
    """

    orders: int
    spent: tuple[Money, ...]
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerOrders(Listing[Order]):
    """Orders of a customer.

    Attributes:
        summary: of all that match, those of other pages included; None where not all could be read.
    """

    summary: OrderSummary | None = None


@dataclass(frozen=True, slots=True)
class OrderNote:
    """A note on an order.

    Attributes:
        for_customer: whether the shopper was sent it.
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
        amount: positive.
        created: when it was made; None if the store does not say.
    """

    id: int
    amount: Money
    reason: str
    created: datetime | None


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
