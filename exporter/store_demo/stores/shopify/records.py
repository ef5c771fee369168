"""What is in a simulated Shopify shop: products, orders, checkouts, discounts and carts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal


@dataclass(slots=True)
class Variant:
    """One variant of a product; `quantity` may be negative when oversold.

    `before` is its price before a reduction.
    """

    id: int
    product: Product
    sku: str
    title: str
    price: Decimal
    quantity: int
    options: dict[str, str]
    tracked: bool = True
    backorders: bool = False
    before: Decimal | None = None

    @property
    def available(self) -> bool:
        """Whether it can be had."""
        return self.quantity > 0 or self.backorders or not self.tracked


@dataclass(slots=True)
class Product:
    """A product with its variants; its status is that of Shopify's `ProductStatus`.

    Attributes:
        role: in a combined listing, PARENT or CHILD.
        published: whether the sales channel of the Storefront API's token shows it.
    """

    id: int
    title: str
    kind: str
    variants: list[Variant] = field(default_factory=list)
    status: str = "ACTIVE"
    role: str | None = None
    published: bool = True


@dataclass(slots=True)
class Payment:
    """Money for an order; kind and status are Shopify's of a transaction.

    Attributes:
        processed: when it was made, which may be long before it was written down.
        gateway: that it was made by.
    """

    id: int
    amount: Decimal
    processed: float
    created: float
    kind: str = "SALE"
    status: str = "SUCCESS"
    gateway: str = "shopify_payments"

    @property
    def is_received(self) -> bool:
        """Whether the money is there."""
        return self.kind in ("SALE", "CAPTURE") and self.status == "SUCCESS"


@dataclass(slots=True)
class Refund:
    """One refund of an order; its status is Shopify's of a transaction."""

    id: int
    amount: Decimal
    note: str
    created: float
    status: str = "SUCCESS"
    processed: float | None = None


@dataclass(slots=True)
class Order:
    """An order; `financial` and `fulfillment` are Shopify's display statuses.

    Attributes:
        form: of its name; a shop may put other letters before and after the number.
        cart: token of the cart that became the order.
        removed: price of the lines that were taken off it, which Shopify's total keeps.
    """

    id: int
    number: int
    email: str
    lines: list[tuple[Variant, int]]
    created: float
    updated: float
    financial: str
    currency: str
    fulfillment: str = "UNFULFILLED"
    cancelled: float | None = None
    refunds: list[Refund] = field(default_factory=list)
    note: str = ""
    test: bool = False
    payments: list[Payment] = field(default_factory=list)
    delivered: float | None = None
    processed: float | None = None
    removed: Decimal = Decimal(0)
    form: str = "#{}"
    cart: str | None = None

    @property
    def name(self) -> str:
        """Its number as the shop writes it."""
        return self.form.format(self.number)

    @property
    def confirmation(self) -> str:
        """The number that the shopper sees first; Shopify's is random."""
        return f"X{self.id * 7919 % 10**8:08}"

    @property
    def dated(self) -> float:
        """The date that the order bears, which an import may set."""
        return self.created if self.processed is None else self.processed

    @property
    def total(self) -> Decimal:
        """Price of all lines."""
        return sum((variant.price * count for variant, count in self.lines), Decimal(0))

    @property
    def received(self) -> Decimal:
        """Sum of the payments that were received, less the change that was given for cash."""
        given = (p.amount for p in self.payments if p.kind == "CHANGE")
        return sum((p.amount for p in self.payments if p.is_received), Decimal(0)) - sum(given)

    @property
    def refunded(self) -> Decimal:
        """Sum of the refunds that have been made."""
        return sum((r.amount for r in self.refunds if r.status == "SUCCESS"), Decimal(0))

    @property
    def paid(self) -> float | None:
        """When the last payment was made; it may be dated back."""
        made = [payment.processed for payment in self.payments if payment.is_received]
        return made[-1] if made else None

    @paid.setter
    def paid(self, when: float) -> None:
        received = [payment for payment in self.payments if payment.is_received]
        received[-1].processed = when


@dataclass(slots=True)
class Checkout:
    """A checkout that was begun."""

    id: int
    created: float
    total: Decimal


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount code, in percent; one that does not combine is alone on a cart, the best one.

    Attributes:
        limit: how often each code of the discount may be used.
        used: how often this one has been used.
        others: number of further codes of the discount, each of which has been used once.
    """

    code: str
    percent: Decimal
    minimum: Decimal | None = None
    ends: float | None = None
    limit: int | None = None
    used: int = 0
    others: int = 0
    combines: bool = True


@dataclass(slots=True)
class Cart:
    """A shopper's cart."""

    id: str
    lines: dict[str, tuple[Variant, int]] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)

    @property
    def gross(self) -> Decimal:
        """Price of all lines."""
        return sum((variant.price * count for variant, count in self.lines.values()), Decimal(0))


def iso(when: float) -> str:
    """Return a Unix time as Shopify writes it."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
